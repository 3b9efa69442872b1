package redis

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"

	"github.com/openbroker/openbroker/provider/internal/parameters"
)

// A grant is what a binding may do, from which the rules of its user follow.
type grant struct {
	// hash is the SHA-256 of the password, in hexadecimal.
	hash string
	// prefix begins the channels and, with isolationPrefix, the keys.
	prefix    string
	isolation string
	// database is the logical database with isolationDatabase.
	database int
	mode     string
	scripts  bool
	// commands are the further ones of the plan.
	commands []string
}

// dataCategories have the commands on the types of Redis. Each of these commands has keys
// or channels, which the server checks against the patterns of the user. The categories
// keyspace and connection are not among them, since they have commands without keys that
// show or change what others have: SCAN, RANDOMKEY, DBSIZE, CLIENT KILL.
var dataCategories = []string{"string", "hash", "list", "set", "sortedset", "stream", "bitmap", "hyperloglog", "geo", "transaction"}

// A command is granted from a version of Redis on, since older servers refuse its name.
type command struct {
	name  string
	since version
}

func always(names ...string) []command { return from(version{}, names...) }

func from(since version, names ...string) []command {
	commands := make([]command, len(names))
	for i, name := range names {
		commands[i] = command{name, since}
	}
	return commands
}

var (
	v62 = version{6, 2}
	v70 = version{7, 0}
	v72 = version{7, 2}

	// clientCommands are those that libraries need to connect, and those about the
	// client's own connection or the server as a whole.
	clientCommands = slices.Concat(
		always("acl|whoami", "asking", "client|getname", "client|id", "client|reply", "client|setname",
			"cluster|info", "cluster|keyslot", "cluster|myid", "cluster|nodes", "cluster|slots",
			"command", "echo", "hello", "info", "ping", "pubsub|numsub", "readonly", "readwrite", "role", "time", "wait"),
		from(v62, "client|info"),
		from(v70, "cluster|shards", "pubsub|shardnumsub"),
		from(v72, "client|no-touch", "client|setinfo"))

	// readCommands and writeCommands are those of the keyspace with keys.
	readCommands = slices.Concat(
		always("dump", "exists", "memory|usage", "object", "pttl", "touch", "ttl", "type"),
		from(v70, "expiretime", "pexpiretime", "sort_ro"))
	writeCommands = always("del", "expire", "expireat", "persist", "pexpire", "pexpireat", "rename", "renamenx", "unlink")

	// databaseCommands show and delete what is in the selected database, whoever has it.
	databaseCommands      = always("dbsize", "keys", "randomkey", "scan")
	databaseWriteCommands = always("flushdb")

	readScriptCommands  = from(v70, "eval_ro", "evalsha_ro")
	writeScriptCommands = always("eval", "evalsha")
	scriptCommands      = always("script|exists", "script|load")
)

// rules returns the arguments of ACL SETUSER for a server. They begin with "reset", since
// the server keeps earlier passwords, patterns and commands otherwise.
func (g *grant) rules(s *server) []string {
	v := s.compatible
	writes := g.mode != parameters.ReadOnly
	rules := []string{"reset", "on", "#" + g.hash, g.keyPattern(v)}
	if v.atLeast(6, 2) {
		// 6.2 begins with all channels, if its configuration says so.
		rules = append(append(rules, "resetchannels"), g.channelPatterns()...)
	}
	rules = append(rules, "-@all")
	for _, category := range dataCategories {
		rules = append(rules, "+@"+category)
	}
	if v.atLeast(6, 2) {
		// Older servers cannot limit the channels.
		rules = append(rules, "+@pubsub", "-pubsub")
	}
	if !writes {
		rules = append(rules, "-@write")
		if v.atLeast(6, 2) {
			rules = append(rules, "-publish")
		}
		if v.atLeast(7, 0) {
			rules = append(rules, "-spublish")
		}
	}
	rules = append(rules, "-@dangerous", "-@admin")
	add := func(commands []command) {
		for _, c := range commands {
			if v.atLeast(c.since.major, c.since.minor) {
				rules = append(rules, "+"+c.name)
			}
		}
	}
	add(clientCommands)
	add(readCommands)
	if writes {
		add(writeCommands)
		if g.isolation == isolationDatabase || v.atLeast(7, 0) {
			// Before version 7, SORT reads keys of others by its patterns BY and GET.
			add(always("sort"))
		}
	}
	rules = append(rules, "+select|"+strconv.Itoa(g.database))
	if g.isolation == isolationDatabase {
		add(databaseCommands)
		if writes {
			add(databaseWriteCommands)
		}
	}
	if g.scripts {
		add(readScriptCommands)
		if writes {
			add(writeScriptCommands)
		}
		if writes || v.atLeast(7, 0) {
			add(scriptCommands)
		}
	}
	for _, name := range g.commands {
		rules = append(rules, "+"+name)
	}
	return rules
}

// keyPattern returns the pattern of the keys. With a logical database, it is all keys,
// because users know no databases.
func (g *grant) keyPattern(v version) string {
	pattern := "~"
	if g.mode == parameters.ReadOnly && v.atLeast(7, 0) {
		pattern = "%R~"
	}
	if g.isolation == isolationDatabase {
		return pattern + "*"
	}
	return pattern + escapeGlob(g.prefix) + "*"
}

// channelPatterns returns the patterns of the channels: those with the prefix, and the
// server's own notifications about the keys of the instance.
func (g *grant) channelPatterns() []string {
	own := "&" + escapeGlob(g.prefix) + "*"
	if g.isolation == isolationDatabase {
		of := "@" + strconv.Itoa(g.database) + "__:*"
		return []string{own, "&__keyspace" + of, "&__keyevent" + of}
	}
	return []string{own, "&__keyspace@0__:" + escapeGlob(g.prefix) + "*"}
}

// escapeGlob makes a text a pattern that matches only itself.
func escapeGlob(text string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`, "]", `\]`, "^", `\^`).Replace(text)
}

// hashOf returns the hash of a password, as ACL SETUSER takes it.
func hashOf(password string) string {
	sum := sha256.Sum256([]byte(password))
	return hex.EncodeToString(sum[:])
}

// parseUsers decodes the answer to ACL LIST: the rules of each user by its name.
func parseUsers(lines []string) map[string]string {
	users := make(map[string]string, len(lines))
	for _, line := range lines {
		if rest, ok := strings.CutPrefix(line, "user "); ok {
			name, rules, _ := strings.Cut(rest, " ")
			users[name] = rules
		}
	}
	return users
}
