package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"weir/engine"
	"weir/engine/enginetest"
)

// noted is outputs in memory.
type noted struct {
	num   map[string]uint64
	bytes map[string]int64
	calls []time.Duration // since begin
	begin time.Time
	err   error
}

func newNoted() *noted {
	return &noted{num: map[string]uint64{}, bytes: map[string]int64{}, begin: time.Now()}
}

func (n *noted) Output(path string) (uint64, int64) { return n.num[path], n.bytes[path] }

func (n *noted) SetOutput(path string, num uint64, bytes int64) error {
	if n.err != nil {
		return n.err
	}
	n.num[path], n.bytes[path] = num, bytes
	n.calls = append(n.calls, time.Since(n.begin))
	return nil
}

// A fewResults is a run that has ended with these results.
type fewResults struct {
	engine.Controller
	rs []engine.Result
}

func (f fewResults) Snapshot() engine.Stats { return engine.Stats{} }

func (f fewResults) Results(_ context.Context, q engine.Query) ([]engine.Result, error) {
	if slices.Contains(q.Outcomes, engine.Cancelled) {
		return []engine.Result{{URL: "cancelled", Outcome: engine.Cancelled}}, nil
	}
	var out []engine.Result
	for _, r := range f.rs {
		if r.Num > q.After && (q.Limit == 0 || len(out) < q.Limit) {
			out = append(out, r)
		}
	}
	return out, nil
}

// lineRows writes a heading and then a line for each result, none for those
// that have no records.
type lineRows struct {
	w      io.Writer
	headed bool
}

const lineHead = "url\n"

func (l *lineRows) Write(r engine.Result) error {
	text := r.URL + "\n"
	if r.Outcome == engine.Empty {
		return nil
	}
	if !l.headed {
		l.headed, text = true, lineHead+text
	}
	_, err := io.WriteString(l.w, text)
	return err
}

func (l *lineRows) Flush() error { return nil }

func (l *lineRows) Continue(file io.Reader) error {
	head := make([]byte, len(lineHead))
	if _, err := io.ReadFull(file, head); err != nil || string(head) != lineHead {
		return errors.New("other columns")
	}
	l.headed = true
	return nil
}

var lineDeps = Deps{
	Results: func(w io.Writer, _ string, _ func(engine.BatchID) string) (Rows, error) { return &lineRows{w: w}, nil },
	Records: func(w io.Writer, _ string, _ func(engine.BatchID) string, _ []string) (Rows, error) {
		return &lineRows{w: w}, nil
	},
}

func ended(from, to int) []engine.Result {
	var rs []engine.Result
	for n := from; n <= to; n++ {
		r := engine.Result{Num: uint64(n), URL: fmt.Sprint("http://one.test/", n), Outcome: engine.OK}
		if n%5 == 0 {
			r.Outcome = engine.Empty
		}
		rs = append(rs, r)
	}
	return rs
}

// whole is the file of a run of n results that was written at once.
func whole(n int) string {
	var b strings.Builder
	rows := &lineRows{w: &b}
	for _, r := range ended(1, n) {
		_ = rows.Write(r) // a Builder takes everything
	}
	return b.String()
}

// lives writes the file of a run that was killed after so many results: it
// returns what the second life, with results up to last, makes of it.
func secondLife(t *testing.T, keep *noted, path string, last int) (string, []string) {
	t.Helper()
	var notes []string
	cfg := Config{Output: path}
	s, err := openSink(t.Context(), lineDeps, cfg, fewResults{rs: ended(1, last)}, keep, io.Discard, nil, func(n string) { notes = append(notes, n) })
	if err != nil {
		t.Fatal(err)
	}
	if err := s.finish(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(got), notes
}

// A file that was left is cut back to what is known of it, and goes on.
func TestSinkGoesOn(t *testing.T) {
	for _, tc := range []struct {
		name  string
		more  int                 // results that come then
		num   int                 // noted
		spoil func(string) string // of the file as it was when the process died
		note  string
	}{
		{name: "as it was noted", more: 4, num: 7, spoil: func(s string) string { return s }},
		{name: "nothing noted", more: 3, num: 0, spoil: func(s string) string { return s }},
		{name: "half a row more", more: 2, num: 7, spoil: func(s string) string { return s + "http://one.t" }},
		{name: "rows more, and nothing comes", num: 7, spoil: func(s string) string { return s + "http://one.test/8\n" }},
		{name: "rows more", more: 2*page + 3, num: 7, spoil: func(s string) string { return s + "http://one.test/8\nhttp://one.test/9\n" }},
		{name: "the last result has no row", num: 10, spoil: func(s string) string { return s + "http" }},
		{name: "many results", more: 2*page + 3, num: 3*page + 1, spoil: func(s string) string { return s + "x" }},
		{name: "shorter", num: 7, spoil: func(s string) string { return s[:len(s)-3] }, note: "is not as this run left it"},
		{name: "empty", num: 7, spoil: func(string) string { return "" }, note: "is not as this run left it"},
		{name: "of another run", num: 7, spoil: func(s string) string { return strings.ReplaceAll(s, "one", "two") }, note: "is not as this run left it"},
		{name: "of another format", num: 7, spoil: func(s string) string { return strings.Replace(s, "url", "uri", 1) }, note: "is not as this run left it"},
		{name: "gone", num: 7, note: "is gone"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "out.csv")
			keep := newNoted()
			text := whole(tc.num)
			if tc.num > 0 {
				keep.num[path], keep.bytes[path] = uint64(tc.num), int64(len(text))
			}
			if tc.spoil != nil {
				if err := os.WriteFile(path, []byte(tc.spoil(text)), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			last := tc.num + tc.more
			got, notes := secondLife(t, keep, path, last)
			if want := whole(last); got != want {
				t.Errorf("the file has %d bytes and ends with %q, want %d and %q", len(got), tail(got), len(want), tail(want))
			}
			if tc.note == "" && len(notes) > 0 || tc.note != "" && (len(notes) != 1 || !strings.Contains(notes[0], tc.note)) {
				t.Errorf("noted %q, want %q", notes, tc.note)
			}
			if num, size := keep.Output(path); num != uint64(last) || size != int64(len(got)) {
				t.Errorf("result %d and %d bytes are noted at the end, want %d and %d", num, size, last, len(got))
			}
			again, _ := secondLife(t, keep, path, last+1)
			if want := whole(last + 1); again != want {
				t.Errorf("the life after that leaves %q at the end, want %q", tail(again), tail(want))
			}
		})
	}
}

func tail(s string) string { return s[max(0, len(s)-60):] }

// Rows of cancelled jobs are there at the end of the run, and gone when it is
// taken up again.
func TestSinkCutsOffTheCancelled(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out.csv")
	keep := newNoted()
	for life, want := range []string{whole(3) + "cancelled\n", whole(6) + "cancelled\n", whole(9)} {
		s, err := openSink(t.Context(), lineDeps, Config{Output: path}, fewResults{rs: ended(1, 3*life+3)}, keep, io.Discard, nil, func(n string) { t.Error(n) })
		if err != nil {
			t.Fatal(err)
		}
		if err := s.finish(t.Context(), life < 2); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != want {
			t.Errorf("life %d left %q (%v), want %q", life, got, err, want)
		}
	}
}

// Two files are as far as each of them is.
func TestSinkGoesOnWithTwoFiles(t *testing.T) {
	dir := t.TempDir()
	keep := newNoted()
	cfg := Config{Output: filepath.Join(dir, "out.csv"), Records: filepath.Join(dir, "rows.csv")}
	for path, num := range map[string]int{cfg.Output: 3, cfg.Records: 8} {
		text := whole(num)
		keep.num[path], keep.bytes[path] = uint64(num), int64(len(text))
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	s, err := openSink(t.Context(), lineDeps, cfg, fewResults{rs: ended(1, 12)}, keep, io.Discard, nil, func(n string) { t.Error(n) })
	if err != nil {
		t.Fatal(err)
	}
	if got := s.last.Load(); got != 3 {
		t.Errorf("every file has result %d, want 3", got)
	}
	if err := s.finish(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{cfg.Output, cfg.Records} {
		if got, err := os.ReadFile(path); err != nil || string(got) != whole(12) {
			t.Errorf("%s holds %q (%v), want every row once", path, got, err)
		}
	}
}

// What stdout got is not written to it again.
func TestSinkGoesOnWithStdout(t *testing.T) {
	keep := newNoted()
	keep.num["-"] = 4
	var out bytes.Buffer
	s, err := openSink(t.Context(), lineDeps, Config{Output: "-"}, fewResults{rs: ended(1, 7)}, keep, &out, nil, func(n string) { t.Error(n) })
	if err != nil {
		t.Fatal(err)
	}
	if err := s.finish(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	if got, want := out.String(), "url\nhttp://one.test/6\nhttp://one.test/7\n"; got != want {
		t.Errorf("wrote %q, want %q", got, want)
	}
}

// While results come, the files are brought to the disk and noted every second,
// and what came last a second after that.
func TestSinkNotesHowFarItIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "out.csv")
		e, err := engine.New(&enginetest.Scraper{}, engine.Config{Interval: 400 * time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := e.Add(t.Context(), engine.Batch{Name: "list"}, enginetest.Jobs("one.test", 8)); err != nil { // the last ends after 2.8 s
			t.Fatal(err)
		}
		keep := newNoted()
		s, err := openSink(t.Context(), lineDeps, Config{Output: path}, e, keep, io.Discard, nil, func(n string) { t.Error(n) })
		if err != nil {
			t.Fatal(err)
		}
		g := newGroup(t.Context())
		g.run(e.Run)
		sub := e.Subscribe(engine.SubscribeOptions{})
		g.run(func(ctx context.Context) error { defer sub.Close(); return s.run(ctx, sub) })
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if want := []time.Duration{0, time.Second, 2 * time.Second, 3 * time.Second}; !slices.Equal(keep.calls, want) {
			t.Errorf("noted after %v, want %v", keep.calls, want)
		}
		if num, size := keep.Output(path); num != 8 || size == 0 {
			t.Errorf("result %d and %d bytes are noted, want 8 and some", num, size)
		}
		e.Close()
		if err := g.wait(); err != nil {
			t.Fatal(err)
		}
		if err := s.finish(t.Context(), true); err != nil {
			t.Fatal(err)
		}
	})
}

// Trouble with the run's file ends the writing.
func TestSinkHeedsTheStore(t *testing.T) {
	keep := newNoted()
	keep.err = errDisk
	s, err := openSink(t.Context(), lineDeps, Config{Output: filepath.Join(t.TempDir(), "out.csv")}, fewResults{rs: ended(1, 2)}, keep, io.Discard, nil, func(n string) { t.Error(n) })
	if err != nil {
		t.Fatal(err)
	}
	if err := s.finish(t.Context(), true); !errors.Is(err, errDisk) {
		t.Errorf("finish = %v, want the store's error", err)
	}
}
