package cli

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// How far the heap may grow over what was in use at the last garbage cycle
// before the next one begins.
const (
	mostGarbage = 400      // percent
	fewGarbage  = 64 << 20 // bytes: beyond this it is Go's usual 100 percent
)

// CollectLess makes garbage cycles rarer than Go does by itself, unless the
// environment says how often they are to be (GOGC, GOMEMLIMIT). It is for the
// whole process: main calls it once.
//
// A run makes much garbage and keeps little, so a cycle that comes four times
// later costs a quarter. What that may cost in memory is bounded by fewGarbage
// and not by a memory limit: results stay in memory, and once they alone are
// over a limit, Go would collect without end.
func CollectLess() {
	if os.Getenv("GOGC") == "" && os.Getenv("GOMEMLIMIT") == "" {
		afterCycle(adjust)
	}
}

// adjust sets the growth by what was in use when the last cycle ended.
func adjust() (again bool) {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	debug.SetGCPercent(garbagePercent(sample[0].Value.Uint64()))
	return true
}

// garbagePercent returns by how much the heap may grow over bytes in use.
func garbagePercent(live uint64) int {
	return int(min(mostGarbage, max(100, fewGarbage*100/max(live, 1))))
}

// afterCycle calls f now and each time that a garbage cycle has ended, as long
// as f wants it: an object that nobody holds is found by the next cycle. It
// starts no goroutine; f is called by one of the runtime's and must not block.
func afterCycle(f func() (again bool)) {
	if f() {
		type object struct{ _ [32]byte } // too large to be put together with others
		runtime.AddCleanup(new(object), func(f func() bool) { afterCycle(f) }, f)
	}
}
