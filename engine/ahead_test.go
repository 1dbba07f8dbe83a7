package engine

import (
	"math"
	"testing"
	"time"
)

// What is foreseen of a host that was slowed down is what its throttle does,
// turn by turn, when all answers are good.
func TestPaceAheadIsWhatTheThrottleDoes(t *testing.T) {
	cut := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, base := range []time.Duration{200 * time.Millisecond, time.Second, 10 * time.Second} {
		p := pace{base: base, adapts: adaptation{kind: ThrottleAIMD}}
		p.adapts.cut(cut, cut, 429, base)
		p.interval = max(base, p.adapts.least(base))
		if !p.recovers() {
			t.Fatalf("interval %v of %v: want it to recover", p.interval, base)
		}
		start, real := cut.Add(5*time.Second), p
		now := start
		for turns := 1; turns <= 1000; turns++ {
			now = now.Add(real.interval)
			real.adapts.raise(now, base)
			real.interval = max(base, real.adapts.least(base))
			got, want := p.ahead(start, float64(turns))*time.Duration(turns), now.Sub(start)
			if off := float64(got-want) / float64(want); math.Abs(off) > 0.01 {
				t.Errorf("base %v: %d turns take %v, want %v within 1 %%", base, turns, got, want)
				break
			}
		}
		if real.interval != base {
			t.Errorf("interval %v after 1,000 good answers, want %v", real.interval, base)
		}
	}
}
