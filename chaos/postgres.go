//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/openbroker/openbroker/durable/pgstore/pgtest"
)

// brokerRole is the role of the replicas. It is not a superuser, so that the
// connection limit applies to it.
const brokerRole = "broker"

// postgres is a private PostgreSQL server with faults.
type postgres struct {
	server *pgtest.Server
	// dsn is the connection string of the replicas. name is the name of the
	// database.
	dsn, name string
	probe     *probe
}

func startPostgres(ctx context.Context) (*postgres, error) {
	server, err := pgtest.New(ctx)
	if err != nil {
		return nil, err
	}
	p := &postgres{server: server}
	if err := p.setUp(ctx); err != nil {
		return nil, errors.Join(err, server.Close())
	}
	return p, nil
}

func (p *postgres) setUp(ctx context.Context) error {
	dsn, err := p.server.CreateDatabase(ctx)
	if err != nil {
		return err
	}
	location, err := url.Parse(dsn)
	if err != nil {
		return err
	}
	location.User, p.name = url.User(brokerRole), strings.TrimPrefix(location.Path, "/")
	p.dsn = location.String()
	return p.server.Exec(ctx, "CREATE ROLE "+brokerRole+" LOGIN; ALTER DATABASE "+p.name+" OWNER TO "+brokerRole)
}

// The faults of the database.
const (
	faultRestart   = "database restarted"
	faultCrash     = "database crashed"
	faultOutage    = "database down for seconds"
	faultFreeze    = "database frozen"
	faultTerminate = "connections terminated"
	faultExhaust   = "out of connections"
	faultReadOnly  = "database read-only"
	// The faults of the network affect one replica or all of them.
	faultCut  = "network cut"
	faultSlow = "network slow"
	faultHeld = "network black-holed"
)

var _ database = (*postgres)(nil)

func (p *postgres) kinds() []string {
	return []string{faultRestart, faultCrash, faultOutage, faultFreeze, faultTerminate, faultExhaust, faultReadOnly, faultCut, faultSlow, faultHeld}
}

const terminate = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '" + brokerRole + "'"

func (p *postgres) inject(ctx context.Context, kind string, random *rand.Rand) error {
	// The fault lasts until the pending calls of the store have timed out, so that
	// the probe sees it.
	hold := storeTimeout + between(random, 1500*time.Millisecond, 4500*time.Millisecond)
	affected := p.probe.fleet.numbers()
	if chance(random, 0.5) && slices.Contains([]string{faultCut, faultSlow, faultHeld}, kind) {
		affected = affected[random.IntN(len(affected)):][:1]
	}
	var err error
	switch kind {
	case faultCut:
		p.probe.fleet.setLinks(affected, linkCut)
	case faultSlow:
		p.probe.fleet.setLinks(affected, linkSlow)
	case faultHeld:
		p.probe.fleet.setLinks(affected, linkHeld)
	case faultRestart:
		return p.server.Restart(ctx)
	case faultCrash:
		return errors.Join(p.server.Kill(), p.server.Start(ctx))
	case faultTerminate:
		return p.server.Exec(ctx, terminate)
	case faultOutage:
		err = p.server.Kill()
	case faultFreeze:
		err = p.server.Pause()
	case faultExhaust:
		err = p.reconnect(ctx, "ALTER ROLE "+brokerRole+" CONNECTION LIMIT 0")
	case faultReadOnly:
		err = p.reconnect(ctx, "ALTER DATABASE "+p.name+" SET default_transaction_read_only = on")
	default:
		err = fmt.Errorf("the fault %q is unknown", kind)
	}
	if err != nil {
		return err
	}
	end := time.Now().Add(hold)
	if pause(ctx, storeTimeout+500*time.Millisecond) && kind != faultSlow {
		p.probe.expectUnready(ctx, kind, affected, kind != faultReadOnly)
	}
	pause(ctx, time.Until(end))
	if err := p.repair(context.WithoutCancel(ctx)); err != nil {
		return err
	}
	p.probe.expectReady(ctx, kind)
	return nil
}

// reconnect changes a setting and then ends all sessions of the replicas, so that their
// next sessions have it. The change must be committed before: otherwise a quick replica
// connects with the setting as it was.
func (p *postgres) reconnect(ctx context.Context, change string) error {
	if err := p.server.Exec(ctx, change); err != nil {
		return err
	}
	return p.server.Exec(ctx, terminate)
}

func (p *postgres) repair(ctx context.Context) error {
	p.probe.fleet.setLinks(p.probe.fleet.numbers(), linkPasses)
	// Start starts a server that does not run, so ErrNotRunning is no failure.
	if err := p.server.Resume(); err != nil && !errors.Is(err, pgtest.ErrNotRunning) {
		return err
	}
	if err := p.server.Start(ctx); err != nil {
		return err
	}
	return p.server.Exec(ctx, "ALTER ROLE "+brokerRole+" CONNECTION LIMIT -1; ALTER DATABASE "+p.name+" RESET default_transaction_read_only")
}
