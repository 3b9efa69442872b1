package redis_test

import (
	"net"
	"strings"
	"testing"

	"github.com/openbroker/openbroker/provider/redis"
)

const clusterNodes = `07c37dfeb235213a872192d90877d0cd55635b91 127.0.0.1:30004@31004,hostname4 slave e7d1eecce10fd6bb5eb35b9f99a514335d9ba9ca 0 1426238317239 4 connected
67ed2db8d677e59ec4a4cefb06858cf2a1a89fa1 127.0.0.1:30002@31002,hostname2,shard-id=69bc master - 0 1426238316232 2 connected 5461-10922
292f8b365bb7edb5e285caf0b7e6ddc7265d2f4f fd00::3:30003@31003 master - 0 1426238318243 3 connected 10923-16383
6ec23923021cf3ffec47632106199cb7f496ce01 :30005@31005 myself,master - 0 0 5 connected
824fe116063bc5fcf9f4ffd895bc17aee7731ac3 127.0.0.1:30006@31006 master,fail - 1426238316232 1426238315232 1 disconnected
824fe116063bc5fcf9f4ffd895bc17aee7731ac4 :0@0 master,noaddr - 1426238316232 1426238315232 1 disconnected
`

// The answer to CLUSTER NODES, in the forms of all versions.
func TestMembers(t *testing.T) {
	t.Parallel()
	members, err := redis.Members(clusterNodes, "seed.test")
	want := "127.0.0.1:30004 false, 127.0.0.1:30002 true, [fd00::3]:30003 true, seed.test:30005 true"
	if err != nil || strings.Join(members, ", ") != want {
		t.Errorf("the members are %q (%v)", members, err)
	}
	for _, text := range []string{"", "id 127.0.0.1:1@2 master", "id 127.0.0.1@2 master - 0 0 1 connected", "id 127.0.0.1:x@2 master - 0 0 1 connected", "id :1@1 master,fail - 0 0 1 connected"} {
		if members, err := redis.Members(text, "h"); err == nil {
			t.Errorf("%q gives %q", text, members)
		}
	}
}

// Servers that are too old, or none at all, are refused by name.
func TestServers(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"redis_version:5.0.14\r\nrun_id:x\r\n":   "needs Redis 6",
		"redis_version:6.0.16\r\n":               "run_id",
		"":                                       "redis_version",
		"redis_version:nonsense\r\nrun_id:x\r\n": "redis_version",
		"redis_version:255.255.255\r\nrun_id:x\r\n": "",
		"# Server\r\nredis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:8.0.1\r\nrun_id:x\r\nrole:slave\r\nmaster_host:fd00::1\r\nmaster_port:6379\r\ndb0:keys=1,expires=0\r\nslave0:ip=fd00::2,port=6380,state=online\r\n": "",
	} {
		description, err := redis.Describe(text)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(strings.ReplaceAll(err.Error(), "users need", "needs"), want) {
			t.Errorf("%q: %v", text, err)
		}
		if strings.Contains(text, "valkey") && description != "valkey 8.0.1 [fd00::1]:6379 [[fd00::2]:6380] map[0:1]" {
			t.Errorf("%q is %s", text, description)
		}
	}
}

// No answer of a server makes the decoders panic, or gives an address that cannot be
// dialled.
func FuzzMembers(f *testing.F) {
	f.Add(clusterNodes, "127.0.0.1")
	f.Fuzz(func(t *testing.T, text, asked string) {
		members, err := redis.Members(text, asked)
		if err != nil {
			return
		}
		for _, m := range members {
			address, _, _ := strings.Cut(m, " ")
			if _, _, err := net.SplitHostPort(address); err != nil && !strings.ContainsAny(asked+text, "[]% ") {
				t.Errorf("%q: %v", address, err)
			}
		}
	})
}

func FuzzServer(f *testing.F) {
	f.Add("# Server\r\nredis_version:7.0.15\r\nrun_id:x\r\nrole:master\r\nslave0:ip=127.0.0.1,port=1,state=online\r\ndb0:keys=1\r\n")
	f.Fuzz(func(_ *testing.T, text string) {
		_, _ = redis.Describe(text) // It must not panic.
	})
}

func FuzzUsers(f *testing.F) {
	f.Add("user default on nopass ~* &* +@all\nuser x off")
	f.Fuzz(func(t *testing.T, text string) {
		lines := strings.Split(text, "\n")
		if users := redis.ParseUsers(lines); len(users) > len(lines) {
			t.Errorf("%d users in %d lines", len(users), len(lines))
		}
	})
}

func FuzzURL(f *testing.F) {
	f.Add("redis://:secret@127.0.0.1:6379")
	f.Add("rediss://user:secret@[::1]")
	f.Fuzz(func(t *testing.T, text string) {
		seeds, err := redis.Seeds(text)
		if err != nil {
			if strings.Contains(text, "secret") && strings.Contains(err.Error(), "secret") {
				t.Errorf("the error has the password: %v", err)
			}
			return
		}
		for _, seed := range seeds {
			if _, _, err := net.SplitHostPort(seed); err != nil {
				t.Errorf("%q gives the address %q: %v", text, seed, err)
			}
		}
	})
}
