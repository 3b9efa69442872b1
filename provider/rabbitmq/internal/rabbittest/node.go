//go:build unix

package rabbittest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/openbroker/openbroker/internal/testserver"
)

// The account of an administrator, and the cookie that the nodes of a cluster share. The
// password is marked, so that tests find it where it must not be.
const (
	Username = "administrator"
	Password = "adm1nPASSWORDofTheBroker"
	cookie   = "openbrokertestcookie"
)

// startAttempts is how often a node is started at new ports: others may take a free port
// before the node does.
const startAttempts = 3

// A Node is a RabbitMQ server. It may be one of a cluster. Only one goroutine at a time
// may call Start, Stop, Kill and Close.
type Node struct {
	// HTTP, HTTPS, AMQP and AMQPS are the ports of 127.0.0.1. They stay the same when
	// the node is started again.
	HTTP, HTTPS, AMQP, AMQPS int
	// CA is the file with the certificate of the authority behind the TLS ports.
	CA string

	scripts string
	home    *testserver.Home
	epmd    *epmd
	peers   []*Node
	// distribution is the port for other nodes.
	distribution int

	mu      sync.Mutex
	process *testserver.Process
}

// New starts a node: alone, or as a member of the cluster of peers. Close it when done,
// before its peers.
func New(ctx context.Context, peers ...*Node) (*Node, error) {
	var problems []error
	for range startAttempts {
		n := &Node{peers: peers}
		err := n.setUp(ctx)
		if err == nil {
			err = n.Start(ctx)
		}
		if err == nil {
			return n, nil
		}
		problems = append(problems, err, n.Close())
		if errors.Is(err, errNoPrograms) {
			break
		}
	}
	return nil, errors.Join(problems...)
}

var errNoPrograms = errors.New("rabbittest: RabbitMQ (rabbitmq-server with its management plugin, version 3.10 or newer) is not installed. " +
	"`make test` installs it, or: sudo apt-get install rabbitmq-server")

// findScripts returns the directory of rabbitmq-server and rabbitmqctl. The programs of
// Debian in PATH change the account, and so are no use.
func findScripts() (string, error) {
	for _, pattern := range []string{"/usr/lib/rabbitmq/bin", "/usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin", "/opt/homebrew/opt/rabbitmq/sbin", "/usr/local/sbin"} {
		found, err := filepath.Glob(filepath.Join(pattern, "rabbitmq-server"))
		if err == nil && len(found) > 0 {
			return filepath.Dir(found[len(found)-1]), nil
		}
	}
	return "", errNoPrograms
}

func (n *Node) setUp(ctx context.Context) error {
	var err error
	if n.scripts, err = findScripts(); err != nil {
		return err
	}
	if n.home, err = testserver.NewHome("rabbitmq"); err != nil {
		return err
	}
	for _, port := range []*int{&n.HTTP, &n.HTTPS, &n.AMQP, &n.AMQPS, &n.distribution} {
		if *port, err = testserver.FreePort(ctx); err != nil {
			return err
		}
	}
	if err := n.writeFiles(); err != nil {
		return err
	}
	if len(n.peers) > 0 {
		n.epmd = n.peers[0].epmd
		return nil
	}
	n.epmd, err = startEPMD(ctx, n.home)
	return err
}

func (n *Node) writeFiles() error {
	certificates, err := newCertificates()
	if err != nil {
		return err
	}
	for name, content := range map[string]string{
		".erlang.cookie": cookie,
		"plugins":        "[rabbitmq_management].\n",
		"env":            "",
		"rabbitmq.conf":  n.configuration(),
		"ca.pem":         certificates.authority,
		"cert.pem":       certificates.certificate,
		"key.pem":        certificates.key,
	} {
		if _, err := n.home.WriteFile(name, []byte(content)); err != nil {
			return err
		}
	}
	n.CA = filepath.Join(n.home.Path, "ca.pem")
	// Erlang refuses a cookie that its owner can write to.
	return os.Chmod(filepath.Join(n.home.Path, ".erlang.cookie"), 0o400)
}

func (n *Node) configuration() string {
	file := func(name string) string { return filepath.Join(n.home.Path, name) }
	lines := []string{
		"listeners.tcp.1 = 127.0.0.1:" + strconv.Itoa(n.AMQP),
		"listeners.ssl.1 = 127.0.0.1:" + strconv.Itoa(n.AMQPS),
		"management.tcp.ip = 127.0.0.1",
		"management.tcp.port = " + strconv.Itoa(n.HTTP),
		"management.ssl.ip = 127.0.0.1",
		"management.ssl.port = " + strconv.Itoa(n.HTTPS),
		"default_user = " + Username,
		"default_pass = " + Password,
		"default_user_tags.administrator = true",
		// Everything that the node can say, for tests that look for passwords.
		"log.file = false",
		"log.console = true",
		"log.console.level = debug",
		"vm_memory_high_watermark.absolute = 512MiB",
		"disk_free_limit.absolute = 10MB",
		"cluster_partition_handling = ignore",
	}
	for _, prefix := range []string{"ssl_options", "management.ssl"} {
		lines = append(lines, prefix+".cacertfile = "+file("ca.pem"), prefix+".certfile = "+file("cert.pem"), prefix+".keyfile = "+file("key.pem"))
	}
	if len(n.peers) > 0 {
		lines = append(lines, "cluster_formation.peer_discovery_backend = classic_config")
		for i, node := range append(slices.Clone(n.peers), n) {
			lines = append(lines, fmt.Sprintf("cluster_formation.classic_config.nodes.%d = %s", i+1, node.Name()))
		}
	}
	return strings.Join(lines, "\n") + "\n"
}

// Name returns the name of the node in its cluster.
func (n *Node) Name() string { return "ob" + strconv.Itoa(n.AMQP) + "@localhost" }

// environment returns that of the node and of rabbitmqctl.
func (n *Node) environment() []string {
	file := func(name string) string { return filepath.Join(n.home.Path, name) }
	return []string{
		"PATH=/usr/local/bin:/usr/bin:/bin",
		"LANG=C.UTF-8",
		"HOME=" + n.home.Path,
		"ERL_EPMD_PORT=" + strconv.Itoa(n.epmd.port),
		"ERL_EPMD_ADDRESS=127.0.0.1",
		"RABBITMQ_NODENAME=" + n.Name(),
		"RABBITMQ_DIST_PORT=" + strconv.Itoa(n.distribution),
		"RABBITMQ_CONF_ENV_FILE=" + file("env"),
		"RABBITMQ_CONFIG_FILE=" + file("rabbitmq.conf"),
		"RABBITMQ_ADVANCED_CONFIG_FILE=" + file("advanced.config"),
		"RABBITMQ_ENABLED_PLUGINS_FILE=" + file("plugins"),
		"RABBITMQ_MNESIA_BASE=" + file("mnesia"),
		"RABBITMQ_LOG_BASE=" + file("logs"),
		"RABBITMQ_PID_FILE=" + file("pid"),
		// Little memory, and no other address than 127.0.0.1.
		"RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS=+S 1:1 +A 16 -kernel inet_dist_use_interface {127,0,0,1}",
		// The script then becomes the server, instead of waiting for it.
		"RUNNING_UNDER_SYSTEMD=true",
	}
}

// Start starts the node unless it runs, and returns when it accepts connections.
func (n *Node) Start(ctx context.Context) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.process != nil {
		return nil
	}
	command := exec.Command(filepath.Join(n.scripts, "rabbitmq-server")) //nolint:gosec,noctx // An installed program; it outlives the call.
	command.Env = n.environment()
	process, err := n.home.Launch(command)
	if err != nil {
		return err
	}
	if err := process.WaitReady(ctx, n.ready); err != nil {
		return errors.Join(err, process.Kill())
	}
	n.process = process
	return nil
}

// ready returns an error unless the node answers, and accepts AMQP connections.
func (n *Node) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if _, err := n.Get(ctx, "health/checks/local-alarms"); err != nil {
		return err
	}
	for _, port := range []int{n.AMQP, n.AMQPS, n.HTTPS} {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err != nil {
			return err
		}
		_ = conn.Close()
	}
	return nil
}

// WaitStatistics waits until the node knows how many connections it can have: some seconds
// after its start, and more on a machine with other work.
func (n *Node) WaitStatistics(ctx context.Context) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.process == nil {
		return errors.New("rabbittest: the node does not run")
	}
	return n.process.WaitReady(ctx, func(ctx context.Context) error {
		text, err := n.Get(ctx, "nodes?columns=sockets_total,fd_total")
		if err != nil {
			return err
		}
		var nodes []struct {
			Sockets int `json:"sockets_total"`
			Files   int `json:"fd_total"`
		}
		if err := json.Unmarshal(text, &nodes); err != nil {
			return err
		}
		for _, node := range nodes {
			if node.Sockets == 0 && node.Files == 0 {
				return errors.New("rabbittest: a node has no statistics yet")
			}
		}
		return nil
	})
}

// Get returns the answer of the management API to the administrator.
func (n *Node) Get(ctx context.Context, path string) ([]byte, error) {
	return n.Call(ctx, http.MethodGet, path, "")
}

// Call makes a request of the administrator to the management API.
func (n *Node) Call(ctx context.Context, method, path, body string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, fmt.Sprintf("http://127.0.0.1:%d/api/%s", n.HTTP, path), strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.SetBasicAuth(Username, Password)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode > 299 {
		err = fmt.Errorf("rabbittest: %s %s: %s %s", method, path, response.Status, text)
	}
	return text, err
}

// Control runs rabbitmqctl for the node. It takes seconds.
func (n *Node) Control(ctx context.Context, arguments ...string) error {
	command := exec.CommandContext(ctx, filepath.Join(n.scripts, "rabbitmqctl"), arguments...) //nolint:gosec // An installed program.
	command.Env = n.environment()
	return n.home.Run(command)
}

// Log returns what the node has printed, over all its starts.
func (n *Node) Log() (string, error) { return n.home.Log() }

// Stop shuts the node down.
func (n *Node) Stop() error { return n.end(syscall.SIGTERM) }

// Kill ends the node like a crash.
func (n *Node) Kill() error { return n.end(syscall.SIGKILL) }

func (n *Node) end(signal syscall.Signal) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.process == nil {
		return nil
	}
	err := n.process.End(signal)
	n.process = nil
	return err
}

// Close ends the node and deletes its directory. It can be called twice.
func (n *Node) Close() error {
	err := n.Kill()
	if n.epmd != nil && len(n.peers) == 0 {
		err = errors.Join(err, n.epmd.stop())
	}
	if n.home != nil {
		err = errors.Join(err, n.home.Remove())
	}
	return err
}
