package demo

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// The rules of the engine that decide how long a run over the site takes.
const (
	simWorkers  = 5
	simQueue    = 100
	simInterval = time.Second
	simRetries  = 2
	simCost     = 8 * time.Millisecond // of a request beside the server's delay: connect, extract, commit
)

// A sim is a run over the site's plan in simulated time: the real plan and the
// real meters, with a model of the engine in front of them.
type sim struct {
	now   time.Duration
	rand  *rand.Rand // of the backoff
	hosts []*simHost
	busy  []*simJob
	late  bool // retries wait until their host has nothing else

	left   int // URLs that have not ended
	served int
	ended  map[string]string // how each URL ended
	twice  []string          // URLs that ended more than once

	total, full, ahead, blocked, all time.Duration // time; with a full queue; with over 100 left; with a blocked host; with all workers busy
	carried                          time.Duration // by all workers together
	tail                             time.Duration // when the workers were last all busy
}

type simHost struct {
	*meter
	next, until time.Duration // not before
	probing     bool
	slowed      time.Duration // the interval that its refusals have left it with
	flight      int
	served      int
	robots      int // 0: not asked, 1: being asked, 2: known
	front       []*simJob
	queue       []*simJob
	retry       []*simJob     // due or not
	over        time.Duration // when the last of its listed URLs ended
}

type simJob struct {
	url     string // host and path as listed
	from    int    // the host that it is listed for
	host    int    // the one to ask next
	path    string
	end     time.Duration
	answer  answer
	retries int
	due     time.Duration
	robots  bool
}

func newSim(seed uint64, late bool) *sim {
	s := &sim{rand: rand.New(rand.NewPCG(seed, 99)), late: late, ended: make(map[string]string)}
	for i, h := range newHosts(seed) {
		sh := &simHost{meter: newMeter(h)}
		for _, path := range h.listed {
			sh.queue = append(sh.queue, &simJob{url: fmt.Sprint(i, path), from: i, host: i, path: path})
			s.left++
		}
		s.hosts = append(s.hosts, sh)
	}
	return s
}

// interval is a host's, once its robots.txt is known.
func (h *simHost) interval() time.Duration {
	if h.robots == 2 && h.host.robots == robotsSlow {
		return max(2*simInterval, h.slowed)
	}
	return max(simInterval, h.slowed)
}

// ready returns when the host's next request may start, and what it is.
func (h *simHost) ready(now time.Duration, late bool) (at time.Duration, job *simJob, ok bool) {
	at = max(h.next, h.until)
	if h.probing && h.flight > 0 || h.robots == 1 {
		return 0, nil, false
	}
	if h.robots == 0 {
		return at, &simJob{robots: true}, true
	}
	for _, q := range [][]*simJob{h.front, h.queue} {
		if len(q) > 0 && (late || len(h.retry) == 0 || h.retry[0].due > max(at, now)) {
			return at, q[0], true
		}
	}
	if len(h.retry) > 0 {
		return max(at, h.retry[0].due), h.retry[0], true
	}
	return 0, nil, false
}

// run simulates to the end.
func (s *sim) run() {
	for s.left > 0 {
		for len(s.busy) < simWorkers && s.start() {
		}
		next := time.Duration(1<<62 - 1)
		for _, j := range s.busy {
			next = min(next, j.end)
		}
		if len(s.busy) < simWorkers {
			for _, h := range s.hosts {
				if at, _, ok := h.ready(s.now, s.late); ok && at > s.now {
					next = min(next, at)
				}
			}
		}
		s.pass(next)
		for i := 0; i < len(s.busy); {
			if j := s.busy[i]; j.end <= s.now {
				s.busy = slices.Delete(s.busy, i, i+1)
				s.finish(j)
				continue
			}
			i++
		}
	}
}

// pass lets time pass, and notes how it was spent.
func (s *sim) pass(to time.Duration) {
	d := to - s.now
	deferred := 0
	for _, h := range s.hosts {
		for _, j := range h.retry {
			if j.due > s.now {
				deferred++
			}
		}
	}
	if s.left-len(s.busy)-deferred >= simQueue {
		s.full += d
	}
	if s.left > 100 {
		s.ahead += d
	}
	if slices.ContainsFunc(s.hosts, func(h *simHost) bool { return h.until > s.now }) {
		s.blocked += d
	}
	if len(s.busy) == simWorkers {
		s.all += d
		s.tail = to
	}
	s.carried += d * time.Duration(len(s.busy))
	s.total += d
	s.now = to
}

// start hands one job to a worker: of the hosts whose turn has come, the one
// that was served longest ago.
func (s *sim) start() bool {
	var best *simHost
	var job *simJob
	var index int
	fresh := func(h *simHost, j *simJob) bool { return !s.late || !slices.Contains(h.retry, j) }
	for i, h := range s.hosts {
		at, j, ok := h.ready(s.now, s.late)
		if !ok || at > s.now {
			continue
		}
		if best == nil || fresh(h, j) && !fresh(best, job) || fresh(h, j) == fresh(best, job) && h.served < best.served {
			best, job, index = h, j, i
		}
	}
	if best == nil {
		return false
	}
	s.served++
	best.served = s.served
	path := job.path
	switch {
	case job.robots:
		job.host, path = index, "/robots.txt"
		best.robots = 1
	case best.forbids(path):
		best.drop(job)
		s.over(job, "skipped")
		return true
	default:
		best.drop(job)
	}
	job.answer = best.meet(path)
	job.end = s.now + job.answer.delay + job.answer.rest + simCost
	best.next = s.now + best.interval()
	best.flight++
	s.busy = append(s.busy, job)
	return true
}

func (h *simHost) forbids(path string) bool {
	return strings.Contains(h.host.robots, "Disallow: /private/") && strings.HasPrefix(path, "/private/")
}

// drop takes a job out of its queue.
func (h *simHost) drop(j *simJob) {
	is := func(o *simJob) bool { return o == j }
	h.front, h.queue, h.retry = slices.DeleteFunc(h.front, is), slices.DeleteFunc(h.queue, is), slices.DeleteFunc(h.retry, is)
}

// finish does what the engine does with an answer.
func (s *sim) finish(j *simJob) {
	h := s.hosts[j.host]
	h.flight--
	if j.robots {
		h.robots = 2
		h.next = max(h.next, h.next-simInterval+h.interval())
		return
	}
	if j.answer.after > 0 {
		if !h.probing { // each incident cuts the rate once; that it creeps up again is left out
			h.slowed = time.Duration(float64(h.interval()) / 0.7)
		}
		h.until, h.probing = s.now+j.answer.after, true
		if h.host.dated {
			h.until += time.Second / 2
		}
		h.front = append(h.front, j)
		return
	}
	h.probing = false
	to, elsewhere, moved := redirect(j.path)
	switch {
	case moved && strings.HasPrefix(j.path, "/loop/2"):
		s.over(j, "redirect")
	case moved:
		j.path = to
		if elsewhere {
			j.host = (j.host + 1) % len(s.hosts)
		}
		s.hosts[j.host].front = append(s.hosts[j.host].front, j)
	case j.answer.status == http.StatusServiceUnavailable, j.answer.fault == cut, j.answer.fault == short:
		if j.retries == simRetries {
			s.over(j, "failed")
			return
		}
		j.due = s.now + time.Duration(s.rand.Int64N(int64(simInterval<<j.retries)))
		j.retries++
		h.retry = append(h.retry, j)
		slices.SortFunc(h.retry, func(a, b *simJob) int { return int(a.due - b.due) })
	default:
		s.over(j, "fetched")
	}
}

func (s *sim) over(j *simJob, how string) {
	if s.ended[j.url] != "" {
		s.twice = append(s.twice, j.url)
	}
	s.ended[j.url] = how
	s.hosts[j.from].over = s.now
	s.left--
}

// How long a run takes, and how full of work it is, whichever way the engine
// orders its retries. With -v it says what to turn in plan.go.
func TestRunLength(t *testing.T) {
	for seed := range uint64(21) {
		for _, late := range []bool{false, true} {
			s := newSim(seed, late)
			s.run()
			share := func(d time.Duration) float64 { return float64(d) / float64(s.total) }
			least, most := 70*time.Second, 90*time.Second
			if seed == 1 {
				least, most = 75*time.Second, 85*time.Second
			}
			busy := share(s.carried) / simWorkers
			var ends []string
			for _, h := range s.hosts {
				ends = append(ends, fmt.Sprintf("%d in %.0f", len(h.host.listed), h.over.Seconds()))
			}
			t.Logf("seed %d, late %v: %.1f s; busy %.2f, all %.2f, the last time at %.0f s; over 100 left %.2f, full %.2f, blocked %.2f; URLs and s of each host: %s",
				seed, late, s.total.Seconds(), busy, share(s.all), s.tail.Seconds(), share(s.ahead), share(s.full), share(s.blocked), strings.Join(ends, ", "))
			if s.total < least || s.total > most {
				t.Errorf("seed %d, late %v: run takes %v, want %v to %v", seed, late, s.total, least, most)
			}
			for _, c := range []struct {
				what  string
				got   float64
				least float64
			}{
				{"workers busy", busy, 0.85},
				{"more than 100 URLs left", share(s.ahead), 0.6},
				{"queue full", share(s.full), 0.6},
				{"a host blocked", share(s.blocked), 0.5},
			} {
				if c.got < c.least {
					t.Errorf("seed %d, late %v: %s for %.2f of the run, want at least %.2f", seed, late, c.what, c.got, c.least)
				}
			}
			if len(s.twice) > 0 {
				t.Errorf("seed %d: ended twice: %v", seed, s.twice)
			}
		}
	}
}
