package seal_test

import (
	"testing"

	"github.com/openbroker/openbroker/seal"
)

// 2 KB is a large credential.
const benchmarkSize = 2 << 10

func BenchmarkSeal(b *testing.B) {
	k, plaintext := newKeyring(b), make([]byte, benchmarkSize)
	b.SetBytes(benchmarkSize)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := k.Seal(plaintext, seal.AssociatedData("binding", "default", "b1", "credentials")); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpen(b *testing.B) {
	k, associated := newKeyring(b), seal.AssociatedData("binding", "default", "b1", "credentials")
	sealed := mustSeal(b, k, make([]byte, benchmarkSize), associated)
	b.SetBytes(benchmarkSize)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := k.Open(sealed, associated); err != nil {
			b.Fatal(err)
		}
	}
}
