package engine

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// The ring keeps the order of one that is a list: the first lane that has a job
// and is not passed over goes to the end, and all others keep their place.
func TestMemRingIsAList(t *testing.T) {
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 1))
		var r memRing
		var list []*memLane // the model
		lanes := make([]*memLane, 1+random.IntN(12))
		for i := range lanes {
			lanes[i] = &memLane{host: fmt.Sprint(i)}
		}
		for step := range 300 {
			l := lanes[random.IntN(len(lanes))]
			switch random.IntN(4) {
			case 0: // a job comes
				if l.turn == 0 {
					list = append(list, l)
				}
				if !l.ringed {
					r.join(l)
				}
				l.live++
			case 1: // one is cancelled
				if l.live > 0 {
					l.live--
				}
			default: // some are leased in one call, and some hosts passed over
				skip := random.Uint32()
				passes := func(l *memLane, n int) bool { return l != nil && skip>>(n%32)&1 != 0 }
				for range random.IntN(6) {
					var want *memLane
					for i, l := range list {
						if l.live > 0 && !passes(l, int(l.host[0])) {
							want = l
							list = append(append(list[:i:i], list[i+1:]...), l)
							break
						}
					}
					got := r.take()
					for passes(got, int(got.name()[0])) {
						r.pass(got)
						got = r.take()
					}
					if got != want {
						t.Fatalf("seed %d, step %d: the lane of host %s is next, want %s", seed, step, got.name(), want.name())
					}
					if got != nil {
						got.live--
						r.served(got)
					}
				}
				r.rejoin()
			}
		}
	}
}

func (l *memLane) name() string {
	if l == nil {
		return "-"
	}
	return l.host
}
