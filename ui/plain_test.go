package ui

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"weir/engine"
	"weir/engine/enginetest"
)

// lines is an output that can be read while it grows.
type lines struct {
	mu  sync.Mutex
	b   strings.Builder
	err error
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err != nil {
		return 0, l.err
	}
	return l.b.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// A teletype runs Plain over an engine, in a bubble.
type teletype struct {
	t     *testing.T
	out   lines
	in    *io.PipeWriter
	read  int // bytes of out that were looked at
	files files
	end   chan error
	run   context.CancelCauseFunc

	controller engine.Controller
}

// plainly runs do against a Plain with the given answers; do says how it ends.
func plainly(t *testing.T, s *enginetest.Scraper, do func(*teletype), with ...func(*Deps)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		eng, err := engine.New(s, engine.Config{Interval: time.Second, Retries: -1})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancelCause(t.Context())
		tt := &teletype{t: t, end: make(chan error, 1), run: cancel, controller: eng, files: files{there: map[string]int{"old.jsonl": 1}, urls: map[string][]string{}}}
		r, w := io.Pipe()
		tt.in = w
		var wg sync.WaitGroup
		wg.Go(func() { eng.Run(ctx) })
		wg.Go(func() {
			d := Deps{Controller: eng, Interval: time.Second, Planner: &listPlanner{}, Exporter: &tt.files}
			for _, change := range with {
				change(&d)
			}
			tt.end <- Plain(ctx, d, r, &tt.out)
		})
		do(tt)
		cancel(nil)
		w.Close()
		wg.Wait()
		time.Sleep(plainEvery) // commands that only wait are left to end by themselves
	})
}

// say writes a line and returns what was said within a second of it.
func (tt *teletype) say(line string) string {
	tt.t.Helper()
	if _, err := io.WriteString(tt.in, line+"\n"); err != nil {
		tt.t.Fatal(err)
	}
	return tt.hear(time.Second)
}

// hear returns what is said within so much time.
func (tt *teletype) hear(long time.Duration) string {
	time.Sleep(long)
	synctest.Wait()
	all := tt.out.String()
	said := all[tt.read:]
	tt.read = len(all)
	return said
}

// want fails the test unless said holds each of the parts.
func (tt *teletype) want(said string, parts ...string) {
	tt.t.Helper()
	for _, p := range parts {
		if !strings.Contains(said, p) {
			tt.t.Errorf("%q is not said in:\n%s", p, said)
		}
	}
}

// talk types a line and fails the test unless what is said then holds each of the
// parts.
func (tt *teletype) talk(line string, parts ...string) {
	tt.t.Helper()
	tt.want(tt.say(line), parts...)
}

// left fails the test unless Plain has ended, and without an error.
func (tt *teletype) left() {
	tt.t.Helper()
	select {
	case err := <-tt.end:
		if err != nil {
			tt.t.Errorf("Plain returned %v, want nil", err)
		}
	default:
		tt.t.Error("Plain has not ended")
	}
}

// answering returns a scraper whose pages answer with two records, but for those
// whose URLs end like a key.
func answering(others map[string]engine.Step) *enginetest.Scraper {
	return &enginetest.Scraper{Answer: func(r engine.Request, _ int) engine.Step {
		if r.Kind == engine.KindRobots {
			return enginetest.Rules(0)
		}
		for end, step := range others {
			if strings.HasSuffix(r.URL, end) {
				return step
			}
		}
		return enginetest.OK(2)
	}}
}

// A run that is kept is left without being cancelled.
func TestPlainLeavesWhatIsKept(t *testing.T) {
	plainly(t, &enginetest.Scraper{}, func(tt *teletype) {
		tt.say("add http://a.test/1 http://a.test/2 http://a.test/3")
		tt.hear(500 * time.Millisecond) // between two of the requests
		tt.talk("quit", "1 result kept.", "leave: the rest waits for weir resume 7", "Answer stay, leave, export FILE, drain or cancel")
		if said := tt.say("leave"); strings.Contains(said, "cancelled") {
			tt.t.Errorf("leaving says %q", said)
		}
		tt.left()
	}, func(d *Deps) { d.Kept = "weir resume 7" })
}

func TestPlainSession(t *testing.T) {
	plainly(t, answering(map[string]engine.Step{"/bad": enginetest.Fail(engine.Reset, "cut \x1b[31moff")}), func(tt *teletype) {
		tt.want(tt.hear(time.Second), "Type help for the commands")
		tt.talk("help", "add [recipe=R]", "quit: leave", "cancel BATCH | host NAME | URL | worker N | FILTER | all")
		tt.talk("help undo", "undo: take back the last change")
		tt.talk("batches", "no batch yet")
		tt.talk("frobnicate", `there is no command "frobnicate"`)
		tt.talk("add http://a.test/1 http://a.test/2 http://a.test/1 ftp://b\x1b[31m.test",
			"batch 1 added: 2 new, 1 duplicate, 1 invalid", "invalid, line 1: ftp://b[31m.test: ")
		tt.want(tt.hear(10*time.Second), "all work is done: 100%, 4 of 4 URLs ended: 2 ok")

		tt.talk("http://a.test/3\nhttp://a.test/bad", "batch 2 added: 2 new")
		tt.hear(10 * time.Second)
		tt.talk("results 2", "result 3 ok, status 200, 2 rows: http://a.test/3", "result 4 failed, reset: cut [31moff: http://a.test/bad")
		tt.talk("failed", "result 4 failed")
		tt.talk("show 3", "result 3 attempt 1: status 200", "result 3 row 2: n 1")
		tt.talk("show 99", "show: there is no result 99: results lists the last of them")
		tt.talk("status", "finished", "the run is limited by lack of work")
		tt.talk("hosts", "no host has work left")
		tt.talk("workers 3", "workers 5 -> 3", "undo takes it back")
		tt.talk("workers", "worker 3: idle")
		tt.talk("undo", "undone: workers")
		tt.talk("workers many", "workers is written so:\nworkers [N | +N | -N]: ")
		tt.want(tt.say("retry")+tt.hear(10*time.Second), "1 URL to be asked again", "result 5 failed")
		tt.talk("quit", "4 results are only in memory", "Answer stay, export FILE, drain or cancel.")
		tt.talk("stay", "staying")
		tt.talk("export old.jsonl", "old.jsonl is there already: export old.jsonl overwrite")
		tt.talk("export new.jsonl", "4 rows written to new.jsonl")
		tt.say("quit") // and nothing is lost
		tt.left()
		for _, c := range tt.out.String() {
			if c < ' ' && c != '\n' {
				t.Errorf("a control character %U was written", c)
				break
			}
		}
	})
}

func TestPlainSteers(t *testing.T) {
	plainly(t, &enginetest.Scraper{}, func(tt *teletype) {
		tt.hear(time.Second)
		tt.talk("add priority=high interval=2s "+strings.Join(strings.Fields(urls(60)), " "), "batch 1 added: 60 new")
		tt.talk("pause", "run paused")
		tt.talk("status", "paused", "limited by your pause")
		tt.talk("pause", "pause: the run is paused already")
		tt.talk("resume", "run goes on")
		tt.talk("pause 1", "batch 1 paused")
		tt.talk("resume 1", "batch 1 goes on")
		tt.talk("interval 5s host h1.test", "host h1.test: interval 2s -> 5s")
		tt.talk("why host h1.test", "One request every 5.00s (set by you)")
		tt.talk("why", "the run is limited by host pace: 3 of 3 hosts wait their turn, next in ")
		tt.talk("hosts", "Next request to h1.test in ", " behind it. One request every 5.00s (set by you); ")
		tt.talk("priority 1 low", "batch 1: priority high -> low")
		tt.talk("priority 1 urgent", "priority BATCH low|normal|high")
		tt.talk("cancel", "cancel BATCH | host NAME | URL | worker N | FILTER | all")
		tt.talk("cancel host h2.test", "host h2.test cancelled")
		tt.talk("undo", "undone: ", "h2.test")
		tt.talk("cancel 7", "cancel: no batch 7 is known: there is 1, batches lists them")
		tt.talk("quit", "not fetched:", "Answer stay, export FILE, drain or cancel.")
		tt.talk("drain", "drain: finish the")
		tt.want(tt.hear(200*time.Second), "the run has ended")
		if err := <-tt.end; err != nil {
			t.Errorf("Plain returned %v, want nil", err)
		}
	})
}

// A list on standard input is worked off, and then it is over.
func TestPlainLeavesAtTheEndOfItsInput(t *testing.T) {
	plainly(t, &enginetest.Scraper{}, func(tt *teletype) {
		tt.hear(time.Second)
		for _, line := range []string{"# a comment", "", "http://a.test/1", "http://a.test/2", "http://a.test/2"} {
			if _, err := io.WriteString(tt.in, line+"\n"); err != nil {
				t.Fatal(err)
			}
		}
		tt.in.Close()
		if err := <-tt.end; err != nil {
			t.Errorf("Plain returned %v, want nil", err)
		}
		tt.want(tt.out.String(), "batch 1 added: 2 new, 1 duplicate", "all work is done: 100%, 3 of 3 URLs ended: 2 ok")
	})
}

func TestPlainEndsWithItsContext(t *testing.T) {
	plainly(t, &enginetest.Scraper{}, func(tt *teletype) {
		cause := errors.New("terminal gone")
		tt.hear(time.Second)
		tt.run(cause)
		if err := <-tt.end; !errors.Is(err, cause) {
			t.Errorf("Plain returned %v, want %v", err, cause)
		}
	})
}

func TestPlainSaysWhenItCannotWrite(t *testing.T) {
	plainly(t, &enginetest.Scraper{}, func(tt *teletype) {
		tt.hear(time.Second)
		tt.out.mu.Lock()
		tt.out.err = io.ErrClosedPipe
		tt.out.mu.Unlock()
		tt.say("help")
		if err := <-tt.end; !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("Plain returned %v, want %v", err, io.ErrClosedPipe)
		}
	})
}

// A flood of failures is told of by its number.
func TestPlainCountsFloods(t *testing.T) {
	plainly(t, answering(map[string]engine.Step{"": enginetest.Fail(engine.Connect, "refused")}), func(tt *teletype) {
		tt.hear(time.Second)
		var b strings.Builder
		for i := range 30 {
			b.WriteString(" http://h" + string(rune('a'+i%26)) + ".test/" + string(rune('0'+i/26)))
		}
		tt.say("add interval=0" + b.String())
		tt.hear(20 * time.Second)
		said := tt.out.String()
		tt.want(said, "result 1 failed, connect: refused: http://", " more failed or empty")
		if n := strings.Count(said, "failed, connect"); n > 2*plainJobs {
			t.Errorf("%d of 30 are told whole, want a few:\n%s", n, said)
		}
	})
}

// The end of input comes before the first list was read: that nothing is left
// to do does not mean yet that all is done.
func TestPlainWaitsForTheListsOfTheRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		eng, err := engine.New(&enginetest.Scraper{}, engine.Config{})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancelCause(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() { eng.Run(ctx) })
		begin := time.Now()
		lists := make(chan struct{})
		var out lines
		wg.Go(func() {
			time.Sleep(5 * time.Second)
			if !strings.Contains(out.String(), "quit: leave") {
				t.Errorf("what was typed is not answered while the lists are read: %q", out.String())
			}
			if _, err := eng.Add(ctx, engine.Batch{}, enginetest.Jobs("one.test", 4)); err != nil {
				t.Error(err)
			}
			close(lists)
		})
		d := Deps{Controller: eng, Interval: time.Second, Planner: &listPlanner{}, Lists: lists}
		if err := Plain(ctx, d, strings.NewReader("help quit\n"), &out); err != nil {
			t.Errorf("Plain = %v", err)
		}
		if got := time.Since(begin); got < 8*time.Second || got > 9*time.Second {
			t.Errorf("it left after %v, want when the last of four URLs had ended, after 8s", got)
		}
		if c := eng.Snapshot().Counts; c.OK != 4 {
			t.Errorf("counts %+v, want 4 ok", c)
		}
		cancel(nil)
		wg.Wait()
		time.Sleep(plainEvery)
	})
}
