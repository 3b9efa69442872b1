package mysql_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/openbroker/openbroker/provider"
	"github.com/openbroker/openbroker/provider/mysql"
)

// The examples of SHA-crypt are those of the document that specifies it.
func TestHashes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		password, salt string
		rounds         int
		want           string
	}{
		{"Hello world!", "saltstring", 5000, "5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5"},
		{"Hello world!", "saltstringsaltst", 10000, "3xv.VbSHBb41AL9AvLeujZkZRBAwqFMz2.opqey6IcA"},
		{"This is just a test", "toolongsaltstrin", 5000, "Un/5jzAHMgOGZ5.mWJpuVolil07guHPvOW8mGRcvxa5"},
		{
			"a very much longer text to encrypt.  This one even stretches over morethan one line.", "anotherlongsalts", 1400,
			"Rx.j8H.h8HjEDGomFU8bDkXm3XIUnzyxf12oP84Bnq1",
		},
		{"we have a short salt string but not a short password", "short", 77777, "JiO1O3ZpDAxGJeaDIuqCoEFysAe1mZNJRs3pw0KQRd/"},
	} {
		if got := mysql.ShaCrypt([]byte(test.password), []byte(test.salt), test.rounds); got != test.want {
			t.Errorf("the hash of %q with the salt %q and %d rounds is %s, want %s", test.password, test.salt, test.rounds, got, test.want)
		}
	}
	if got := mysql.NativeHash("mypass"); got != "*6C8989366EAF75BB670AD8EA7A7FC1176A95CEF4" {
		t.Errorf("the hash of mysql_native_password is %s", got)
	}
	stored := mysql.CachingSHA2Hash("password", "saltstringsaltstring")
	if !regexp.MustCompile(`^\$A\$005\$saltstringsaltstring[./0-9A-Za-z]{43}$`).MatchString(stored) {
		t.Errorf("the hash of caching_sha2_password is %s", stored)
	}
	if salt := mysql.NewSalt(); len(salt) != 20 || strings.ContainsAny(salt, `$'\`) || salt == mysql.NewSalt() {
		t.Errorf("a salt is %q", salt)
	}
}

func TestStatements(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ got, want string }{
		{
			mysql.GrantStatement("u", "%", "a_b%c`d"),
			"GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, REFERENCES, INDEX, ALTER, CREATE TEMPORARY TABLES, LOCK TABLES, EXECUTE, CREATE VIEW, SHOW VIEW, CREATE ROUTINE, ALTER ROUTINE, TRIGGER ON `a\\_b\\%c``d`.* TO 'u'@'%'",
		},
		{mysql.GrantStatement(`o'b\r`, "", "d"), strings.Replace(mysql.GrantStatement("u", "%", "d"), "'u'@'%'", `'o''b\\r'`, 1)},
		{mysql.Identified("mariadb", "mysql_native_password", "mypass"), "IDENTIFIED VIA mysql_native_password USING '*6C8989366EAF75BB670AD8EA7A7FC1176A95CEF4'"},
		{mysql.Identified("mysql", "mysql_native_password", "mypass"), "IDENTIFIED WITH mysql_native_password AS '*6C8989366EAF75BB670AD8EA7A7FC1176A95CEF4'"},
		{
			mysql.Limits("mariadb", mysql.PlanSettings{ConnectionLimit: 7, StatementTimeout: provider.Duration(1500 * time.Millisecond), RequireTLS: true}),
			"REQUIRE SSL WITH MAX_USER_CONNECTIONS 7 MAX_STATEMENT_TIME 1.500",
		},
		{mysql.Limits("mariadb", mysql.PlanSettings{}), "REQUIRE NONE WITH MAX_USER_CONNECTIONS 0 MAX_STATEMENT_TIME 0.000"},
		{mysql.Limits("mysql", mysql.PlanSettings{ConnectionLimit: 7}), "REQUIRE NONE WITH MAX_USER_CONNECTIONS 7"},
	} {
		if test.got != test.want {
			t.Errorf("the statement is\n%s\nwant\n%s", test.got, test.want)
		}
	}
	clause := mysql.Identified("mysql", "caching_sha2_password", "password")
	if !regexp.MustCompile(`^IDENTIFIED WITH caching_sha2_password AS '\$A\$005\$[A-Z2-7]{20}[./0-9A-Za-z]{43}'$`).MatchString(clause) {
		t.Errorf("the clause is %s", clause)
	}
}

func TestVersions(t *testing.T) {
	t.Parallel()
	for version, want := range map[string]string{
		"10.11.19-MariaDB-0+deb12u1-log":  "mariadb 10.11.19",
		"5.5.5-10.6.1-MariaDB":            "mariadb 10.6.1",
		"11.8.2-MariaDB-ubu2404":          "mariadb 11.8.2",
		"8.0.43":                          "mysql 8.0.43",
		"8.4.3-google":                    "mysql 8.4.3",
		"9.7.4-2":                         "mysql 9.7.4",
		"10.5.29-MariaDB":                 "it must be 10.6 or newer",
		"5.5.5-10.3.39-MariaDB-0+deb10u1": "it must be 10.6 or newer",
		"5.7.44-log":                      "it must be 8.0 or newer",
		"PostgreSQL 15":                   "neither MariaDB's nor MySQL's",
		"":                                "neither MariaDB's nor MySQL's",
	} {
		kind, number, err := mysql.ParseVersion(version)
		got := kind + " " + number
		if err != nil {
			got = err.Error()
		}
		if !strings.HasSuffix(got, want) {
			t.Errorf("the version %q is %s, want %s", version, got, want)
		}
	}
}

func TestGrants(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		line, object string
		privileges   []string
		mayGrant     bool
	}{
		{"GRANT PROCESS, CREATE USER, CONNECTION ADMIN ON *.* TO `b`@`%` IDENTIFIED BY PASSWORD '*58'", "*.*", []string{"PROCESS", "CREATE USER", "CONNECTION ADMIN"}, false},
		{"GRANT ALL PRIVILEGES ON `ob%`.* TO `b`@`%` WITH GRANT OPTION", "`ob%`.*", []string{"ALL PRIVILEGES"}, true},
		{"GRANT SELECT (`User`, `Db`), UPDATE (`Db`) ON `mysql`.`db` TO `b`@`%`", "`mysql`.`db`", []string{"SELECT (`User`, `Db`)", "UPDATE (`Db`)"}, false},
		{"GRANT `role`@`%` TO `b`@`%`", "", nil, false},
		{"SET DEFAULT ROLE `role` FOR `b`@`%`", "", nil, false},
		{"", "", nil, false},
	} {
		privileges, object, mayGrant, ok := mysql.ParseGrant(test.line)
		if ok != (test.object != "") || object != test.object || mayGrant != test.mayGrant || !slices.Equal(privileges, test.privileges) {
			t.Errorf("%s is %q on %q, %t, %t", test.line, privileges, object, mayGrant, ok)
		}
	}
}

func TestPatterns(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		pattern, name string
		want          bool
	}{
		{"ob%", "obabc", true},
		{"%", "obabc", true},
		{"o_abc", "obabc", true},
		{"obabc", "obabc", true},
		{"%abc", "obabc", true},
		{"o%b%c", "obabc", true},
		{"", "", true},
		{`ob\%`, "ob%", true},
		{`ob\%`, "obabc", false},
		{`ob\_bc`, "obabc", false},
		{"ob", "obabc", false},
		{"obabcd", "obabc", false},
		{"test%", "obabc", false},
		{`test\_%`, "obabc", false},
		{"", "obabc", false},
	} {
		if got := mysql.MatchesPattern(test.pattern, test.name); got != test.want {
			t.Errorf("the pattern %q matches %q: %t", test.pattern, test.name, got)
		}
	}
}

// SHOW GRANTS is read from a server that an attacker may have taken over.
func FuzzGrant(f *testing.F) {
	f.Add("GRANT SELECT (`User`, `Db`) ON `mysql`.`db` TO `b`@`%` WITH GRANT OPTION")
	f.Add("GRANT ), ( ON  TO ")
	f.Fuzz(func(t *testing.T, line string) {
		privileges, object, _, ok := mysql.ParseGrant(line)
		if ok && (len(privileges) == 0 || !strings.Contains(line, object)) {
			t.Errorf("%q has the privileges %q on %q", line, privileges, object)
		}
	})
}
