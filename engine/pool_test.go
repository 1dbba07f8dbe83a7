package engine_test

import (
	"context"
	"errors"
	"fmt"
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
