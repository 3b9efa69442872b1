package mysql_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	sqldriver "github.com/go-sql-driver/mysql"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/provider/internal/servicetest"
	"github.com/openbroker/openbroker/provider/mysql"
)

// documentedStatements returns the statements of the documentation that create the
// broker's account.
func documentedStatements(t *testing.T, kind string) []string {
	t.Helper()
	page, err := os.ReadFile("../../docs/services/mysql.md")
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile("(?s)```sql\n(CREATE USER broker.*?)```").FindSubmatch(page)
	if block == nil {
		t.Fatal("the documentation does not create the broker's account")
	}
	text := string(block[1])
	if kind == "mysql" {
		text = strings.Replace(text, "CONNECTION ADMIN", "CONNECTION_ADMIN", 1)
	}
	return strings.Split(strings.TrimSuffix(strings.TrimSpace(text), ";"), ";\n")
}

// url returns the URL for an account.
func (s *server) url(user, password string) string {
	return "mysql://" + user + ":" + password + "@127.0.0.1:" + strconv.Itoa(s.port)
}

// service describes the provider, with the broker's account, to the tests of services.
func (s *server) service() *servicetest.Service {
	return &servicetest.Service{
		Definition: mysql.Definition, Settings: "url: " + s.url("broker", brokerPassword) + "\novercommit: 0\nconnections: 16",
		Small: "small", Large: "large", ReadOnly: true,
		Open: openSession, Reach: reach, Dump: s.dump, Server: s, Log: s.log,
	}
}

// An application is a session with the credentials of a binding. It has one connection.
type application struct {
	*sql.DB
}

// open returns the connection of an application, by what the credentials say, in clear
// unless they demand TLS.
func open(credentials openbroker.Credentials) (*sql.DB, error) {
	text := func(key string) string {
		value, ok := credentials[key].(string)
		if !ok {
			panic(fmt.Sprintf("the credentials have the %s %v", key, credentials[key]))
		}
		return value
	}
	config := sqldriver.NewConfig()
	config.Net, config.Addr = "tcp", net.JoinHostPort(text("host"), fmt.Sprint(credentials["port"]))
	config.User, config.Passwd, config.DBName = text("username"), text("password"), text("database")
	config.Logger = &sqldriver.NopLogger{}
	if text("sslmode") != "disable" {
		config.TLSConfig = "skip-verify"
	}
	connector, err := sqldriver.NewConnector(config)
	if err != nil {
		return nil, err
	}
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(1)
	return db, nil
}

func openSession(ctx context.Context, credentials openbroker.Credentials) (servicetest.Session, error) {
	db, err := open(credentials)
	if err != nil {
		return nil, err
	}
	a := &application{db}
	// database/sql would connect again, and hide that a connection was closed.
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	db.SetMaxIdleConns(1)
	return a, conn.Close()
}

func (a *application) Write(ctx context.Context, name, value string) error {
	var exists int
	err := a.QueryRowContext(ctx, "SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ?", name).Scan(&exists)
	if err == nil && exists == 0 {
		_, err = a.ExecContext(ctx, "CREATE TABLE `"+name+"` (value TEXT)")
	}
	if err == nil {
		_, err = a.ExecContext(ctx, "DELETE FROM `"+name+"`")
	}
	if err == nil {
		_, err = a.ExecContext(ctx, "INSERT INTO `"+name+"` (value) VALUES (?)", value)
	}
	return err
}

func (a *application) Read(ctx context.Context, name string) (value string, err error) {
	err = a.QueryRowContext(ctx, "SELECT value FROM `"+name+"`").Scan(&value)
	return value, err
}

func (a *application) Alter(ctx context.Context, name string) error {
	_, err := a.ExecContext(ctx, "ALTER TABLE `"+name+"` MODIFY value LONGTEXT")
	return err
}

func reach(ctx context.Context, own servicetest.Session, other openbroker.Credentials) error {
	database := other["database"].(string)
	var problems []error
	for _, statement := range []string{
		"USE `" + database + "`", "CREATE TABLE `" + database + "`.reached (i INT)", "SELECT * FROM `" + database + "`.shared",
		"CREATE DATABASE `" + database + "x`", "SHOW TABLES FROM `" + database + "`",
	} {
		_, err := own.(*application).ExecContext(ctx, statement)
		if err == nil {
			return nil
		}
		problems = append(problems, err)
	}
	return errors.Join(problems...)
}

// forEachKind runs a test on the shared server of each tested kind, which it has for itself.
func forEachKind(t *testing.T, test func(t *testing.T, s *server)) {
	t.Helper()
	for _, name := range tested() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := sharedServer(t, name)
			s.inUse.Lock()
			defer s.inUse.Unlock()
			test(t, s)
		})
	}
}
