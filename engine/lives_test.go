package engine_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"weir/engine"
	"weir/engine/enginetest"
)

// This file plays runs of several lives: each is killed at a call of its store
// that nobody chose, before or after the store has done what it was called for,
// or at some time, or ends with its context. The laws:
//
//   - Every job ends once, and the books of each life begin with the store's.
//   - No job is requested after its result was kept, unless it was retried.
//   - An attempt is made again only if it was under way when its life ended.
//   - Two starts at a host are an interval apart, across lives too, and none
//     comes before a host that refused may be asked again. (A block that came
//     within the last second before a kill may not have been noted.)
//   - What was paused stays so in the next life.

func TestNothingIsLostBetweenLives(t *testing.T) {
	from, n := number(t, "WEIR_FROM", 0), number(t, "WEIR_SEEDS", 120)
	if testing.Short() {
		n = min(n, 40)
	}
	for seed := from; seed < from+n; seed++ {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { playLives(t, seed) })
		})
	}
}

// lives are the lives of one run.
type lives struct {
	t       *testing.T
	rng     *rand.Rand
	cfg     engine.Config
	weather *weather
	books   *engine.MemStore
	strict  bool // nothing is cancelled or retried: an attempt is made again only for a kill
	played  []string

	mu     sync.Mutex
	life   *life
	ends   []lifeEnd
	ended  map[engine.JobID]engine.Outcome // kept, and not retried since
	paused map[string]bool                 // "run", "batch 1", "host h1.test", "job 7"
	faults []string
}

// A lifeEnd is when a life ended, and the asks of the log that were its own.
type lifeEnd struct {
	at   time.Time
	asks int
	kill bool
}

// A body is the scraper of one life.
type body struct {
	*weather
	all  *lives
	life *life
}

// keeping is the store under all lives: it knows which results are kept.
type keeping struct {
	*engine.MemStore
	all *lives
}

func (k *keeping) Finish(ctx context.Context, rs []engine.Result, each func(engine.Job, engine.Class)) error {
	err := k.MemStore.Finish(ctx, rs, each)
	k.all.mu.Lock()
	defer k.all.mu.Unlock()
	for _, r := range rs {
		if _, twice := k.all.ended[r.Job]; twice {
			k.all.fault("job %d ended twice", r.Job)
		}
		k.all.ended[r.Job] = r.Outcome
		delete(k.all.paused, fmt.Sprint("job ", r.Job)) // the end of a job is that of its pause
	}
	return err
}

func (k *keeping) Change(ctx context.Context, sel engine.Selector, ch engine.Change) (engine.Changed, error) {
	moved, err := k.MemStore.Change(ctx, sel, ch)
	if ch.Kind == engine.ChangeRetry || ch.Kind == engine.ChangeRestore {
		k.all.mu.Lock()
		defer k.all.mu.Unlock()
		for id, o := range k.all.ended {
			if o == engine.Failed || o == engine.Empty {
				delete(k.all.ended, id)
			}
		}
	}
	return moved, err
}

func (l *lives) fault(format string, args ...any) {
	l.faults = append(l.faults, fmt.Sprintf(format, args...))
}

// Do implements [engine.Scraper].
func (b *body) Do(ctx context.Context, r engine.Request) engine.Step {
	if b.life.dead() {
		return enginetest.Fail(engine.Reset, "the process is no more")
	}
	l := b.all
	if r.Kind == engine.KindPage {
		l.mu.Lock()
		if o, over := l.ended[r.Job.ID]; over {
			l.fault("%v: job %d is requested, which ended %v", time.Since(l.weather.begin), r.Job.ID, o)
		}
		for _, p := range []string{"run", fmt.Sprint("batch ", r.Job.Batch), "host " + r.Job.Host, fmt.Sprint("job ", r.Job.ID)} {
			if l.paused[p] {
				l.fault("%v: job %d is requested, and its %s is paused", time.Since(l.weather.begin), r.Job.ID, p)
			}
		}
		l.mu.Unlock()
	}
	return b.weather.Do(ctx, r)
}

func (l *life) dead() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.over
}

func playLives(t *testing.T, seed uint64) {
	rng := rand.New(rand.NewPCG(seed, 23))
	l := &lives{
		t: t, rng: rng, weather: newWeather(seed, true), books: engine.NewMemStore(), strict: rng.IntN(2) == 0,
		ended: map[engine.JobID]engine.Outcome{}, paused: map[string]bool{},
		cfg: engine.Config{
			Workers: 1 + rng.IntN(8), Queue: 1 + rng.IntN(25), Interval: time.Second, GiveUp: true,
			Random: func() float64 { return 0.5 },
		},
	}
	if rng.IntN(5) == 0 {
		l.cfg.Interval = 100 * time.Millisecond
	}
	for range 1 + rng.IntN(5) {
		l.play(true)
		time.Sleep([]time.Duration{0, 0, 300 * time.Millisecond, 20 * time.Second, 10 * time.Minute}[rng.IntN(5)])
	}
	l.play(false)
	l.check()
	for _, f := range l.faults {
		t.Error(f)
	}
	if t.Failed() {
		t.Logf("%+v\n%s", l.cfg, strings.Join(l.played, "\n"))
	}
}

func (l *lives) note(format string, args ...any) {
	l.played = append(l.played, fmt.Sprintf("%v ", time.Since(l.weather.begin))+fmt.Sprintf(format, args...))
}

// play plays one life, the last of all to its end.
func (l *lives) play(mortal bool) {
	life := &life{Store: &keeping{l.books, l}}
	if mortal && l.rng.IntN(3) > 0 {
		at, when := 4+l.rng.IntN(150), func(nth int) bool { return false }
		life.before, life.after = when, when
		fuse := func(nth int) bool { return nth == at }
		if l.rng.IntN(2) == 0 {
			life.before = fuse
		} else {
			life.after = fuse
		}
	}
	l.life = life
	cfg := l.cfg
	cfg.Store = life
	e, err := engine.New(&body{l.weather, l, life}, cfg)
	if err != nil {
		l.t.Fatal(err)
	}
	l.booksBegin(e)
	ctx, stop := context.WithCancelCause(l.t.Context())
	ended := make(chan error, 1)
	go func() { ended <- e.Run(ctx) }()
	for range 2 + l.rng.IntN(12) {
		if life.dead() {
			break
		}
		l.operate(e)
		time.Sleep(time.Duration(l.rng.IntN(8000)) * time.Millisecond)
	}
	if mortal {
		kill := l.rng.IntN(4) > 0
		at := time.Now()
		if life.dead() {
			at, kill = life.ended, true
			l.note("killed at %v, call %d", at.Sub(l.weather.begin), life.calls)
		} else if kill {
			l.note("killed")
			life.kill()
		} else {
			l.note("left")
		}
		l.mu.Lock()
		l.ends = append(l.ends, lifeEnd{at, len(l.weather.log(0)), kill})
		l.mu.Unlock()
		stop(errKilled)
		if err := <-ended; err == nil {
			l.t.Error("Run = nil")
		}
		if !kill {
			life.kill()
		}
		return
	}
	l.resumeAll(e)
	e.Close()
	if err := <-ended; err != nil {
		l.t.Errorf("Run = %v", err)
	}
	stop(nil)
}

// booksBegin checks that the books of a new life are those of the store.
func (l *lives) booksBegin(e *engine.Engine) {
	s := e.Snapshot()
	counts, err := l.books.Count(context.Background(), engine.Query{})
	if err != nil || s.Counts != counts || !counts.Balanced() || counts.InFlight+counts.Queued > 0 {
		l.t.Errorf("a life begins with %+v; the store has %+v, %v", s.Counts, counts, err)
	}
	for _, b := range s.Batches {
		if counts, _ := l.books.Count(context.Background(), engine.Query{Batch: b.Batch.ID}); counts != b.Counts {
			l.t.Errorf("batch %d begins with %+v; the store has %+v", b.Batch.ID, b.Counts, counts)
		}
	}
	waiting := 0
	for _, h := range s.Hosts {
		waiting += h.Waiting
	}
	if waiting != counts.Left() {
		l.t.Errorf("%d jobs wait by their hosts, want %d", waiting, counts.Left())
	}
	l.note("a life with %d of %d left", counts.Left(), counts.Submitted)
}

// operate is one act of the operator.
func (l *lives) operate(e *engine.Engine) {
	ctx := context.Background()
	s := e.Snapshot()
	sel := engine.Selector{Host: fmt.Sprintf("h%d.test", l.rng.IntN(5))}
	name := "host " + sel.Host
	switch n := len(s.Batches); {
	case n > 0 && l.rng.IntN(3) == 0:
		sel = engine.Selector{Batch: engine.BatchID(1 + l.rng.IntN(n))}
		name = fmt.Sprint("batch ", sel.Batch)
	case n > 0 && l.rng.IntN(4) == 0:
		sel = engine.Selector{Jobs: []engine.JobID{engine.JobID(1 + l.rng.IntN(s.Counts.Submitted))}}
		name = fmt.Sprint("job ", sel.Jobs[0])
	case l.rng.IntN(12) == 0:
		sel, name = engine.Selector{All: true}, "run"
	}
	var err error
	act := "cancel"
	switch n := l.rng.IntN(24); {
	case n < 7 || len(s.Batches) == 0:
		act = "add"
		_, err = e.Add(ctx, engine.Batch{Name: "list", Priority: engine.Priority(l.rng.IntN(3) - 1)}, l.list())
	case n < 11:
		act = "pause"
		if _, err = e.Pause(ctx, sel); err == nil && (sel.Jobs == nil || l.ofJob(sel.Jobs[0])) {
			l.pause(name, true)
		}
	case n < 15:
		act = "resume"
		l.pause(name, false) // if it was killed meanwhile, nobody knows
		_, err = e.Resume(ctx, sel)
	case n < 17:
		act = "workers"
		_, err = e.SetWorkers(ctx, 1+l.rng.IntN(8))
	case n < 19:
		act = "interval"
		if sel.Jobs == nil {
			_, err = e.SetInterval(ctx, sel, l.cfg.Interval+time.Duration(1+l.rng.IntN(3000))*time.Millisecond)
		}
	case l.strict:
		act = "nothing"
	case n < 21:
		_, err = e.Cancel(ctx, sel)
	case n < 22:
		act = "undo"
		l.mu.Lock()
		l.paused = map[string]bool{} // whatever it was
		l.mu.Unlock()
		_, err = e.Undo(ctx)
	default:
		act = "retry"
		_, err = e.Retry(ctx, sel)
	}
	l.note("%s %s: %v", act, name, err)
	if err != nil && !errors.Is(err, engine.ErrNothing) && !l.life.dead() {
		l.t.Errorf("%s %s: %v", act, name, err)
	}
}

// ofJob reports whether a job has not ended, so that a pause of it holds.
func (l *lives) ofJob(id engine.JobID) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, over := l.ended[id]
	return !over
}

func (l *lives) pause(name string, paused bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.paused[name] = paused && !l.life.dead()
}

func (l *lives) list() iter.Seq2[engine.Job, error] {
	hosts := 1 + l.rng.IntN(5)
	var jobs []engine.Job
	for i := range 1 + l.rng.IntN(40) {
		jobs = append(jobs, l.weather.job(fmt.Sprintf("h%d.test", l.rng.IntN(hosts)), i%25))
	}
	return func(yield func(engine.Job, error) bool) {
		for i, j := range jobs {
			var err error
			if i%20 == 19 {
				err = errors.New("no URL")
			}
			if !yield(j, err) {
				return
			}
		}
	}
}

// resumeAll lifts every pause.
func (l *lives) resumeAll(e *engine.Engine) {
	l.mu.Lock()
	l.paused = map[string]bool{}
	l.mu.Unlock()
	s := e.Snapshot()
	sels := []engine.Selector{{All: true}}
	for _, b := range s.Batches {
		sels = append(sels, engine.Selector{Batch: b.Batch.ID})
	}
	for _, h := range s.Hosts {
		sels = append(sels, engine.Selector{Host: h.Host})
	}
	for id := range s.Counts.Submitted {
		sels = append(sels, engine.Selector{Jobs: []engine.JobID{engine.JobID(id + 1)}})
	}
	for _, sel := range sels {
		if _, err := e.Resume(context.Background(), sel); err != nil && !errors.Is(err, engine.ErrNothing) {
			l.t.Errorf("resume %+v: %v", sel, err)
		}
	}
}

// check checks the laws over all lives.
func (l *lives) check() {
	counts, err := l.books.Count(context.Background(), engine.Query{})
	if err != nil || !counts.Balanced() || counts.Left() > 0 {
		l.t.Errorf("the store ends with %+v, %v", counts, err)
	}
	rs, err := l.books.Results(context.Background(), engine.Query{})
	if want := counts.Ended() - counts.Cancelled - counts.Duplicate - counts.Invalid; err != nil || len(rs) < want || l.strict && len(rs) != want {
		l.t.Errorf("%d results, %v; want %d", len(rs), err, want)
	}
	if !slices.IsSortedFunc(rs, func(a, b engine.Result) int { return int(a.Num) - int(b.Num) }) {
		l.t.Error("the results are not in the order of their numbers")
	}
	asks := l.weather.log(0)
	lifeOf := func(i int) int {
		n := 0
		for n < len(l.ends) && i >= l.ends[n].asks {
			n++
		}
		return n
	}
	last := map[string]time.Time{}
	type attempt struct {
		job engine.JobID
		nth int
	}
	made := map[attempt]int{} // the ask with which it ended last
	for i, a := range asks {
		n := lifeOf(i)
		if !a.start.IsZero() && (n == len(l.ends) || !a.start.After(l.ends[n].at)) {
			if was, ok := last[a.Host]; ok && a.start.Sub(was) < l.cfg.Interval {
				l.fault("%s is asked %v after it was, at %v", a.Host, a.start.Sub(was), a.start.Sub(l.weather.begin))
			}
			last[a.Host] = a.start
		}
		if a.Kind != engine.KindPage {
			continue
		}
		key := attempt{a.Job.ID, a.Attempt}
		if before, ok := made[key]; ok && l.strict && len(a.Hops) == 0 {
			b := asks[before]
			m := lifeOf(before)
			if b.step.Result != nil && (m == n || b.ended.Before(l.ends[m].at)) {
				l.fault("attempt %d of job %d is made at %v, and ended at %v in life %d of %d", a.Attempt, a.Job.ID, a.began.Sub(l.weather.begin), b.ended.Sub(l.weather.begin), m, n)
			}
		}
		made[key] = i
	}
	if l.strict { // else an answer may have been cut, and is not heeded
		l.blocks(asks, lifeOf)
	}
}

// blocks checks that no host is asked before it allowed.
func (l *lives) blocks(asks []*ask, lifeOf func(int) int) {
	type block struct {
		host  string
		from  time.Time
		until time.Time
	}
	var blocks []block
	for i, a := range asks {
		h := a.step.Host
		if h.RetryAfter == 0 || h.Status != 429 && h.Status != 503 || a.ended.IsZero() {
			continue
		}
		n := lifeOf(i)
		if n < len(l.ends) && l.ends[n].at.Sub(a.ended) <= 1100*time.Millisecond {
			continue // it may not have been noted, or came too late
		}
		blocks = append(blocks, block{a.Host, a.ended, a.ended.Add(h.RetryAfter)})
	}
	for i, a := range asks {
		for _, b := range blocks {
			if a.Host == b.host && !a.start.IsZero() && a.began.After(b.from) && a.start.Before(b.until) {
				l.fault("%s is asked at %v in life %d, and said at %v not before %v", a.Host, a.start.Sub(l.weather.begin),
					lifeOf(i), b.from.Sub(l.weather.begin), b.until.Sub(l.weather.begin))
			}
		}
	}
}
