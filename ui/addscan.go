package ui

import (
	"fmt"
	"sync/atomic"
	"time"

	tea "charm.land/bubbletea/v2"

	"weir/engine"
)

const (
	// scanEvery is after how many lines a scan says how far it is, and
	// scanLook how often the form looks.
	scanEvery = 500
	scanLook  = 50 * time.Millisecond

	// badKept is how many refused lines a tally keeps; all are counted.
	badKept = 1000
)

// A scan reads a list for the preview of the Add form. It runs in a command of
// its own, so that a list of any length never holds the screen up; the form
// looks at its tally meanwhile, and drops it when the list becomes another.
type scan struct {
	id      int
	spec    Spec
	dropped atomic.Bool
	tally   atomic.Pointer[tally] // as far as it is; never nil
}

// A tally is what a list would become. It is not changed once published.
type tally struct {
	batch engine.Batch
	jobs  jobSeq
	err   error // of the list as a whole
	done  bool  // all was read

	fresh, duplicate, invalid int // lines

	hosts  int
	most   int  // fresh jobs of the host that has most of them
	robots bool // robots.txt is asked for some of them
	bad    []string
}

// scanMsg says that a scan has ended. lookMsg asks to look at one.
type (
	scanMsg struct{ id int }
	lookMsg struct{ id int }
)

func newScan(id int, spec Spec) *scan {
	s := &scan{id: id, spec: spec}
	s.tally.Store(&tally{})
	return s
}

// start returns the commands that run the scan and look at it.
func (s *scan) start(p Planner) tea.Cmd {
	return tea.Batch(func() tea.Msg { s.run(p); return scanMsg{s.id} }, s.look())
}

func (s *scan) look() tea.Cmd {
	return tea.Tick(scanLook, func(time.Time) tea.Msg { return lookMsg{s.id} })
}

// run reads the list to its end, or until the scan is dropped.
func (s *scan) run(p Planner) {
	var t tally
	t.batch, t.jobs, t.err = p.Plan(s.spec)
	if t.err != nil {
		t.done = true
		s.tally.Store(&t)
		return
	}
	var seen engine.Seen
	perHost := make(map[string]int)
	for job, err := range t.jobs {
		switch {
		case s.dropped.Load():
			return
		case err != nil:
			t.invalid++
			if len(t.bad) < badKept {
				t.bad = append(t.bad, clean(err.Error(), lineBytes))
			}
		case !seen.MarkSeen(job.Fingerprint):
			t.duplicate++
		default:
			t.fresh++
			perHost[job.Host]++
			t.hosts, t.most = len(perHost), max(t.most, perHost[job.Host])
			t.robots = t.robots || job.Origin != ""
		}
		if t.total()%scanEvery == 1 {
			sofar := t
			s.tally.Store(&sofar)
		}
	}
	t.done = true
	s.tally.Store(&t)
}

// total returns how many lines were read.
func (t *tally) total() int { return t.fresh + t.duplicate + t.invalid }

// words says what the list holds in at most w cells:
// `50 URLs on 1 host: 47 new · 2 duplicate · 1 invalid`.
func (t *tally) words(w int) string {
	parts := count(t.fresh) + " new"
	if t.duplicate > 0 {
		parts += " · " + count(t.duplicate) + " duplicate"
	}
	if t.invalid > 0 {
		parts += " · " + count(t.invalid) + " invalid"
	}
	long := fmt.Sprintf("%s on %s: %s", plural(t.total(), "URL"), plural(t.hosts, "host"), parts)
	if width(long) > w {
		return parts
	}
	return long
}

// takes says in at most w cells how long the list takes with d between two
// requests to a host: as long as the host with most of it.
func (t *tally) takes(d time.Duration, w int) string {
	words, more := "as fast as the hosts answer", ": no pause between requests"
	if d > 0 {
		words, more = fmt.Sprintf("about %s at %s per host", round(time.Duration(t.most)*d), paceText(d)), ""
	}
	robots := "; robots.txt not asked"
	if t.robots {
		robots = "; robots.txt obeyed"
	}
	if long := words + more + robots; width(long) <= w {
		return long
	}
	return words + robots
}
