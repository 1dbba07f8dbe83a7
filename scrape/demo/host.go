package demo

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"time"
)

// A host is one host of the site for one seed: all but the bodies of its
// pages, which are drawn when they are asked for. It is constant.
type host struct {
	hostPlan
	seed   uint64
	token  string           // of its sessions, in the old dialect
	listed []string         // paths with their queries, in the list's order
	known  map[string]entry // by such a path
}

// An entry is what is known of one listed path.
type entry struct {
	delay time.Duration // until the answer, or until its end if it is slow
	fault fault
}

// newHosts makes the hosts of the table for a seed.
func newHosts(seed uint64) []*host {
	hosts := make([]*host, 0, len(hostPlans))
	var drawn, fixed time.Duration
	for _, hp := range hostPlans {
		h := &host{hostPlan: hp, seed: seed, known: make(map[string]entry)}
		h.token = h.newToken()
		h.fill()
		hosts = append(hosts, h)
		for _, e := range h.known {
			cost := e.delay * time.Duration(e.fault.costs())
			if e.fixed() {
				fixed += cost
			} else {
				drawn += cost
			}
		}
	}
	scale := float64(work-fixed) / float64(drawn)
	for _, h := range hosts {
		for path, e := range h.known {
			if !e.fixed() {
				e.delay = time.Duration(float64(e.delay) * scale).Round(time.Millisecond)
				h.known[path] = e
			}
		}
	}
	return hosts
}

// fixed reports whether the delay is meant as it is drawn.
func (e entry) fixed() bool { return e.fault == slow || e.delay == quickDelay }

// fill lists the host's paths and deals out its trouble.
func (h *host) fill() {
	r := h.rand("plan")
	h.listed = h.ordinary()
	from, to := int(troubleFrom*float64(len(h.listed))), int(troubleTo*float64(len(h.listed)))
	struck := r.Perm(to - from)[:len(h.faults)]
	for i, path := range h.listed {
		e := entry{delay: time.Duration(h.pace * (0.55 + 0.9*r.Float64()) * float64(time.Second))}
		if at := slices.Index(struck, i-from); at >= 0 {
			e.fault = h.faults[at]
		}
		if e.fault == slow {
			e.delay = slowLeast + time.Duration(r.Int64N(int64(slowMost-slowLeast)))
		}
		h.known[path] = e
	}
	for _, path := range h.extra {
		at := from + r.IntN(to-from)
		h.listed = slices.Insert(h.listed, at, path)
		h.known[path] = entry{delay: quickDelay}
	}
}

// ordinary returns the paths that the host is listed for.
func (h *host) ordinary() []string {
	paths := make([]string, 0, h.count)
	for i := range h.count {
		switch h.list {
		case listMonths:
			paths = append(paths, "/schedule/"+(firstListed+month(i)).String())
		case listGrid:
			paths = append(paths, h.gridPath(i))
		case listStaff:
			paths = append(paths, fmt.Sprintf("/staff/%d", i+1))
		case listArchive:
			paths = append(paths, fmt.Sprintf("/a/%d", i+1))
		}
	}
	return paths
}

// rand returns the random numbers for one purpose of the host. They depend on
// the seed, the host and the purpose only, never on what was drawn before.
func (h *host) rand(purpose string) *rand.Rand {
	sum := fnv.New64a()
	_, _ = sum.Write([]byte(h.org + "\x00" + purpose))
	return rand.New(rand.NewPCG(h.seed, sum.Sum64()))
}
