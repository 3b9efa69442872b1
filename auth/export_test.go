package auth

// OccupySlots takes every place for the verification of hashes, as a flood of
// requests does, until release is called.
func (b *Basic) OccupySlots() (release func()) {
	for range cap(b.slots) {
		b.slots <- struct{}{}
		b.waiting.Add(1)
	}
	return func() {
		for range cap(b.slots) {
			b.waiting.Add(-1)
			<-b.slots
		}
	}
}

// Rounds is how many hashes a failing check verifies.
func (b *Basic) Rounds() int { return b.state.Load().rounds }

const MaxWaiting = maxWaiting
