//go:build unix

package main

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"time"
)

const (
	storePostgres = "postgres"
	storeSQLite   = "sqlite"
)

// settings has the values of the flags.
type settings struct {
	store      string
	seed       uint64
	operations int
	load       time.Duration
	duration   time.Duration
	lease      time.Duration
	clients    int
	histories  int
	replicas   int
	sabotage   string
	keep       bool
}

func parseSettings(arguments []string, output io.Writer) (settings, error) {
	s := settings{}
	flags := flag.NewFlagSet("chaos", flag.ContinueOnError)
	flags.SetOutput(output)
	flags.StringVar(&s.store, "store", storePostgres, "`store` under test: postgres (three replicas) or sqlite (one)")
	flags.Uint64Var(&s.seed, "seed", 0, "repeat the random choices of a run; 0 picks a seed")
	flags.IntVar(&s.operations, "operations", 2000, "minimum number of operations")
	flags.DurationVar(&s.load, "load", 2*time.Minute, "minimum duration of the clients and faults")
	flags.DurationVar(&s.duration, "duration", 9*time.Minute, "maximum duration of the run")
	flags.DurationVar(&s.lease, "lease", 2500*time.Millisecond, "lease of an operation")
	flags.IntVar(&s.clients, "clients", 24, "concurrent clients")
	flags.IntVar(&s.histories, "histories", 6, "histories for each fault; 0 records none")
	flags.IntVar(&s.replicas, "replicas", 3, "replicas on PostgreSQL; SQLite has one")
	flags.StringVar(&s.sabotage, "sabotage", "", "break something on purpose to see a check fail: one of "+fmt.Sprint(sabotages))
	flags.BoolVar(&s.keep, "keep", false, "keep the logs and the ledger; they are always kept after a violation")
	if err := flags.Parse(arguments); err != nil {
		return s, err
	}
	if flags.NArg() > 0 {
		return s, fmt.Errorf("unexpected argument %q: use only flags, see -help", flags.Arg(0))
	}
	if s.seed == 0 {
		var random [4]byte
		_, _ = rand.Read(random[:]) // never fails
		s.seed = uint64(binary.BigEndian.Uint32(random[:])) + 1
	}
	if s.store == storeSQLite {
		s.replicas = 1
	}
	return s, s.validate()
}

func (s settings) validate() error {
	var problems []error
	if s.store != storePostgres && s.store != storeSQLite {
		problems = append(problems, fmt.Errorf("-store is %q: it must be postgres or sqlite", s.store))
	}
	if s.histories < 0 {
		problems = append(problems, fmt.Errorf("-histories is %d: it must not be negative", s.histories))
	}
	if s.operations < 1 || s.clients < 1 || s.replicas < 1 {
		problems = append(problems, errors.New("-operations, -clients and -replicas must be positive"))
	}
	if s.lease < 500*time.Millisecond {
		problems = append(problems, fmt.Errorf("-lease is %v: it must be at least 500ms because a busy machine loses shorter leases", s.lease))
	}
	if s.load <= 0 || s.duration < s.load+30*time.Second {
		problems = append(problems, errors.New("-load must be positive, and -duration at least 30s longer"))
	}
	if s.sabotage != "" && !slices.Contains(sabotages, s.sabotage) {
		problems = append(problems, fmt.Errorf("-sabotage is %q: it must be one of %q", s.sabotage, sabotages))
	}
	return errors.Join(problems...)
}
