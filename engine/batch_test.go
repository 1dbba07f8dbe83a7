package engine_test

import (
	"sync"
	"sync/atomic"
	"testing"

	"weir/engine"
)

func TestMarkSeenIsTrueForExactlyOne(t *testing.T) {
	var seen engine.Seen
	var first atomic.Int32
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			for _, f := range []string{"a", "b", "c", "a"} {
				if seen.MarkSeen(f) {
					first.Add(1)
				}
			}
		})
	}
	wg.Wait()
	if got := first.Load(); got != 3 {
		t.Errorf("%d calls were the first for 3 fingerprints, want 3", got)
	}
	if got := seen.Len(); got != 3 {
		t.Errorf("Len = %d, want 3", got)
	}
}
