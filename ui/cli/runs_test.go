package cli

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"weir/engine"
)

// fakeRuns are runs whose files hold nothing: what is in them is in memory.
type fakeRuns struct {
	dir  string
	runs map[string]*fakeRun
	gone []string // removed, in order
}

// A fakeRun is a run in memory.
type fakeRun struct {
	*engine.MemStore
	*noted
	about   about
	holder  *Holder
	batches []KeptBatch
	results []engine.Result
	err     error // of reading it
}

func (f *fakeRun) About() []byte {
	text, err := f.about.text()
	if err != nil {
		panic(err)
	}
	return text
}

func (f *fakeRun) SetAbout(text []byte) (err error) { f.about, err = readAbout(text); return err }
func (f *fakeRun) Close() error                     { return nil }

// A fakeView is a fakeRun that is looked at.
type fakeView struct{ *fakeRun }

func (v fakeView) Holder() *Holder                              { return v.holder }
func (v fakeView) Batches(context.Context) ([]KeptBatch, error) { return v.batches, nil }

func (v fakeView) Results(_ context.Context, q engine.Query) ([]engine.Result, error) {
	var out []engine.Result
	for _, r := range v.results {
		if q.Batch != 0 && r.Batch != q.Batch || r.Num <= q.After && r.Outcome != engine.Cancelled ||
			len(q.Outcomes) > 0 && !slices.Contains(q.Outcomes, r.Outcome) || len(q.Outcomes) == 0 && r.Outcome == engine.Cancelled {
			continue
		}
		if q.Limit > 0 && len(out) == q.Limit {
			break
		}
		out = append(out, r)
	}
	return out, nil
}

func newFakeRuns(t *testing.T) *fakeRuns {
	return &fakeRuns{dir: t.TempDir(), runs: map[string]*fakeRun{}}
}

// put adds a run under a name in the directory.
func (f *fakeRuns) put(t *testing.T, name string, r *fakeRun) {
	t.Helper()
	path := filepath.Join(f.dir, name)
	if err := os.WriteFile(path, make([]byte, 2048), 0o600); err != nil {
		t.Fatal(err)
	}
	f.runs[path] = r
}

func (f *fakeRuns) deps() Deps {
	return Deps{
		Results:  lineDeps.Results,
		Records:  lineDeps.Records,
		CanWrite: func(string) error { return nil },
		Runs: &Runs{
			Dir: func() (string, error) { return f.dir, nil },
			Create: func(path string, text []byte) (RunFile, error) {
				file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL, 0o600)
				if err != nil {
					return nil, err
				}
				r := &fakeRun{MemStore: engine.NewMemStore(), noted: newNoted()}
				f.runs[path] = r
				return r, errors.Join(file.Close(), r.SetAbout(text))
			},
			Read: func(path string) (RunView, error) {
				r, ok := f.runs[path]
				if !ok {
					return nil, errors.New("not a run")
				}
				return fakeView{r}, r.err
			},
			Remove: func(path string) error {
				if h := f.runs[path].holder; h != nil {
					return &HeldError{*h}
				}
				f.gone = append(f.gone, filepath.Base(path))
				return os.Remove(path)
			},
			Repair: func(_ context.Context, from, to string) (Repaired, error) {
				return Repaired{Batches: 1, Jobs: 5, Results: 3, Pages: 9, Unread: 2, Again: 1}, os.WriteFile(to, []byte(from), 0o600)
			},
		},
	}
}

// weir runs a command line and returns what it wrote.
func weir(t *testing.T, d Deps, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs strings.Builder
	code = Main(t.Context(), d, args, strings.NewReader(""), &out, &errs)
	return code, out.String(), errs.String()
}

var someday = time.Date(2026, 11, 3, 7, 0, 0, 0, time.UTC)

func runAbout(state runState, sources ...string) about {
	a := about{State: state, Started: someday, Words: "weir x", Dir: "/home/ada"}
	for _, s := range sources {
		a.Sources = append(a.Sources, keptSource{Batch: s, File: "/home/ada/" + s, Done: true})
	}
	return a
}

func batchKept(id engine.BatchID, name string, c engine.Counts) KeptBatch {
	return KeptBatch{Batch: engine.Batch{ID: id, Name: name}, Counts: c}
}

// severalRuns are one of each kind.
func severalRuns(t *testing.T) *fakeRuns {
	f := newFakeRuns(t)
	f.put(t, "1.db", &fakeRun{about: runAbout(stateFinished, "a.txt"), batches: []KeptBatch{
		batchKept(1, "a.txt", engine.Counts{Submitted: 5, OK: 4, Failed: 1}), batchKept(2, "more", engine.Counts{Submitted: 2, OK: 2}),
	}})
	f.put(t, "2.db", &fakeRun{about: runAbout(stateRunning, "b.txt"), batches: []KeptBatch{batchKept(1, "b.txt", engine.Counts{Submitted: 9, OK: 4, Backlog: 3, Retry: 2})}})
	f.put(t, "9.db", &fakeRun{about: runAbout(stateInterrupted, "c.txt"), batches: []KeptBatch{batchKept(1, "c.txt", engine.Counts{Submitted: 3, OK: 1, Backlog: 2})}})
	f.put(t, "10.db", &fakeRun{
		about: runAbout(stateRunning, "d.txt"), holder: &Holder{PID: 42, Host: "here", Since: someday},
		batches: []KeptBatch{batchKept(1, "d.txt", engine.Counts{Submitted: 8, OK: 1, Backlog: 7})},
	})
	f.put(t, "11.db", &fakeRun{err: errors.New("the file is damaged")})
	if err := os.WriteFile(filepath.Join(f.dir, "007.db"), nil, 0o600); err != nil { // no number of ours
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(f.dir, "9.db-wal"), make([]byte, 1024), 0o600); err != nil {
		t.Fatal(err)
	}
	return f
}

func TestRunsAreListed(t *testing.T) {
	f := severalRuns(t)
	code, out, errs := weir(t, f.deps(), "runs")
	if code != 0 || errs != "" {
		t.Errorf("runs = %d, %q", code, errs)
	}
	at := someday.Local().Format("2006-01-02 15:04")
	var got [][]string
	for line := range strings.Lines(out) {
		got = append(got, strings.Fields(strings.ReplaceAll(line, at, "AT")))
	}
	want := [][]string{
		strings.Fields("RUN STATE STARTED URLS ENDED OK FAILED LEFT SIZE WHAT"),
		strings.Fields("11 unreadable - - - - - - 2.0 KiB " + f.dir + "/11.db: the file is damaged"),
		strings.Fields("10 running AT 8 1 1 0 7 2.0 KiB d.txt"),
		strings.Fields("9 interrupted AT 3 1 1 0 2 3.0 KiB c.txt"),
		strings.Fields("2 interrupted AT 9 4 4 0 5 2.0 KiB b.txt"),
		strings.Fields("1 finished AT 7 7 6 1 0 2.0 KiB a.txt"),
	}
	if !slices.EqualFunc(got, want, slices.Equal) {
		t.Errorf("listed\n%s\nwant\n%v", out, want)
	}

	code, out, errs = weir(t, f.deps(), "runs", "--json")
	if code != 0 || errs != "" {
		t.Errorf("runs --json = %d, %q", code, errs)
	}
	var runs []map[string]any
	for dec := json.NewDecoder(strings.NewReader(out)); ; {
		var r map[string]any
		if err := dec.Decode(&r); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		runs = append(runs, r)
	}
	if len(runs) != 5 || runs[1]["run"] != "10" || runs[1]["pid"] != 42. || runs[2]["state"] != "interrupted" || runs[2]["bytes"] != 3072. ||
		runs[3]["counts"].(map[string]any)["ok"] != 4. || runs[0]["error"] == "" || runs[4]["left"] != 0. {
		t.Errorf("listed %s", out)
	}
}

func TestRunsAreRemoved(t *testing.T) {
	for _, tc := range []struct {
		name string
		args []string
		code int
		gone []string
		said string
	}{
		{name: "no word", code: 2, said: "want runs, such as"},
		{name: "both", args: []string{"9", "--older", "30d"}, code: 2, said: "want runs, such as"},
		{name: "no terminal to ask on", args: []string{"9", "1"}, code: 2, said: "remove 2 runs (5.0 KiB) for good, and with them 2 URLs that are not fetched? say so with --yes"},
		{name: "sure", args: []string{"9", "1", "--yes"}, gone: []string{"9.db", "1.db"}, said: "2 runs removed"},
		{name: "worked on", args: []string{"9", "10", "--yes"}, code: 2, said: "run 10 is worked on and stays: process 42 on here"},
		{name: "none of that number", args: []string{"8", "--yes"}, code: 2, said: "run 8: there is none (weir runs lists them)"},
		{name: "one that cannot be read", args: []string{"11", "--yes"}, gone: []string{"11.db"}, said: "1 run removed"},
		{name: "a file that is none", args: []string{"FILE", "--yes"}, code: 2, said: "not a run"},
		{name: "old ones", args: []string{"--older", "4w", "--yes"}, gone: []string{"2.db"}, said: "1 run removed"},
		{name: "no old ones", args: []string{"--older", "99w", "--yes"}, said: "no run is older than 16632h"},
		{name: "no age", args: []string{"--older", "month"}, code: 2, said: `--older "month": want an age such as 30d`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := severalRuns(t)
			file := filepath.Join(f.dir, "precious.txt")
			if err := os.WriteFile(file, nil, 0o600); err != nil {
				t.Fatal(err)
			}
			old := time.Now().Add(-29 * 24 * time.Hour)
			if err := os.Chtimes(filepath.Join(f.dir, "2.db"), old, old); err != nil {
				t.Fatal(err)
			}
			args := []string{"runs", "rm"}
			for _, a := range tc.args {
				args = append(args, strings.ReplaceAll(a, "FILE", file))
			}
			code, _, said := weir(t, f.deps(), args...)
			if code != tc.code || !slices.Equal(f.gone, tc.gone) || !strings.Contains(said, tc.said) {
				t.Errorf("%v = %d, removed %v, said %q; want %d, %v, %q", args, code, f.gone, said, tc.code, tc.gone, tc.said)
			}
			if _, err := os.Stat(file); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestRunIsRepaired(t *testing.T) {
	f := severalRuns(t)
	const words = "1 batch, 5 URLs and 3 results are saved; 2 of 9 pages could not be read; 1 result lost, to be fetched again"
	for _, tc := range []struct {
		args     []string
		to, name string
	}{
		{[]string{"11"}, f.dir + "/12.db", "12"},
		{[]string{"11", "--to", f.dir + "/new.db"}, f.dir + "/new.db", f.dir + "/new.db"},
		{[]string{f.dir + "/11.db"}, f.dir + "/11-repaired.db", f.dir + "/11-repaired.db"},
	} {
		code, _, said := weir(t, f.deps(), append([]string{"runs", "repair"}, tc.args...)...)
		if code != 0 || !strings.HasPrefix(said, "weir: "+tc.to+": "+words+"\nweir: weir resume "+tc.name+" goes on with it; ") {
			t.Errorf("repair %v = %d, %q", tc.args, code, said)
		}
		if from, err := os.ReadFile(tc.to); err != nil || string(from) != f.dir+"/11.db" {
			t.Errorf("%s is of %q (%v)", tc.to, from, err)
		}
	}
	if code, _, said := weir(t, f.deps(), "runs", "repair", "14"); code != 2 || !strings.Contains(said, "run 14: there is none") {
		t.Errorf("repair of none = %d, %q", code, said)
	}
}

func TestRunIsExported(t *testing.T) {
	f := newFakeRuns(t)
	rs := ended(1, page+2)
	for i := range rs {
		rs[i].Batch = 1 + engine.BatchID(i)%2
	}
	rs[2].Outcome = engine.Failed
	rs = append(rs, engine.Result{Batch: 2, URL: "cancelled", Outcome: engine.Cancelled})
	f.put(t, "1.db", &fakeRun{
		about: runAbout(stateRunning), holder: &Holder{PID: 42}, results: rs,
		batches: []KeptBatch{batchKept(1, "odd", engine.Counts{}), batchKept(2, "the even", engine.Counts{})},
	})
	all := whole(page+2) + "cancelled\n"
	var odd strings.Builder
	odd.WriteString(lineHead)
	for _, r := range rs {
		if r.Batch == 1 && r.Outcome == engine.OK {
			odd.WriteString(r.URL + "\n")
		}
	}
	for _, tc := range []struct {
		name string
		args []string
		code int
		want string // in the file
		said string
	}{
		{name: "all", args: []string{"1", "-o", "FILE"}, want: all, said: "515 results of run 1 in FILE"},
		{name: "records", args: []string{"1", "--records", "FILE"}, want: all, said: "515 results of run 1 in FILE"},
		{name: "failed", args: []string{"1", "-o", "FILE", "--outcome", "failed"}, want: lineHead + "http://one.test/3\n", said: "1 result of run 1"},
		{name: "cancelled and failed", args: []string{"1", "-o", "FILE", "--outcome", "failed,cancelled"}, want: lineHead + "http://one.test/3\ncancelled\n", said: "2 results"},
		{name: "a batch by its name", args: []string{"1", "-o", "FILE", "--batch", "odd", "--outcome", "ok"}, want: odd.String()},
		{name: "by its number", args: []string{"1", "-o", "FILE", "--batch", "1", "--outcome", "ok"}, want: odd.String()},
		{name: "both batches", args: []string{"1", "-o", "FILE", "--batch", "1", "--batch", "the even"}, want: all},
		{name: "no such batch", args: []string{"1", "-o", "FILE", "--batch", "7"}, code: 2, said: `--batch "7": run 1 has 1 odd, 2 the even`},
		{name: "no such outcome", args: []string{"1", "-o", "FILE", "--outcome", "good"}, code: 2, said: `--outcome "good": want ok or empty or failed or skipped or cancelled`},
		{name: "nowhere", args: []string{"1"}, code: 2, said: "want -o"},
		{name: "no such run", args: []string{"4", "-o", "FILE"}, code: 2, said: "run 4: there is none"},
		{name: "no such folder", args: []string{"1", "-o", "no/FILE"}, code: 1, said: "no such file or directory"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			args := []string{"export"}
			for _, a := range tc.args {
				args = append(args, strings.ReplaceAll(a, "FILE", "out.csv"))
			}
			code, _, said := weir(t, f.deps(), args...)
			if code != tc.code || !strings.Contains(said, strings.ReplaceAll(tc.said, "FILE", "out.csv")) {
				t.Errorf("%v = %d, %q; want %d, %q", args, code, said, tc.code, tc.said)
			}
			if got, _ := os.ReadFile("out.csv"); string(got) != tc.want {
				t.Errorf("wrote %d bytes that end with %q, want %d and %q", len(got), tail(string(got)), len(tc.want), tail(tc.want))
			}
		})
	}
	if code, out, said := weir(t, f.deps(), "export", "1", "-o", "-"); code != 0 || out != all || said != "" {
		t.Errorf("to stdout = %d, %d bytes, %q", code, len(out), said)
	}
}

// Old runs are offered for removal when they are many or large.
func TestOldRunsAreOffered(t *testing.T) {
	for _, tc := range []struct {
		name  string
		runs  int
		bytes int64
		age   time.Duration
		want  string
	}{
		{name: "few and small", runs: 19, bytes: 100, age: 31 * 24 * time.Hour},
		{name: "many", runs: 20, bytes: 100, age: 31 * 24 * time.Hour, want: "20 runs that nothing was written to for 30 days take 2.0 KiB: weir runs rm --older 30d removes them"},
		{name: "large", runs: 1, bytes: 200 << 20, age: 31 * 24 * time.Hour, want: "1 run that nothing was written to for 30 days takes 200.0 MiB: weir runs rm --older 30d removes it"},
		{name: "not old", runs: 30, bytes: 100, age: 29 * 24 * time.Hour},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := newFakeRuns(t)
			at := time.Now().Add(-tc.age)
			for n := range tc.runs {
				path := filepath.Join(f.dir, strconv.Itoa(n+1)+".db")
				err := os.WriteFile(path, nil, 0o600)
				err = errors.Join(err, os.Truncate(path, tc.bytes), os.Chtimes(path, at, at))
				if err != nil {
					t.Fatal(err)
				}
			}
			if got := f.deps().Runs.stale(time.Now()); got != tc.want {
				t.Errorf("offered %q, want %q", got, tc.want)
			}
		})
	}
}
