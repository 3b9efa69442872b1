package durable

import (
	"strconv"
	"testing"
	"testing/synctest"
	"time"
)

// The oldest instances make room, and what was taken leaves nothing behind.
func TestKnownIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		k := known{lasts: time.Minute}
		key := func(i int) Key { return Key{Platform: "p", InstanceID: strconv.Itoa(i)} }
		of := func() *knownInstance {
			return &knownInstance{instance: InstanceRecord{Data: make([]byte, knownBytes/4-knownOverhead)}}
		}
		for i := range 5 {
			k.put(key(i), of(), time.Now())
			time.Sleep(time.Second) //nolint:forbidigo // In a bubble, whose clock is fake.
		}
		k.put(key(4), of(), time.Now())
		for i, want := range []bool{false, true, true, true, true} {
			if got := k.take(key(i)) != nil; got != want {
				t.Errorf("instance %d is known: %t, want %t", i, got, want)
			}
		}
		k.put(key(0), of(), time.Now())
		for i := range 1000 {
			k.put(key(i), &knownInstance{}, time.Now())
			k.take(key(i))
		}
		if k.put(key(1), &knownInstance{}, time.Now()); len(k.order) > 100 || k.bytes != knownOverhead {
			t.Errorf("%d entries and %d bytes are left", len(k.order), k.bytes)
		}
		time.Sleep(time.Hour) //nolint:forbidigo // In a bubble.
		if k.put(key(2), &knownInstance{}, time.Now()); len(k.order) != 1 || len(k.entries) != 1 {
			t.Errorf("%d old entries are left", len(k.entries)-1)
		}
	})
}
