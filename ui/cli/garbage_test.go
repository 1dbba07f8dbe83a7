package cli

import (
	"runtime"
	"testing"
)

func TestGarbagePercent(t *testing.T) {
	for _, tc := range []struct {
		name string
		live uint64
		want int
	}{
		{"nothing", 0, 400},
		{"little", 1 << 20, 400},
		{"as much as may grow fourfold", 16 << 20, 400},
		{"more", 32 << 20, 200},
		{"as much as there may be garbage", 64 << 20, 100},
		{"results of a long run", 3 << 30, 100},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := garbagePercent(tc.live); got != tc.want {
				t.Errorf("garbagePercent(%d) = %d, want %d", tc.live, got, tc.want)
			}
		})
	}
}

// It is called for each cycle, not only for the first, until it has enough.
func TestAfterCycle(t *testing.T) {
	calls := make(chan int, 5)
	n := 0
	afterCycle(func() bool {
		n++
		calls <- n
		return n < 5
	})
	for want := 1; want <= 5; want++ {
		if got := <-calls; got != want {
			t.Fatalf("call %d, want %d", got, want)
		}
		runtime.GC()
	}
}
