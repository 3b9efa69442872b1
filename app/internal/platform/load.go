package platform

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/client"
)

// cleanUpTimeout limits the time in which a load deletes what it has created.
const cleanUpTimeout = 2 * time.Minute

type loadFlags struct {
	common
	duration      time.Duration
	concurrency   int
	rate          float64
	service, plan string
	username      string
	passwordFile  string
	parameters    parameterFlags
}

func (p *program) newLoad() *cobra.Command {
	f := &loadFlags{}
	command := &cobra.Command{
		Use:   "load [URL]",
		Short: "Load a broker with complete life cycles, and measure it",
		Long: `Create, bind, unbind and delete instances with several concurrent clients, and report
how long each call and each operation took. The command deletes everything that it has
created, also after Ctrl-C. Do not load a broker in production.

The exit code is 0 if every call succeeded and nothing is left, else 1.`,
		Example: "  openbroker load http://127.0.0.1:8080 --duration 10s --concurrency 8 -o json",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(command *cobra.Command, args []string) error {
			t, err := f.choose(args)
			if err != nil {
				return err
			}
			ctx, stop := interruptible(command.Context())
			defer stop()
			return ended(ctx, p.load(ctx, f, t))
		},
	}
	f.add(command)
	flags := command.Flags()
	flags.DurationVar(&f.duration, "duration", 10*time.Second, "start life cycles for this `DURATION`")
	flags.IntVar(&f.concurrency, "concurrency", 8, "number of concurrent clients")
	flags.Float64Var(&f.rate, "rate", 0, "start at most this many life cycles per second (0: no limit)")
	flags.StringVar(&f.service, "service", "", "the `SERVICE` to load (default the first)")
	flags.StringVar(&f.plan, "plan", "", "the `PLAN` to load (default the first bindable one)")
	flags.StringVar(&f.username, "username", "", "log in as `USER`")
	flags.StringVar(&f.passwordFile, "password-file", "", "read the password from `FILE`")
	flags.StringVarP(&f.parameters.config, "config", "c", "", "parameters of each instance: a JSON object, `@FILE`, or -")
	return command
}

// choose returns the broker to load: the URL of the argument with the credentials of the
// flags or the environment, or the target.
func (f *loadFlags) choose(args []string) (target, error) {
	switch {
	case f.concurrency < 1 || f.concurrency > 10_000:
		return target{}, usage("--concurrency must be 1 to 10000")
	case f.duration <= 0:
		return target{}, usage("--duration must be positive")
	case f.rate < 0:
		return target{}, usage("--rate must not be negative")
	case f.requestTimeout <= 0:
		return target{}, usage("--request-timeout must be positive")
	}
	if len(args) == 0 {
		return choose(f.target)
	}
	t := target{URL: args[0], Username: os.Getenv(usernameVariable), Password: os.Getenv(passwordVariable)}
	if f.username != "" {
		t.Username = f.username
	}
	if f.passwordFile != "" {
		var err error
		if t.Password, err = (&program{}).askPassword(&targetFlags{passwordFile: f.passwordFile}); err != nil {
			return target{}, err
		}
	}
	if t.Password != "" && t.Username == "" {
		t.Username = "openbroker"
	}
	return t, nil
}

// A load runs life cycles.
type load struct {
	client  *client.Client
	service *openbroker.Service
	plan    *openbroker.Plan
	flags   *loadFlags

	parameters   openbroker.Parameters
	organization string
	space        string
	measured     measurements
}

func (p *program) load(ctx context.Context, f *loadFlags, t target) error {
	broker, err := t.connect(client.WithRequestTimeout(f.requestTimeout), client.WithRetries(0),
		client.WithPollInterval(100*time.Millisecond, 2*time.Second))
	if err != nil {
		return err
	}
	s := &session{program: p, common: &f.common, target: t, client: broker}
	offered, err := broker.Catalog(ctx)
	if err != nil {
		return s.explain(err)
	}
	l := &load{client: broker, flags: f}
	if err := l.choosePlan(offered); err != nil {
		return err
	}
	if l.parameters, err = f.parameters.read(p.In, createSchema(l.plan)); err != nil {
		return err
	}
	l.organization, l.space = s.organizationAndSpace()
	p.note("loading %s, plan %s of %s, for %v with %d clients", broker.URL(), l.plan.Name, l.service.Name, f.duration, f.concurrency)
	began := time.Now()
	l.run(ctx)
	report := l.measured.report(time.Since(began))
	report.URL, report.Service, report.Plan, report.Concurrency = broker.URL(), l.service.Name, l.plan.Name, f.concurrency
	if err := p.print(f.format, report.result()); err != nil {
		return err
	}
	switch {
	case len(report.Left) > 0:
		return &Error{Code: exitRefused, err: fmt.Errorf("the broker may still have %d instances; the report has their ids", len(report.Left))}
	case len(report.Errors) > 0:
		return &Error{Code: exitRefused, err: errors.New("some calls failed; see the report")}
	case interruption(ctx) != nil:
		return &Error{Code: exitRefused, err: errors.New("interrupted; everything that the load has created is deleted")}
	default:
		return nil
	}
}

func (l *load) choosePlan(offered *openbroker.Catalog) error {
	if len(offered.Services) == 0 {
		return usage("the broker offers no service")
	}
	l.service = &offered.Services[0]
	var err error
	if l.flags.service != "" {
		if l.service, err = service(offered, l.flags.service); err != nil {
			return err
		}
	}
	if l.flags.plan != "" {
		l.plan, err = plan(l.service, l.flags.plan)
		return err
	}
	for i := range l.service.Plans {
		if candidate := &l.service.Plans[i]; l.plan == nil || l.service.PlanBindable(candidate) && !l.service.PlanBindable(l.plan) {
			l.plan = candidate
		}
	}
	if l.plan == nil {
		return usage("the service %q has no plan", l.service.Name)
	}
	return nil
}

// run starts life cycles until the time is up or ctx ends, and waits for all of them.
func (l *load) run(ctx context.Context) {
	begin, cancel := context.WithTimeout(ctx, l.flags.duration)
	defer cancel()
	var pace <-chan time.Time
	if l.flags.rate > 0 {
		ticker := time.NewTicker(time.Duration(float64(time.Second) / l.flags.rate))
		defer ticker.Stop()
		pace = ticker.C
	}
	// Started life cycles are completed, within a limit.
	finish, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	go func() {
		<-begin.Done()
		timer := time.NewTimer(cleanUpTimeout)
		defer timer.Stop()
		select {
		case <-timer.C:
			stop()
		case <-finish.Done():
		}
	}()
	var clients sync.WaitGroup
	for range l.flags.concurrency {
		clients.Go(func() {
			for begin.Err() == nil {
				if pace != nil {
					select {
					case <-pace:
					case <-begin.Done():
						return
					}
				}
				l.cycle(finish, ctx)
			}
		})
	}
	clients.Wait()
	l.deleteRemaining(finish)
}

// deleteRemaining repeats failed deletions with growing pauses until ctx ends. They may
// have failed because the broker was down.
func (l *load) deleteRemaining(ctx context.Context) {
	for pause := 100 * time.Millisecond; len(l.measured.remaining()) > 0 && rest(ctx, pause); pause = min(2*pause, 10*time.Second) {
		for _, id := range l.measured.remaining() {
			if l.deprovision(ctx, id, true) {
				l.measured.deleted(id)
			}
		}
	}
}

// rest waits for a pause. It returns false if ctx ends first.
func rest(ctx context.Context, pause time.Duration) bool {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// cycle runs the life cycle of one instance. When interrupted ends, only the deletions
// remain.
func (l *load) cycle(ctx, interrupted context.Context) {
	provision := &openbroker.ProvisionRequest{
		InstanceID: uuid.NewString(), ServiceID: l.service.ID, PlanID: l.plan.ID, Service: l.service, Plan: l.plan,
		OrganizationGUID: l.organization, SpaceGUID: l.space, Parameters: l.parameters, AcceptsIncomplete: true,
		MaintenanceInfo: versionOnly(l.plan.MaintenanceInfo),
	}
	var sent error
	created := l.operation(ctx, client.KindProvision, func() (client.Operation, openbroker.Outcome, error) {
		response, err := l.client.Provision(ctx, provision)
		sent = err
		if err != nil {
			return client.Operation{}, 0, err
		}
		return client.ProvisionOperation(provision, response), response.Outcome, nil
	})
	if refused := (*client.TransportError)(nil); errors.As(sent, &refused) && refused.Refused {
		// The request has not reached the broker, which may be up again soon.
		rest(interrupted, 100*time.Millisecond)
		return
	}
	if created && l.service.PlanBindable(l.plan) && interrupted.Err() == nil {
		l.bindCycle(ctx, provision.InstanceID)
	}
	deleted := l.deprovision(ctx, provision.InstanceID, !created)
	l.measured.cycle(provision.InstanceID, created && deleted, !deleted)
}

// deprovision deletes an instance. If it is unclear whether the broker has it, a missing
// instance counts as deleted.
func (l *load) deprovision(ctx context.Context, id string, unclear bool) bool {
	deprovision := &openbroker.DeprovisionRequest{InstanceID: id, ServiceID: l.service.ID, PlanID: l.plan.ID, AcceptsIncomplete: true}
	return l.operation(ctx, client.KindDeprovision, func() (client.Operation, openbroker.Outcome, error) {
		response, err := l.client.Deprovision(ctx, deprovision)
		if unclear && isMissing(err) {
			return client.Operation{}, openbroker.Completed, nil
		}
		if err != nil {
			return client.Operation{}, 0, err
		}
		return client.DeprovisionOperation(deprovision, response), response.Outcome, nil
	})
}

func (l *load) bindCycle(ctx context.Context, instanceID string) {
	bind := &openbroker.BindRequest{
		InstanceID: instanceID, BindingID: uuid.NewString(), ServiceID: l.service.ID, PlanID: l.plan.ID,
		Service: l.service, Plan: l.plan, AppGUID: "openbroker-load", BindResource: &openbroker.BindResource{AppGUID: "openbroker-load"}, AcceptsIncomplete: true,
	}
	l.operation(ctx, client.KindBind, func() (client.Operation, openbroker.Outcome, error) {
		response, err := l.client.Bind(ctx, bind)
		if err != nil {
			return client.Operation{}, 0, err
		}
		return client.BindOperation(bind, response), response.Outcome, nil
	})
	unbind := &openbroker.UnbindRequest{InstanceID: instanceID, BindingID: bind.BindingID, ServiceID: l.service.ID, PlanID: l.plan.ID, AcceptsIncomplete: true}
	l.operation(ctx, client.KindUnbind, func() (client.Operation, openbroker.Outcome, error) {
		response, err := l.client.Unbind(ctx, unbind)
		if err != nil {
			return client.Operation{}, 0, err
		}
		return client.UnbindOperation(unbind, response), response.Outcome, nil
	})
}

// operation sends a call and waits for its operation. It reports whether both succeeded.
func (l *load) operation(ctx context.Context, kind client.OperationKind, send func() (client.Operation, openbroker.Outcome, error)) bool {
	began := time.Now()
	o, outcome, err := send()
	l.measured.call(string(kind), time.Since(began), err)
	if err != nil {
		return false
	}
	if outcome == openbroker.Accepted {
		asked := time.Now()
		_, err = l.client.Wait(ctx, o, func(p client.Progress) {
			if p.Err != nil {
				l.measured.call("last_operation", time.Since(asked), p.Err)
			}
		})
	}
	l.measured.operation(string(kind), time.Since(began), err)
	return err == nil
}
