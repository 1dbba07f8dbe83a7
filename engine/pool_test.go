package engine_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"weir/engine"
)

// job returns a job of host.
func job(id int, host string) engine.Job {
	return engine.Job{ID: engine.JobID(id), Host: host, URL: fmt.Sprintf("http://%s/%d", host, id)}
}

// take makes a handler that takes d of time.
func take(d time.Duration) engine.Handler {
	return func(ctx context.Context, t *engine.Turn) error {
		select {
		case <-time.After(d):
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func newPool(t *testing.T, h engine.Handler, cfg engine.PoolConfig) *engine.Pool {
	t.Helper()
	p, err := engine.NewPool(h, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// drain closes p and waits for its end.
func drain(t *testing.T, p *engine.Pool) {
	t.Helper()
	p.Close()
	if err := p.Wait(t.Context()); err != nil {
		t.Errorf("Wait = %v, want nil", err)
	}
}

func TestPoolCarriesAtMostFiveAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var now, most atomic.Int32
		p := newPool(t, func(ctx context.Context, turn *engine.Turn) error {
			most.Store(max(most.Load(), now.Add(1)))
			defer now.Add(-1)
			return take(time.Second)(ctx, turn)
		}, engine.PoolConfig{Interval: -1})
		begin := time.Now()
		for i := range 20 {
			if err := p.Submit(job(i, "one.test")); err != nil {
				t.Fatalf("submit %d: %v", i, err)
			}
		}
		synctest.Wait()
		if got := p.ActiveWorkers(); got != 5 {
			t.Errorf("ActiveWorkers = %d, want 5", got)
		}
		if got := p.QueueDepth(); got != 15 {
			t.Errorf("QueueDepth = %d, want 15", got)
		}
		drain(t, p)
		if got := most.Load(); got != 5 {
			t.Errorf("%d jobs at once, want 5", got)
		}
		if got := time.Since(begin); got != 4*time.Second {
			t.Errorf("20 jobs of 1 s took %v, want 4s", got)
		}
	})
}

func TestPoolRefusesExactlyWhatIsBeyondItsCapacity(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPool(t, take(time.Second), engine.PoolConfig{Workers: 2, Interval: -1})
		var refused int
		for i := range 150 {
			switch err := p.Submit(job(i, "one.test")); {
			case errors.Is(err, engine.ErrQueueFull):
				refused++
				if i < 102 {
					t.Errorf("submit %d was refused, want the first 102 taken", i)
				}
			case err != nil:
				t.Fatalf("submit %d: %v", i, err)
			}
		}
		if refused != 48 { // 150 - 2 workers - 100 places
			t.Errorf("%d refused, want 48", refused)
		}
		drain(t, p)
	})
}

func TestPoolRefusesThe101stQueuedJob(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPool(t, take(time.Second), engine.PoolConfig{}) // one host a second: one job starts
		for i := range 101 {
			if err := p.Submit(job(i, "one.test")); err != nil {
				t.Fatalf("submit %d: %v", i, err)
			}
		}
		if got := p.QueueDepth(); got != 100 {
			t.Errorf("QueueDepth = %d, want 100", got)
		}
		if err := p.Submit(job(101, "one.test")); !errors.Is(err, engine.ErrQueueFull) {
			t.Errorf("the 101st queued job: %v, want ErrQueueFull", err)
		}
		room := p.Room()
		select {
		case <-room:
			t.Error("Room before there is any")
		default:
		}
		time.Sleep(time.Second)
		synctest.Wait()
		select {
		case <-room:
		default:
			t.Error("no Room after a job started")
		}
		select {
		case <-p.Room():
		default:
			t.Error("Room waits although there is some")
		}
		if err := p.Submit(job(102, "one.test")); err != nil {
			t.Errorf("submit into the place that became free: %v", err)
		}
		drain(t, p)
	})
}

// Everybody who waits for room hears of it, however many there are.
func TestPoolWithManyProducersLosesNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ran atomic.Int32
		p := newPool(t, func(context.Context, *engine.Turn) error {
			time.Sleep(time.Millisecond)
			ran.Add(1)
			return nil
		}, engine.PoolConfig{Workers: 2, Queue: 3, Interval: -1})
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for i := range 50 {
					for errors.Is(p.Submit(job(i, "one.test")), engine.ErrQueueFull) {
						<-p.Room()
					}
				}
			})
		}
		wg.Wait()
		drain(t, p)
		if got := ran.Load(); got != 400 {
			t.Errorf("%d jobs ran, want 400", got)
		}
	})
}

func TestPoolRunsAll(t *testing.T) {
	odd := errors.New("odd")
	for _, tc := range []struct {
		name    string
		jobs    int
		handle  func(id int) error
		fail    int
		panics  int
		workers int
		took    time.Duration
	}{
		{name: "ten", jobs: 10, took: 2 * time.Second},
		{name: "a hundred through five workers", jobs: 100, took: 20 * time.Second},
		{name: "every second fails and the rest run", jobs: 10, fail: 5, took: 2 * time.Second, handle: func(id int) error {
			if id%2 == 1 {
				return odd
			}
			return nil
		}},
		{name: "a panic is that job's failure", jobs: 10, fail: 1, panics: 1, took: 2 * time.Second, handle: func(id int) error {
			if id == 3 {
				panic("three")
			}
			return nil
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var mu sync.Mutex
				var ended, fail, panics int
				p := newPool(t, func(ctx context.Context, turn *engine.Turn) error {
					time.Sleep(time.Second)
					if tc.handle == nil {
						return nil
					}
					return tc.handle(int(turn.Job.ID))
				}, engine.PoolConfig{Interval: -1, Ended: func(_ engine.Job, err error) {
					mu.Lock()
					defer mu.Unlock()
					ended++
					if err != nil {
						fail++
					}
					if pe := new(engine.PanicError); errors.As(err, &pe) {
						panics++
						if pe.Value != "three" || len(pe.Stack) == 0 {
							t.Errorf("PanicError = %v with %d bytes of stack", pe.Value, len(pe.Stack))
						}
					}
				}})
				begin := time.Now()
				for i := range tc.jobs {
					if err := p.Submit(job(i, "one.test")); err != nil {
						t.Fatalf("submit %d: %v", i, err)
					}
				}
				drain(t, p)
				if ended != tc.jobs || fail != tc.fail || panics != tc.panics {
					t.Errorf("%d ended, %d failed, %d panics; want %d, %d, %d", ended, fail, panics, tc.jobs, tc.fail, tc.panics)
				}
				if got := time.Since(begin); got != tc.took {
					t.Errorf("took %v, want %v", got, tc.took)
				}
			})
		})
	}
}

func TestPoolStartsNothingAfterItsContextEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		var mu sync.Mutex
		var last time.Duration
		var cut int
		p := newPool(t, func(ctx context.Context, turn *engine.Turn) error {
			mu.Lock()
			last = max(last, time.Since(begin))
			mu.Unlock()
			err := take(30*time.Millisecond)(ctx, turn)
			if errors.Is(err, context.DeadlineExceeded) {
				mu.Lock()
				cut++
				mu.Unlock()
			}
			return err
		}, engine.PoolConfig{Workers: 2, Interval: -1})
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		stop := context.AfterFunc(ctx, func() { p.Cancel(context.Cause(ctx)) })
		defer stop()
		for i := range 50 {
			if err := p.Submit(job(i, "one.test")); err != nil {
				t.Fatal(err)
			}
		}
		err := p.Wait(t.Context())
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Wait = %v, want the deadline", err)
		}
		if got := time.Since(begin); got != 200*time.Millisecond {
			t.Errorf("the workers were free after %v, want 200ms", got)
		}
		time.Sleep(time.Second)
		mu.Lock()
		defer mu.Unlock()
		if last != 180*time.Millisecond {
			t.Errorf("the last job started at %v, want 180ms", last)
		}
		if cut != 2 {
			t.Errorf("%d jobs saw the deadline as their cause, want 2", cut)
		}
		if got := p.QueueDepth(); got != 0 {
			t.Errorf("QueueDepth = %d, want 0", got)
		}
		if err := p.Submit(job(99, "one.test")); !errors.Is(err, engine.ErrPoolClosed) {
			t.Errorf("submit after the end: %v, want ErrPoolClosed", err)
		}
	})
}

func TestPoolRefusesAfterClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ran atomic.Int32
		p := newPool(t, func(context.Context, *engine.Turn) error { ran.Add(1); return nil }, engine.PoolConfig{})
		for i := range 3 {
			if err := p.Submit(job(i, "one.test")); err != nil {
				t.Fatal(err)
			}
		}
		p.Close()
		p.Close()
		if err := p.Submit(job(4, "one.test")); !errors.Is(err, engine.ErrPoolClosed) {
			t.Errorf("submit after Close: %v, want ErrPoolClosed", err)
		}
		if err := p.Wait(t.Context()); err != nil || ran.Load() != 3 {
			t.Errorf("Wait = %v with %d jobs run, want nil with 3", err, ran.Load())
		}
	})
}

func TestPoolPacesEachHostAndNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		var mu sync.Mutex
		starts := map[string][]time.Duration{}
		p := newPool(t, func(_ context.Context, turn *engine.Turn) error {
			mu.Lock()
			defer mu.Unlock()
			starts[turn.Job.Host] = append(starts[turn.Job.Host], time.Since(begin))
			return nil
		}, engine.PoolConfig{})
		for i := range 50 { // fifty of a slow host, ahead of one of an idle one
			if err := p.Submit(job(i, "slow.test")); err != nil {
				t.Fatal(err)
			}
		}
		if err := p.Submit(job(50, "idle.test")); err != nil {
			t.Fatal(err)
		}
		drain(t, p)
		for i, got := range starts["slow.test"] {
			if want := time.Duration(i) * time.Second; got != want {
				t.Errorf("start %d of slow.test came after %v, want %v", i, got, want)
			}
		}
		if got := starts["idle.test"]; len(got) != 1 || got[0] != 0 {
			t.Errorf("idle.test started at %v, want at once", got)
		}
		if got := time.Since(begin); got != 49*time.Second {
			t.Errorf("all took %v, want 49s", got)
		}
	})
}

func TestPoolWithLimiterSharesOneGate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		var mu sync.Mutex
		var starts []time.Duration
		p := newPool(t, func(context.Context, *engine.Turn) error {
			mu.Lock()
			defer mu.Unlock()
			starts = append(starts, time.Since(begin))
			return nil
		}, engine.PoolConfig{Interval: -1, Limiter: engine.NewRateLimiter(100 * time.Millisecond)})
		for i := range 10 {
			if err := p.Submit(job(i, fmt.Sprintf("h%d.test", i))); err != nil {
				t.Fatal(err)
			}
		}
		drain(t, p)
		for i, got := range starts {
			if want := time.Duration(i) * 100 * time.Millisecond; got != want {
				t.Errorf("start %d came after %v, want %v", i, got, want)
			}
		}
	})
}

func TestPoolResizesUnderLoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPool(t, take(time.Second), engine.PoolConfig{Queue: 1000, Interval: -1})
		for i := range 400 {
			if err := p.Submit(job(i, "one.test")); err != nil {
				t.Fatal(err)
			}
		}
		for _, n := range []int{5, 50, 1, 3} {
			if err := p.SetWorkers(n); err != nil {
				t.Fatal(err)
			}
			time.Sleep(1500 * time.Millisecond) // those beyond n have finished what they carried
			synctest.Wait()
			if got := p.ActiveWorkers(); got != n {
				t.Errorf("after SetWorkers(%d): ActiveWorkers = %d", n, got)
			}
		}
		for _, n := range []int{0, -1, engine.MaxWorkers + 1} {
			if err := p.SetWorkers(n); err == nil {
				t.Errorf("SetWorkers(%d) = nil, want an error", n)
			}
		}
		drain(t, p)
	})
}

// A turn is out until its request is written: nothing else of the host goes
// before, and its interval counts from there.
// Of fewer workers none takes up a job while as many are carried by those that
// were more.
func TestPoolOfFewerWorkersCarriesNoMoreThanThey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		var mu sync.Mutex
		at := map[engine.JobID]time.Duration{}
		p := newPool(t, func(_ context.Context, turn *engine.Turn) error {
			mu.Lock()
			at[turn.Job.ID] = time.Since(begin)
			mu.Unlock()
			time.Sleep(map[engine.JobID]time.Duration{1: time.Second, 2: 10 * time.Second, 3: 20 * time.Second}[turn.Job.ID])
			return nil
		}, engine.PoolConfig{Workers: 3, Interval: -1})
		for i := range 6 {
			if err := p.Submit(job(i+1, "one.test")); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		if err := p.SetWorkers(1); err != nil {
			t.Fatal(err)
		}
		drain(t, p)
		for id := engine.JobID(4); id <= 6; id++ {
			if at[id] != 20*time.Second {
				t.Errorf("job %d began after %v, want 20s, when one worker carries one job", id, at[id])
			}
		}
	})
}

func TestPoolCountsFromTheRealStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		var mu sync.Mutex
		var called, started []time.Duration
		p := newPool(t, func(_ context.Context, turn *engine.Turn) error {
			note := func(to *[]time.Duration) {
				mu.Lock()
				defer mu.Unlock()
				*to = append(*to, time.Since(begin))
			}
			note(&called)
			switch turn.Job.ID {
			case 0:
				time.Sleep(700 * time.Millisecond) // a slow handshake
			case 1:
				return nil // makes no request: its turn is not used
			}
			turn.Start()
			turn.Start()
			note(&started)
			time.Sleep(5 * time.Second) // a slow answer holds up nobody
			return nil
		}, engine.PoolConfig{HandlerStarts: true})
		for i := range 4 {
			if err := p.Submit(job(i, "one.test")); err != nil {
				t.Fatal(err)
			}
		}
		drain(t, p)
		const ms = time.Millisecond
		wantCalled := []time.Duration{0, 1700 * ms, 1700 * ms, 2700 * ms}
		wantStarted := []time.Duration{700 * ms, 1700 * ms, 2700 * ms}
		if fmt.Sprint(called) != fmt.Sprint(wantCalled) {
			t.Errorf("handlers were called at %v, want %v", called, wantCalled)
		}
		if fmt.Sprint(started) != fmt.Sprint(wantStarted) {
			t.Errorf("requests started at %v, want %v", started, wantStarted)
		}
	})
}

func TestPoolServesPrioritiesAndThenBatchesInTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got []engine.JobID
		p := newPool(t, func(_ context.Context, turn *engine.Turn) error {
			got = append(got, turn.Job.ID)
			return nil
		}, engine.PoolConfig{Workers: 1})
		for _, j := range []engine.Job{
			{ID: 1, Batch: 1},
			{ID: 2, Batch: 1},
			{ID: 3, Batch: 1},
			{ID: 4, Batch: 1},
			{ID: 5, Batch: 2},
			{ID: 6, Batch: 2},
			{ID: 7, Batch: 3, Priority: engine.High},
			{ID: 8, Batch: 4, Priority: engine.Low},
		} {
			j.Host = "one.test"
			if err := p.Submit(j); err != nil {
				t.Fatal(err)
			}
		}
		drain(t, p)
		// 1 went at once; then the high one; then batches 1 and 2 in turn; low last.
		if want := []engine.JobID{1, 7, 2, 5, 3, 6, 4, 8}; fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("order %v, want %v", got, want)
		}
	})
}

// starts runs a pool of one worker in which every job, when it is carried,
// submits its like, so that its supply never ends. It returns the first n jobs
// in the order in which they started. The first of jobs is in the worker's
// hands when the others come.
func starts(t *testing.T, n int, interval time.Duration, jobs ...engine.Job) (got []engine.Job) {
	synctest.Test(t, func(t *testing.T) {
		var p *engine.Pool
		first := make(chan struct{})
		begin := time.Now()
		p = newPool(t, func(_ context.Context, turn *engine.Turn) error {
			<-first
			if len(got) == n {
				p.Cancel(nil)
				return nil
			}
			if took := time.Since(begin); interval > 0 && took != time.Duration(len(got))*interval {
				t.Errorf("start %d came after %v: the host was idle", len(got), took)
			}
			got = append(got, turn.Job)
			return p.Submit(turn.Job)
		}, engine.PoolConfig{Workers: 1, Queue: len(jobs), Interval: cmp.Or(interval, -1)})
		for i, j := range jobs {
			j.ID = engine.JobID(i)
			if err := p.Submit(j); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		close(first)
		if err := p.Wait(t.Context()); !errors.Is(err, engine.ErrCancelled) {
			t.Errorf("Wait = %v, want ErrCancelled", err)
		}
	})
	return got
}

// hosts returns a job of a priority for each of n hosts.
func hosts(n int, name string, p engine.Priority) (jobs []engine.Job) {
	for i := range n {
		jobs = append(jobs, engine.Job{Host: fmt.Sprintf("%s%d.test", name, i), Priority: p})
	}
	return jobs
}

// A lower priority is passed over nine times in a row and not once more, however
// much there is of the higher ones; and it gets no more than that.
func TestPoolStarvesNoPriority(t *testing.T) {
	one := func(p engine.Priority) engine.Job { return engine.Job{Host: "h0.test", Priority: p} }
	for _, tc := range []struct {
		name     string
		interval time.Duration
		jobs     []engine.Job
		passed   map[engine.Priority]int // jobs of others in a row, at most
		share    map[engine.Priority]int // of 1000 jobs
	}{
		{
			name: "inside a host", jobs: []engine.Job{one(engine.High), one(engine.High), one(engine.Low)},
			passed: map[engine.Priority]int{engine.High: 1, engine.Low: 9},
			share:  map[engine.Priority]int{engine.High: 900, engine.Low: 100},
		},
		{
			name: "inside a paced host", interval: time.Second,
			jobs:   []engine.Job{one(engine.High), one(engine.High), one(engine.Low)},
			passed: map[engine.Priority]int{engine.High: 1, engine.Low: 9},
			share:  map[engine.Priority]int{engine.High: 900, engine.Low: 100},
		},
		{
			name: "three in a host", jobs: []engine.Job{one(engine.High), one(engine.High), one(engine.Low), one(engine.Normal)},
			passed: map[engine.Priority]int{engine.High: 2, engine.Normal: 9, engine.Low: 10},
			share:  map[engine.Priority]int{engine.High: 800, engine.Normal: 100, engine.Low: 100},
		},
		{
			name: "any number is a priority", jobs: []engine.Job{one(math.MaxInt), one(math.MaxInt), one(math.MinInt)},
			passed: map[engine.Priority]int{math.MaxInt: 1, math.MinInt: 9},
			share:  map[engine.Priority]int{math.MaxInt: 900, math.MinInt: 100},
		},
		{
			name: "a host of its own beside one", jobs: append(hosts(2, "h", engine.High), hosts(1, "low", engine.Low)...),
			passed: map[engine.Priority]int{engine.High: 1, engine.Low: 9},
			share:  map[engine.Priority]int{engine.High: 900, engine.Low: 100},
		},
		{
			name: "a host of its own beside many", jobs: append(hosts(50, "h", engine.High), hosts(1, "low", engine.Low)...),
			passed: map[engine.Priority]int{engine.High: 1, engine.Low: 9},
			share:  map[engine.Priority]int{engine.High: 900, engine.Low: 100},
		},
		{
			name:   "many beside many",
			jobs:   slices.Concat(hosts(50, "h", engine.High), hosts(50, "n", engine.Normal), hosts(50, "low", engine.Low)),
			passed: map[engine.Priority]int{engine.High: 2, engine.Normal: 9, engine.Low: 10},
			share:  map[engine.Priority]int{engine.High: 800, engine.Normal: 100, engine.Low: 100},
		},
		{
			// The host's turn is as that of its best job; every tenth is the low one's.
			name: "in one of many hosts", jobs: append(hosts(20, "h", engine.High), one(engine.Low)),
			passed: map[engine.Priority]int{engine.High: 1, engine.Low: 10*20 - 1},
			share:  map[engine.Priority]int{engine.High: 995, engine.Low: 5},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			n := map[engine.Priority]int{}
			waits, most := map[engine.Priority]int{}, map[engine.Priority]int{}
			for i, j := range starts(t, 1001, tc.interval, tc.jobs...) {
				if i == 0 {
					continue // it went before the others came
				}
				for p := range tc.share {
					waits[p]++
				}
				waits[j.Priority] = 0
				for p, w := range waits {
					most[p] = max(most[p], w)
				}
				n[j.Priority]++
			}
			if !maps.Equal(most, tc.passed) {
				t.Errorf("passed over in a row %v, want %v", most, tc.passed)
			}
			for p, want := range tc.share {
				if n[p] < want-1 || n[p] > want+1 { // 1000 need not be whole rounds
					t.Errorf("priority %d had %d of 1000, want %d", p, n[p], want)
				}
			}
		})
	}
}

// Among equals a job at the head of its host waits for one of each other host
// that is ready, and a job in a batch for one of each other batch of its host.
func TestPoolServesEqualsInTurn(t *testing.T) {
	for _, tc := range []struct {
		name string
		jobs []engine.Job
		key  func(engine.Job) string
		keys int
	}{
		{
			name: "hosts", keys: 30, key: func(j engine.Job) string { return j.Host },
			jobs: slices.Concat(hosts(30, "h", engine.Normal), hosts(7, "h", engine.Normal), hosts(7, "h", engine.Normal)),
		},
		{
			name: "batches of a host", keys: 3, key: func(j engine.Job) string { return fmt.Sprint(j.Batch) },
			jobs: []engine.Job{
				{Host: "h", Batch: 1},
				{Host: "h", Batch: 1},
				{Host: "h", Batch: 1},
				{Host: "h", Batch: 1},
				{Host: "h", Batch: 2},
				{Host: "h", Batch: 2},
				{Host: "h", Batch: 3},
			},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			last := map[string]int{}
			for i, j := range starts(t, 1000, 0, tc.jobs...) {
				k := tc.key(j)
				if at, seen := last[k]; seen && at > 0 && i-at != tc.keys {
					t.Fatalf("start %d is of %s, %d after its last; want each %d", i, k, i-at, tc.keys)
				}
				last[k] = i
			}
			if len(last) != tc.keys {
				t.Errorf("%d had their turn, want %d", len(last), tc.keys)
			}
		})
	}
}

// A host that has waited is not overtaken by those that come later, were it
// served lately or not.
func TestPoolDoesNotLetNewHostsOvertake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p *engine.Pool
		var old []int
		n := 0
		first := make(chan struct{})
		p = newPool(t, func(_ context.Context, turn *engine.Turn) error {
			<-first
			if turn.Job.Host == "old.test" {
				old = append(old, n)
			}
			if n++; n > 100 {
				return nil
			}
			return p.Submit(job(n, fmt.Sprintf("new%d.test", n))) // as fast as they are carried
		}, engine.PoolConfig{Workers: 1, Interval: -1})
		for i := range 6 {
			if err := p.Submit(job(i, "old.test")); err != nil {
				t.Fatal(err)
			}
		}
		close(first)
		synctest.Wait()
		drain(t, p)
		if want := []int{0, 1, 3, 6, 10, 15}; !slices.Equal(old, want) {
			t.Errorf("the old host's jobs started as numbers %v, want %v", old, want)
		}
	})
}

func TestNewPoolNamesWhatIsOutOfRange(t *testing.T) {
	for _, tc := range []struct {
		cfg  engine.PoolConfig
		want string
	}{
		{engine.PoolConfig{Workers: -1}, "engine: workers -1: want 1 to 500"},
		{engine.PoolConfig{Workers: 501}, "engine: workers 501: want 1 to 500"},
		{engine.PoolConfig{Queue: -3}, "engine: queue -3: want at least 1"},
	} {
		if _, err := engine.NewPool(take(0), tc.cfg); err == nil || err.Error() != tc.want {
			t.Errorf("NewPool(%+v) = %v, want %s", tc.cfg, err, tc.want)
		}
	}
}
