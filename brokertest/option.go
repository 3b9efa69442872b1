package brokertest

import (
	"net/http"

	"github.com/openbroker/openbroker/conformance"
)

// An Option configures [Run].
type Option func(*settings)

type settings struct {
	checks conformance.Options
	// login sets a password or a token. clients sets the HTTP clients with and without a
	// client certificate.
	login, clients func(*conformance.Target)
	// changes are applied after all other options.
	changes []func(*conformance.Options)
}

// Login logs in with HTTP basic authentication. The last Login or [Bearer]
// option wins.
func Login(username, password string) Option {
	return func(s *settings) {
		s.login = func(t *conformance.Target) { t.Username, t.Password, t.Bearer = username, password, "" }
	}
}

// Bearer logs in with a bearer token.
func Bearer(token string) Option {
	return func(s *settings) {
		s.login = func(t *conformance.Target) { t.Username, t.Password, t.Bearer = "", "", token }
	}
}

// Clients sets the HTTP clients for a broker that requires a client certificate:
// client presents the certificate. The broker must refuse anonymous, which has no
// certificate. Clients can be combined with [Login] or [Bearer].
func Clients(client, anonymous *http.Client) Option {
	return func(s *settings) {
		s.clients = func(t *conformance.Target) { t.Client, t.AnonymousClient = client, anonymous }
	}
}

// Services restricts the test to plans of these services, by id or name.
func Services(services ...string) Option {
	return func(s *settings) { s.checks.Services = append(s.checks.Services, services...) }
}

// Plans restricts the test to these plans, by id or name. The default is all plans
// of a catalog with up to twelve, and one of each shape of a larger one.
func Plans(plans ...string) Option {
	return func(s *settings) { s.checks.Plans = append(s.checks.Plans, plans...) }
}

// Only runs the checks whose id matches one of the patterns of [path.Match], such
// as "bind-*". Unlike go test -run, it also omits the requests of other checks.
func Only(patterns ...string) Option {
	return func(s *settings) { s.checks.Only = append(s.checks.Only, patterns...) }
}

// Skip omits the checks whose id matches one of the patterns of [path.Match]. Give
// the reason in a comment.
func Skip(patterns ...string) Option {
	return func(s *settings) { s.checks.Skip = append(s.checks.Skip, patterns...) }
}

// Level sets the weakest level to check, [conformance.Must] by default. With
// [conformance.Should], a violated recommendation fails the test, too.
func Level(level conformance.Level) Option {
	return func(s *settings) { s.checks.Level = level }
}

// Profiles adds checks of the requirements of platforms beyond the specification.
func Profiles(profiles ...conformance.Profile) Option {
	return func(s *settings) { s.checks.Profiles = append(s.checks.Profiles, profiles...) }
}

// Waive skips the subtest of a failed check up to and including a day in UTC, such
// as "2026-12-31". The reason is part of the output. After that day the check fails
// again.
func Waive(check, reason, until string) Option {
	return func(s *settings) {
		s.checks.Waivers = append(s.checks.Waivers, conformance.Waiver{Check: check, Reason: reason, Until: until})
	}
}

// Parameters sets the parameters for a plan, given by its id or name. They replace the
// generated parameters.
func Parameters(plan string, parameters conformance.Parameters) Option {
	return func(s *settings) {
		if s.checks.Parameters == nil {
			s.checks.Parameters = map[string]conformance.Parameters{}
		}
		s.checks.Parameters[plan] = parameters
	}
}

// Configure changes other settings of the run, such as its time limits. It is applied
// after all other options.
func Configure(change func(*conformance.Options)) Option {
	return func(s *settings) { s.changes = append(s.changes, change) }
}
