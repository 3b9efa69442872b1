package conformance

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"path"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// ErrUnreachable is wrapped by the error of Run if the broker does not answer
// the first request, or has no catalog.
var ErrUnreachable = errors.New("the broker cannot be reached")

// ErrUnauthorized is wrapped by the error of Run if the broker refuses the
// credentials of the target.
var ErrUnauthorized = errors.New("the broker refuses the credentials")

// Run runs the checks against the target and returns the report. It blocks
// until it has deleted everything that it created, or the clean-up has timed
// out.
//
// Run returns a nil report and an error if the options are invalid (an unknown
// plan, for example), if the broker cannot be reached (ErrUnreachable) or if it
// refuses the credentials (ErrUnauthorized). If ctx ends, Run still cleans up.
// It then returns a report of the results so far and an error that wraps the
// error of ctx.
func Run(ctx context.Context, target Target, options Options) (*Report, error) {
	r := &run{
		options: options.withDefaults(), started: time.Now(),
		willing: map[attitude]bool{}, refused: map[attitude]*answer{},
	}
	var err error
	if r.client, err = newClient(target, r.options.RequestTimeout); err != nil {
		return nil, err
	}
	if err := r.options.checkWaivers(); err != nil {
		return nil, err
	}
	if err := r.choose(); err != nil {
		return nil, err
	}
	seed := make([]byte, 16)
	_, _ = rand.Read(seed) // It never fails.
	r.seed = hex.EncodeToString(seed)
	r.unknown, r.app, r.encoded = r.newID(), r.newID(), r.newID()
	r.organization, r.space = cmp.Or(r.options.Organization, r.newID()), cmp.Or(r.options.Space, r.newID())
	return r.do(ctx)
}

// A run is one call of Run.
type run struct {
	options Options
	client  *client
	started time.Time
	seed    string
	ids     atomic.Int64
	// Many requests share these ids.
	unknown, organization, space, app string
	// encoded is the prefix of the ids with percent-encoded characters.
	encoded string

	masker  *masker
	tallies []*tally
	// willing and refused record how the broker answered plain requests.
	willing map[attitude]bool
	refused map[attitude]*answer
	// skipped are the ids of the checks that the options exclude.
	skipped []string

	mu       sync.Mutex
	leftover []Leftover
}

func (o Options) withDefaults() Options {
	def := func(value *time.Duration, otherwise time.Duration) {
		if *value <= 0 {
			*value = otherwise
		}
	}
	def(&o.RequestTimeout, time.Minute)
	def(&o.PollInterval, time.Second)
	def(&o.MaxPollInterval, 10*time.Second)
	def(&o.OperationTimeout, 30*time.Minute)
	def(&o.CleanupTimeout, 5*time.Minute)
	if o.Parallel <= 0 {
		o.Parallel = 8
	}
	if o.Level == 0 {
		o.Level = May
	}
	if o.IDPrefix == "" {
		o.IDPrefix = "05bc4ec0-"
	}
	return o
}

// selects reports whether the options select a profile. The empty profile is
// always selected.
func (o Options) selects(profile Profile) bool {
	return profile == "" || slices.Contains(o.Profiles, profile)
}

// choose selects the checks of the run. A pattern that matches no check is an
// error.
func (r *run) choose() error {
	used := map[string]bool{}
	match := func(patterns []string, id string) bool {
		found := false
		for _, pattern := range patterns {
			if ok, err := path.Match(pattern, id); err == nil && ok {
				used[pattern], found = true, true
			}
		}
		return found
	}
	for _, check := range Checks() {
		only := match(r.options.Only, check.ID) || len(r.options.Only) == 0
		skip := match(r.options.Skip, check.ID)
		if !r.options.selects(check.Profile) || !only || check.Level < r.options.Level {
			continue
		}
		if skip {
			r.skipped = append(r.skipped, check.ID)
			continue
		}
		r.tallies = append(r.tallies, &tally{check: check})
	}
	for _, pattern := range slices.Concat(r.options.Only, r.options.Skip) {
		if !used[pattern] {
			return fmt.Errorf("no check matches %q: Checks lists all checks", pattern)
		}
	}
	if len(r.tallies) == 0 {
		return errors.New("the options select no check: choose other checks, or a weaker level")
	}
	return nil
}

// do reads the catalog, runs all scenarios and makes the report.
func (r *run) do(ctx context.Context) (*Report, error) {
	catalog, err := r.catalog(ctx)
	if err != nil {
		return nil, err
	}
	found, err := discover(catalog, r.options, r.login())
	if err != nil {
		return nil, err
	}
	r.masker = newMasker(r.client.target, r.options)
	jobs := r.jobs(found)
	r.work(ctx, jobs)
	r.settle(ctx)
	report := &Report{
		URL: r.client.base, SpecVersion: SpecVersion, Tool: cmp.Or(r.options.Tool, moduleVersion()),
		Profiles: r.options.Profiles, Started: r.started,
		Plans: []string{}, PlansLeftOut: found.leftOut, ChecksSkipped: r.skipped, Leftovers: r.leftover, Interrupted: ctx.Err() != nil,
		Died: r.masker.text(r.client.life.died()),
	}
	for _, s := range found.subjects {
		report.Plans = append(report.Plans, s.name())
	}
	for _, t := range r.tallies {
		r.finish(t)
		report.Results = append(report.Results, t.result)
	}
	report.Requests, report.Duration = int(r.client.requests.Load()), time.Since(r.started)
	if err := ctx.Err(); err != nil {
		return report, fmt.Errorf("the run was interrupted: %w", err)
	}
	return report, nil
}

// catalog reads the catalog for the choice of plans. It does not validate the
// catalog: the checks report what is wrong with it.
func (r *run) catalog(ctx context.Context) (any, error) {
	j := r.newJob(&Scenario{Name: "discovery"}, &subject{})
	a := j.newAnswer("catalog", to(GetCatalog))
	r.client.send(ctx, j.message(to(GetCatalog), a), a)
	switch {
	case a.failure != "":
		return nil, fmt.Errorf("%w: %s: %s", ErrUnreachable, r.client.base, a.failure)
	case a.is(http.StatusUnauthorized, http.StatusForbidden):
		return nil, fmt.Errorf("%w: it answers GET /v2/catalog with %d", ErrUnauthorized, a.status)
	case a.status == http.StatusNotFound:
		return nil, fmt.Errorf("%w: %s/v2/catalog does not exist", ErrUnreachable, r.client.base)
	}
	return a.json.value, nil
}

// login returns the features that depend on the credentials.
func (r *run) login() map[Feature]bool {
	t := r.client.target
	password := t.Username != "" || t.Password != ""
	return map[Feature]bool{
		Credentials:   password || t.Bearer != "" || t.AnonymousClient != nil,
		SecretLogin:   password || t.Bearer != "",
		PasswordLogin: password,
	}
}

func (r *run) newJob(scenario *Scenario, s *subject) *job {
	return &job{
		run: r, scenario: scenario, subject: s, instances: map[string]*instance{}, bindingIDs: map[string]string{},
		record: &record{scenario: scenario, subject: s, missing: map[string]absence{}},
	}
}

// jobs returns the runs of scenarios that the chosen checks require.
func (r *run) jobs(found *discovery) []*job {
	needed := map[string]bool{}
	everything := false
	for _, t := range r.tallies {
		needed[t.check.Scenario] = true
		everything = everything || t.check.Scenario == ""
	}
	var jobs []*job
	for _, scenario := range Scenarios() {
		if !r.options.selects(scenario.Profile) || !everything && !needed[scenario.Name] {
			continue
		}
		for _, s := range r.subjectsFor(&scenario, found) {
			jobs = append(jobs, r.newJob(&scenario, s))
		}
	}
	return jobs
}

// subjectsFor returns the plans that a scenario runs on. A scenario that runs
// once uses the plan that suits best.
func (r *run) subjectsFor(scenario *Scenario, found *discovery) []*subject {
	if len(found.subjects) == 0 {
		return []*subject{{features: r.login(), none: found.none}}
	}
	if scenario.PerPlan {
		return found.subjects
	}
	best := found.subjects[0]
	for _, s := range found.subjects {
		if s.suits() > best.suits() {
			best = s
		}
	}
	return []*subject{best}
}

// work runs the jobs, several at a time, and judges each one when it ends.
func (r *run) work(ctx context.Context, jobs []*job) {
	pending := map[string]int{}
	for _, j := range jobs {
		pending[j.scenario.Name]++
	}
	queue := make(chan *job)
	var group sync.WaitGroup
	for range min(r.options.Parallel, max(len(jobs), 1)) {
		group.Go(func() {
			for j := range queue {
				r.perform(ctx, j)
				r.mu.Lock()
				r.observe(j.record)
				r.judge(j.record)
				if pending[j.scenario.Name]--; pending[j.scenario.Name] == 0 {
					r.finishScenario(j.scenario.Name)
				}
				r.mu.Unlock()
			}
		})
	}
	for _, j := range jobs {
		queue <- j
	}
	close(queue)
	group.Wait()
}

// perform runs a job and cleans up after it.
func (r *run) perform(ctx context.Context, j *job) {
	if reason := j.ruledOut(); reason == nil {
		j.do(ctx)
	} else {
		for _, step := range j.scenario.Steps {
			j.record.missing[step.Name] = *reason
		}
	}
	judged := len(j.record.answers)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.options.CleanupTimeout)
	defer cancel()
	left := j.cleanUp(ctx)
	j.record.answers = j.record.answers[:judged]
	r.mu.Lock()
	defer r.mu.Unlock()
	r.leftover = append(r.leftover, left...)
}

// idFor makes an id for the instance or binding with this name in the scenario.
func (r *run) idFor(name string) string {
	switch name {
	case "encoded":
		return r.encoded + "/a b%25"
	case "encoded too":
		return r.encoded + "/other"
	case "encoded with plus":
		return r.encoded + "/a+b%25"
	case "encoded in capitals":
		return r.encoded + "/A B%25"
	case "encoded binding":
		return r.newID() + "?c#d/e"
	default:
		return r.newID()
	}
}

// newID makes a unique id with the prefix of the options.
func (r *run) newID() string {
	count := r.ids.Add(1)
	if r.options.IDPrefix == "05bc4ec0-" {
		return fmt.Sprintf("05bc4ec0-%s-4%s-8%s-%012x", r.seed[:4], r.seed[4:7], r.seed[7:10], count)
	}
	return fmt.Sprintf("%s%s-%d", r.options.IDPrefix, r.seed[:8], count)
}
