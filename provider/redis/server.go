package redis

import (
	"fmt"
	"net"
	"strconv"
	"strings"
)

// A version is that of Redis. Valkey reports the version of Redis that it is compatible
// with, too.
type version struct{ major, minor int }

// oldest is the first version with users.
var oldest = version{6, 0}

func (v version) atLeast(major, minor int) bool {
	return v.major > major || v.major == major && v.minor >= minor
}

// A server is what INFO says about a node.
type server struct {
	runID string
	// compatible is the version of Redis, which decides what the server understands.
	compatible version
	// engine and version are "redis" or "valkey" and what users know it by.
	engine, version string
	cluster         bool
	primary         bool
	// primaryAddress is where a replica finds its primary.
	primaryAddress string
	// replicas are the addresses of the replicas of a primary.
	replicas []string
	// maxMemory is 0 without a limit.
	maxMemory int64
	// keys counts the keys of each logical database that is not empty.
	keys map[int]int64
}

// parseServer decodes the answer to INFO.
func parseServer(info string) (*server, error) {
	fields := map[string]string{}
	for line := range strings.Lines(info) {
		name, value, ok := strings.Cut(strings.TrimRight(line, "\r\n"), ":")
		if ok && !strings.HasPrefix(name, "#") {
			fields[name] = value
		}
	}
	s := &server{
		runID: fields["run_id"], engine: "redis", version: fields["redis_version"],
		cluster: fields["cluster_enabled"] == "1", primary: fields["role"] == "master", keys: map[int]int64{},
	}
	var err error
	if s.compatible, err = parseVersion(fields["redis_version"]); err != nil {
		return nil, err
	}
	if !s.compatible.atLeast(oldest.major, oldest.minor) {
		return nil, fmt.Errorf("the server has version %s: users need Redis 6 or newer, or Valkey", s.version)
	}
	if valkey := fields["valkey_version"]; valkey != "" {
		s.engine, s.version = "valkey", valkey
	}
	if s.runID == "" {
		return nil, fmt.Errorf("the server does not say its run_id: it is not Redis or Valkey")
	}
	if host := fields["master_host"]; host != "" {
		s.primaryAddress = net.JoinHostPort(host, fields["master_port"])
	}
	s.maxMemory, _ = strconv.ParseInt(fields["maxmemory"], 10, 64) // 0 if the server does not say it.
	for name, value := range fields {
		if number, ok := strings.CutPrefix(name, "db"); ok {
			if n, err := strconv.Atoi(number); err == nil {
				s.keys[n], _ = strconv.ParseInt(attributes(value)["keys"], 10, 64)
			}
		}
		if number, ok := strings.CutPrefix(name, "slave"); ok && isNumber(number) {
			replica := attributes(value)
			if replica["ip"] != "" && isNumber(replica["port"]) {
				s.replicas = append(s.replicas, net.JoinHostPort(replica["ip"], replica["port"]))
			}
		}
	}
	return s, nil
}

func parseVersion(text string) (version, error) {
	major, rest, _ := strings.Cut(text, ".")
	minor, _, _ := strings.Cut(rest, ".")
	v := version{}
	var err error
	if v.major, err = strconv.Atoi(major); err == nil {
		v.minor, err = strconv.Atoi(minor)
	}
	if err != nil {
		return version{}, fmt.Errorf("the server does not say its redis_version as a number: %.20q", text)
	}
	return v, nil
}

// attributes decodes "a=1,b=2".
func attributes(text string) map[string]string {
	found := map[string]string{}
	for pair := range strings.SplitSeq(text, ",") {
		if name, value, ok := strings.Cut(pair, "="); ok {
			found[name] = value
		}
	}
	return found
}

func isNumber(text string) bool {
	_, err := strconv.ParseUint(text, 10, 32)
	return err == nil
}

// A member is a node of a cluster.
type member struct {
	address string
	primary bool
}

// parseMembers decodes the answer to CLUSTER NODES. It leaves out nodes that have failed
// or cannot be reached: they cannot be changed, and get their users when they come back.
// asked is the host that gave the answer, which may not know its own.
func parseMembers(text, asked string) ([]member, error) {
	var members []member
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) == 0 {
			continue
		}
		if len(fields) < 8 {
			return nil, fmt.Errorf("CLUSTER NODES has a line with %d fields", len(fields))
		}
		flags := strings.Split(fields[2], ",")
		if contains(flags, "fail", "noaddr", "handshake") {
			continue
		}
		// ip:port@busport,hostname
		address, _, _ := strings.Cut(fields[1], "@")
		address, _, _ = strings.Cut(address, ",")
		colon := strings.LastIndexByte(address, ':')
		if colon < 0 || !isNumber(address[colon+1:]) {
			return nil, fmt.Errorf("CLUSTER NODES has the address %.80q", fields[1])
		}
		host := strings.Trim(address[:colon], "[]")
		if host == "" {
			host = asked
		}
		members = append(members, member{address: net.JoinHostPort(host, address[colon+1:]), primary: contains(flags, "master")})
	}
	if len(members) == 0 {
		return nil, fmt.Errorf("CLUSTER NODES names no node")
	}
	return members, nil
}

func contains(list []string, some ...string) bool {
	for _, element := range list {
		for _, wanted := range some {
			if element == wanted {
				return true
			}
		}
	}
	return false
}
