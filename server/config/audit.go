package config

import "time"

// AuditStdout is the value of [Audit].File for the standard output.
const AuditStdout = "stdout"

// StrictReads is the value of [Audit].Reads that records before the answer.
const StrictReads = "strict"

// Audit configures the audit trail.
type Audit struct {
	Reads        string   `yaml:"reads" default:"grouped" enum:"grouped,strict" doc:"when responses with credentials, and refusals, are recorded: grouped, soon after the answer; strict, before the answer, which becomes 503 if that fails"`
	File         string   `yaml:"file" doc:"a file to which entries are appended too, one JSON object a line, or stdout"`
	HeadInterval Duration `yaml:"head_interval" default:"1m" doc:"how often the heads of the hash chains are logged, if they have changed"`
}

func (a *Audit) check(report reporter) {
	switch a.Reads {
	case "", "grouped", StrictReads:
	default:
		report("audit.reads", "%q is unknown: write grouped or strict", a.Reads)
	}
	if a.HeadInterval != 0 && time.Duration(a.HeadInterval) < time.Second {
		report("audit.head_interval", "is too short: it must be at least 1s")
	}
}
