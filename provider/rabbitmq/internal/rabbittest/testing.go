//go:build unix

package rabbittest

import (
	"context"
	"flag"
	"sync"
	"testing"
)

// Start starts a node for one test, which may stop or break it; alone, or as a member of
// the cluster of peers. The test fails if it does not start.
func Start(tb testing.TB, peers ...*Node) *Node {
	tb.Helper()
	n, err := New(tb.Context(), peers...)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := n.Close(); err != nil {
			tb.Error(err)
		}
	})
	return n
}

// A Shared is one node for the tests of a test binary, which use it one after the other.
// It starts when a test first needs it:
//
//	var rabbit rabbittest.Shared
//
//	func TestMain(m *testing.M) { rabbit.Run(m) }
type Shared struct {
	// inUse is held by the test that uses the node.
	inUse sync.Mutex
	node  *Node
	err   error
}

// parallelTests is how many tests may run at a time unless a flag says otherwise: more
// than there are. One that waits for the node must not keep the place of one that has its
// own, and those wait for servers most of the time.
const parallelTests = "64"

// Run runs the tests and then ends the node.
func (s *Shared) Run(m *testing.M) {
	if err := flag.Set("test.parallel", parallelTests); err != nil {
		panic(err) // The flag has another name.
	}
	defer func() {
		if s.node != nil {
			_ = s.node.Close()
		}
	}()
	m.Run()
}

// Node returns the node, which the test has for itself until its end. The test fails if
// it does not start.
func (s *Shared) Node(tb testing.TB) *Node {
	tb.Helper()
	s.inUse.Lock()
	tb.Cleanup(s.inUse.Unlock)
	if s.node == nil && s.err == nil {
		ctx := context.WithoutCancel(tb.Context())
		if s.node, s.err = New(ctx); s.err == nil {
			s.err = s.node.WaitStatistics(ctx)
		}
	}
	if s.err != nil {
		tb.Fatal(s.err)
	}
	return s.node
}
