package cli

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"weir/engine"
	"weir/engine/enginetest"
)

func TestLedger(t *testing.T) {
	for _, tc := range []struct {
		name string
		in   engine.Counts
		want string
	}{
		{
			name: "all ended",
			in:   engine.Counts{Submitted: 10, OK: 5, Empty: 1, Failed: 2, Skipped: 1, Cancelled: 1},
			want: "10 submitted = 5 ok + 1 empty + 2 failed + 1 skipped + 1 cancelled: balances",
		},
		{
			name: "after a drain",
			in:   engine.Counts{Submitted: 9, OK: 5, Backlog: 3, Retry: 1},
			want: "9 submitted = 5 ok + 0 empty + 0 failed + 0 skipped + 0 cancelled + 4 not fetched: balances",
		},
		{
			name: "one is lost",
			in:   engine.Counts{Submitted: 3, OK: 2},
			want: "3 submitted = 2 ok + 0 empty + 0 failed + 0 skipped + 0 cancelled: DOES NOT BALANCE",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := ledger(tc.in); got != tc.want {
				t.Errorf("ledger = %q, want %q", got, tc.want)
			}
		})
	}
}

func TestProgressLine(t *testing.T) {
	s := engine.Stats{
		Counts: engine.Counts{Submitted: 1000, Backlog: 1, OK: 990, Empty: 5, Failed: 4},
		Rate:   4.94,
		ETA:    61 * time.Second,
		Limit:  engine.Limit{Kind: engine.LimitPace},
	}
	want := " 99%  999 of 1000  ok 990  empty 5  failed 4  4.9/s  eta 1m1s  limited by host pace"
	if got := progressLine(s); got != want {
		t.Errorf("progressLine = %q, want %q", got, want)
	}
	s.Counts.Backlog, s.Counts.OK = 0, 991
	want = "100%  1000 of 1000  ok 991  empty 5  failed 4  4.9/s"
	if got := progressLine(s); got != want {
		t.Errorf("progressLine = %q, want %q", got, want)
	}
}

// runOf returns an engine over a fake scraper with a batch of n jobs of one
// host, a second apart.
func runOf(t *testing.T, n int) *engine.Engine {
	t.Helper()
	e, err := engine.New(&enginetest.Scraper{}, engine.Config{Interval: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Add(t.Context(), engine.Batch{Name: "list"}, enginetest.Jobs("one.test", n)); err != nil {
		t.Fatal(err)
	}
	return e
}

func TestHeadlessTellsHowItGoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := runOf(t, 12)
		e.Close()
		g := newGroup(t.Context())
		g.run(e.Run)
		var out strings.Builder
		p := &linePrinter{w: &out}
		watch(g.ctx, p, e, time.Time{})
		if err := g.wait(); err != nil {
			t.Fatal(err)
		}
		end, err := account(t.Context(), e)
		if err != nil {
			t.Fatal(err)
		}
		p.end(end)
		got := strings.Split(strings.TrimSpace(out.String()), "\n")
		// A line after 5 s and after 10 s; the last request starts after 11 s.
		if len(got) != 4 || !strings.Contains(got[0], "of 12  ok ") || !strings.Contains(got[1], "of 12  ok ") ||
			got[2] != "weir: ledger: 12 submitted = 12 ok + 0 empty + 0 failed + 0 skipped + 0 cancelled: balances" {
			t.Errorf("wrote %q, want two lines of progress and the ledger", got)
		}
	})
}

// Of the log, the printer says what happened since it took over from a screen.
func TestHeadlessSaysWhatIsNew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := runOf(t, 3)
		if _, err := e.Cancel(t.Context(), engine.Selector{All: true}); err != nil {
			t.Fatal(err)
		}
		e.Close()
		g := newGroup(t.Context())
		g.run(e.Run)
		if err := g.wait(); err != nil {
			t.Fatal(err)
		}
		for _, tc := range []struct {
			name string
			from time.Time
			want string
		}{
			{name: "headless from the start", want: "weir: the run cancelled: 3 waiting, 0 queued, 0 in flight\n"},
			{name: "after a screen", from: time.Now().Add(time.Nanosecond)},
		} {
			var out strings.Builder
			sub := e.Subscribe(engine.SubscribeOptions{})
			tell(&linePrinter{w: &out}, sub, tc.from)
			if got := out.String(); got != tc.want {
				t.Errorf("%s: said %q, want %q", tc.name, got, tc.want)
			}
			sub.Close()
		}
	})
}

// What a screen covers is said afterwards, in its order.
func TestHolder(t *testing.T) {
	var out strings.Builder
	h := &holder{printer: &linePrinter{w: &out}}
	h.note("one")
	h.note("two")
	if got := out.String(); got != "" {
		t.Errorf("wrote %q before the release, want nothing", got)
	}
	h.release()
	h.note("three")
	if got, want := out.String(), "weir: one\nweir: two\nweir: three\n"; got != want {
		t.Errorf("wrote %q, want %q", got, want)
	}
}

// memRows are rows in memory. They fail from the given result on.
type memRows struct {
	nums []uint64
	outs []engine.Outcome
	fail uint64 // 0: never
}

var errDisk = errors.New("disk full")

func (m *memRows) Write(r engine.Result) error {
	if m.fail != 0 && r.Num >= m.fail {
		return errDisk
	}
	m.nums, m.outs = append(m.nums, r.Num), append(m.outs, r.Outcome)
	return nil
}

func (m *memRows) Flush() error { return nil }

func (m *memRows) Continue(io.Reader) error { return nil }

func TestSinkWritesEveryResultOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := runOf(t, page+3)
		rows := &memRows{}
		s := &sink{ctl: e, files: []*outFile{{path: "-", rows: rows}}}
		g := newGroup(t.Context())
		g.run(e.Run)
		sub := e.Subscribe(engine.SubscribeOptions{})
		g.run(func(ctx context.Context) error { return s.run(ctx, sub) })
		time.Sleep(10*time.Second + time.Millisecond) // eleven have ended
		synctest.Wait()
		if got := s.last.Load(); got != 11 {
			t.Errorf("after 10 s, %d results are written, want 11", got)
		}
		if _, err := e.Cancel(t.Context(), engine.Selector{All: true}); err != nil {
			t.Fatal(err)
		}
		e.Close()
		if err := g.wait(); err != nil {
			t.Fatal(err)
		}
		if err := s.finish(t.Context(), true); err != nil {
			t.Fatal(err)
		}
		var want []uint64
		for n := range uint64(11) {
			want = append(want, n+1)
		}
		want = append(want, make([]uint64, page+3-11)...) // cancelled: they have no number
		if !slices.Equal(rows.nums, want) {
			t.Errorf("wrote %d rows with the numbers %v, want %v", len(rows.nums), rows.nums, want)
		}
		if got := rows.outs[len(rows.outs)-1]; got != engine.Cancelled {
			t.Errorf("the last row is %v, want cancelled", got)
		}
	})
}

// Many results may have come at once.
func TestSinkCatchesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := runOf(t, 2*page+3)
		e.Close()
		g := newGroup(t.Context())
		g.run(e.Run)
		if err := g.wait(); err != nil {
			t.Fatal(err)
		}
		rows := &memRows{}
		s := &sink{ctl: e, files: []*outFile{{path: "-", rows: rows}}}
		if err := s.finish(t.Context(), true); err != nil {
			t.Fatal(err)
		}
		for i, num := range rows.nums {
			if num != uint64(i+1) {
				t.Fatalf("row %d is of result %d, want each once and in order", i+1, num)
			}
		}
		if got, want := len(rows.nums), 2*page+3; got != want {
			t.Errorf("wrote %d rows, want %d", got, want)
		}
	})
}

func TestSinkStopsAtTheFirstError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := runOf(t, 5)
		rows := &memRows{fail: 3}
		s := &sink{ctl: e, files: []*outFile{{path: "out.csv", rows: rows}}}
		g := newGroup(t.Context())
		g.run(e.Run)
		sub := e.Subscribe(engine.SubscribeOptions{})
		g.run(func(ctx context.Context) error { return s.run(ctx, sub) })
		err := g.wait()
		if !errors.Is(err, errDisk) || err.Error() != "out.csv: disk full" {
			t.Errorf("the group ended with %v, want out.csv: disk full", err)
		}
		if got, want := s.last.Load(), uint64(2); got > want {
			t.Errorf("%d results count as written, want at most %d", got, want)
		}
	})
}

func TestGroupCatchesAPanic(t *testing.T) {
	g := newGroup(t.Context())
	g.run(func(ctx context.Context) error { <-ctx.Done(); return context.Cause(ctx) })
	g.run(func(context.Context) error { panic("cells") })
	err := g.wait()
	if err == nil || err.Error() != "panic: cells" {
		t.Fatalf("wait = %v, want panic: cells", err)
	}
	var out strings.Builder
	complain(&out, err)
	if got := out.String(); !strings.HasPrefix(got, "weir: panic: cells\n") || !strings.Contains(got, "TestGroupCatchesAPanic") {
		t.Errorf("complain wrote %q, want the panic and where it was", got)
	}
}
