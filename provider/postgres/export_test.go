package postgres

// For tests that need no server.
var (
	VerifierWith = verifierWith
	Verifier     = verifier
)

// Refusal returns why servers of a version are refused without a login, or "".
func Refusal(text string) string {
	v, err := parseVersion(text)
	if err == nil {
		err = v.refusal()
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

// Address returns what settings say about the server.
func Address(settings Settings) (hosts []string, mode string, err error) {
	a, err := readAddress(settings)
	if err != nil {
		return nil, "", err
	}
	for _, host := range a.hosts {
		hosts = append(hosts, host.String())
	}
	return hosts, a.mode, nil
}

// Credentials returns those for a login.
func Credentials(settings Settings, profiles ...string) (map[string]any, error) {
	a, err := readAddress(settings)
	if err != nil {
		return nil, err
	}
	return (&Provider{server: &server{address: a}}).credentials("obdatabase", "obuser", "Password1", profiles)
}

// CheckPlan returns what is wrong with the settings of a plan.
var CheckPlan = checkPlan
