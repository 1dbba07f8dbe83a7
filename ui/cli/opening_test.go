package cli

import (
	"context"
	"os"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"weir/engine"
)

func TestOpening(t *testing.T) {
	const ms = time.Millisecond
	line := func(n string) string { return "weir: opening run\ufffd 7: " + n + " of 1000 URLs" }
	anew := func(n string) string { return "\r" + line(n) + "\x1b[K" }
	for _, tc := range []struct {
		name  string
		anew  bool
		takes time.Duration
		want  string
	}{
		{name: "fast, on a terminal", anew: true, takes: 299 * ms},
		{name: "slow, on a terminal", anew: true, takes: 301 * ms, want: anew("300") + "\r\x1b[K"},
		{name: "slower, on a terminal", anew: true, takes: 801 * ms, want: anew("300") + anew("550") + anew("800") + "\r\x1b[K"},
		{name: "more than was known of", anew: true, takes: 1301 * ms, want: anew("300") + anew("550") + anew("800") + anew("1000") + anew("1000") + "\r\x1b[K"},
		{name: "fast, by lines", takes: 499 * ms},
		{name: "slow, by lines", takes: 5499 * ms, want: line("500") + "\n"},
		{name: "slower, by lines", takes: 5501 * ms, want: line("500") + "\n" + line("1000") + "\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var said strings.Builder
				o := newOpening(&said, "run\x1b 7", 1000, tc.anew)
				for n := range int(tc.takes / ms) { // a URL in each
					time.Sleep(ms / 2)
					o.reads(n + 1)
					time.Sleep(ms / 2)
					synctest.Wait()
				}
				o.done()
				o.done()
				time.Sleep(time.Minute)
				if got := said.String(); got != tc.want {
					t.Errorf("wrote %q, want %q", got, tc.want)
				}
			})
		})
	}
}

// A signal while a run is opened leaves it as it was: it is neither gone on with
// nor changed, and can be gone on with later.
func TestSignalWhileOpening(t *testing.T) {
	t.Chdir(t.TempDir())
	w := newWorld(t)
	listOf(t, "list.txt", urls("a", "bad", "c")...)
	if code, said := w.live(t, "http://one.test/c", "-w", "1", "-i", "0", "list.txt"); code != exitFailed {
		t.Fatalf("the first life = %d, %q", code, said)
	}
	run := w.runs[w.dir+"/1.db"]
	before, asked := run.about, len(w.asked)
	for _, late := range []bool{false, true} { // the signal comes when all has been read
		w.opens = func(ctx context.Context, _ func(int)) error {
			if err := syscall.Kill(os.Getpid(), syscall.SIGINT); err != nil {
				t.Fatal(err)
			}
			<-ctx.Done()
			if late {
				return nil
			}
			return context.Cause(ctx)
		}
		for _, command := range []string{"resume", "retry"} {
			code, said := w.live(t, "", command, "1")
			if want := "weir: run 1: interrupted while it was opened: it is as it was\n"; code != exitCancelled || said != want {
				t.Errorf("%s = %d, %q; want %d, %q", command, code, said, exitCancelled, want)
			}
			if n, _ := run.Count(t.Context(), engine.Query{}); len(w.asked) != asked || !reflect.DeepEqual(run.about, before) || n.Failed != 1 {
				t.Errorf("%s: %v is asked for, %+v noted, %d failed; want nothing changed", command, w.asked[asked:], run.about, n.Failed)
			}
		}
	}
	w.opens = nil
	if code, said := w.live(t, "", "resume", "1"); code != exitFailed || !strings.Contains(said, "3 submitted = 2 ok + 0 empty + 1 failed") {
		t.Errorf("the next life = %d, %q", code, said)
	}
}

// A lineWriter says when something was written.
type lineWriter chan string

func (w lineWriter) Write(b []byte) (int, error) {
	w <- string(b)
	return len(b), nil
}

// What has been read of a run is what is said of it: duplicates and lines that
// are no URLs are not read again.
func TestOpeningOfARun(t *testing.T) {
	t.Parallel()
	said := make(lineWriter, 1)
	a := &app{stderr: said, deps: Deps{Runs: &Runs{Open: func(_ context.Context, _ string, read func(int)) (RunFile, error) {
		read(2)
		if got, want := <-said, "weir: opening run 7: 2 of 5 URLs\n"; got != want {
			t.Errorf("%q is said, want %q", got, want)
		}
		return &fakeRun{}, nil
	}}}}
	s := &summary{name: "7", path: "7.db", counts: engine.Counts{Submitted: 8, Duplicate: 2, Invalid: 1, Backlog: 5, Skipped: 3}}
	if file, err := a.openRun(t.Context(), s, headless); file == nil || err != nil {
		t.Errorf("openRun = %v, %v", file, err)
	}
}
