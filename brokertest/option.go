package brokertest

import (
	"net/http"

	"github.com/openbroker/openbroker/conformance"
)

// An Option configures [Run].
type Option func(*settings)

type settings struct {
	checks conformance.Options
	// login and clients say how to log in: with one of a password and a token, and with a
	// client certificate as well.
	login, clients func(*conformance.Target)
	// changes are applied last.
	changes []func(*conformance.Options)
}

// Login logs in with HTTP basic authentication. Of several Login and [Bearer],
// the last one counts.
func Login(username, password string) Option {
	return func(s *settings) {
		s.login = func(t *conformance.Target) { t.Username, t.Password, t.Bearer = username, password, "" }
	}
}

// Bearer logs in with a token.
func Bearer(token string) Option {
	return func(s *settings) {
		s.login = func(t *conformance.Target) { t.Username, t.Password, t.Bearer = "", "", token }
	}
}

// Clients are the HTTP clients for a broker that wants a client certificate:
// one that has it, and one that does not, to see that it is refused. It may
// stand beside [Login] or [Bearer].
func Clients(client, anonymous *http.Client) Option {
	return func(s *settings) {
		s.clients = func(t *conformance.Target) { t.Client, t.AnonymousClient = client, anonymous }
	}
}

// Services narrows the test to plans of these services, by id or name.
func Services(services ...string) Option {
	return func(s *settings) { s.checks.Services = append(s.checks.Services, services...) }
}

// Plans narrows the test to these plans, by id or name. By default all plans of
// a small catalog are used.
func Plans(plans ...string) Option {
	return func(s *settings) { s.checks.Plans = append(s.checks.Plans, plans...) }
}

// Only runs the checks whose id matches one of the patterns, which are those of
// [path.Match]: "bind-*". It saves the requests of the others, which go test
// -run does not.
func Only(patterns ...string) Option {
	return func(s *settings) { s.checks.Only = append(s.checks.Only, patterns...) }
}

// Skip leaves out the checks whose id matches one of the patterns. Say in a
// comment why the broker is different.
func Skip(patterns ...string) Option {
	return func(s *settings) { s.checks.Skip = append(s.checks.Skip, patterns...) }
}

// Level is the weakest level to check. It is [conformance.Must] by default, as
// every check that fails is a failing test: with [conformance.Should], also
// those of what the specification recommends.
func Level(level conformance.Level) Option {
	return func(s *settings) { s.checks.Level = level }
}

// Profiles adds what platforms demand.
func Profiles(profiles ...conformance.Profile) Option {
	return func(s *settings) { s.checks.Profiles = append(s.checks.Profiles, profiles...) }
}

// Waive accepts until a day, such as "2026-12-31", that a check does not hold,
// and why. It is then a skipped test, and fails again after that day.
func Waive(check, reason, until string) Option {
	return func(s *settings) {
		s.checks.Waivers = append(s.checks.Waivers, conformance.Waiver{Check: check, Reason: reason, Until: until})
	}
}

// Parameters are those to send to a plan, given by its id or name, instead of
// generated ones.
func Parameters(plan string, parameters conformance.Parameters) Option {
	return func(s *settings) {
		if s.checks.Parameters == nil {
			s.checks.Parameters = map[string]conformance.Parameters{}
		}
		s.checks.Parameters[plan] = parameters
	}
}

// Configure changes anything else about the run, such as its time limits. It is
// applied after the other options.
func Configure(change func(*conformance.Options)) Option {
	return func(s *settings) { s.changes = append(s.changes, change) }
}
