package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"weir/engine"
	"weir/engine/enginetest"
)

// A world is what a command line finds: runs that are kept, and a site. A life
// can be made to end when the site is asked for a page.
type world struct {
	*fakeRuns
	mu    sync.Mutex // held by Do
	asked []string   // URLs that the site was asked for, over all lives
	end   string     // the URL at which a life ends
	stop  context.CancelFunc
	texts map[string]string                               // of recipes, by file
	used  []string                                        // recipes that were taken up: hash and file
	cfg   Config                                          // of the last life
	opens func(ctx context.Context, read func(int)) error // what happens while a run is opened; nil: nothing
}

func newWorld(t *testing.T) *world {
	return &world{fakeRuns: newFakeRuns(t), texts: map[string]string{}}
}

// Do implements [engine.Scraper].
func (w *world) Do(ctx context.Context, r engine.Request) engine.Step {
	w.mu.Lock()
	w.asked = append(w.asked, r.Job.URL)
	last := r.Job.URL == w.end
	if last {
		w.end = ""
	}
	w.mu.Unlock()
	if last {
		w.stop()
		<-ctx.Done()
		return enginetest.Fail(engine.Connect, "cut off")
	}
	if strings.Contains(r.Job.URL, "bad") {
		return enginetest.Fail(engine.Status, "410 Gone")
	}
	return enginetest.OK(1)
}

func (w *world) deps() Deps {
	d := w.fakeRuns.deps()
	d.Recipes = func() []RecipeInfo { return nil }
	d.RecipeText = func(name string) ([]byte, error) { return []byte(w.text(name)), nil }
	open := d.Runs.Read
	d.Runs.Open = func(ctx context.Context, path string, read func(int)) (RunFile, error) {
		if w.opens != nil {
			if err := w.opens(ctx, read); err != nil {
				return nil, err
			}
		}
		if _, err := open(path); err != nil {
			return nil, err
		}
		return w.runs[path], nil
	}
	d.Runs.Read = func(path string) (RunView, error) {
		v, err := open(path)
		if err != nil {
			return nil, err
		}
		run := v.(fakeView).fakeRun
		k, err := run.Load(context.Background(), someday)
		run.batches = nil
		for _, b := range k.Batches {
			run.batches = append(run.batches, KeptBatch{Batch: b.Batch, Counts: b.Counts})
		}
		return v, err
	}
	d.Start = func(cfg Config) (*Session, error) {
		w.cfg = cfg
		s := &Session{
			Recipe: func(name string) (Recipe, error) {
				return Recipe{Ref: engine.RecipeRef{Name: name, Hash: "hash of " + w.text(name)}, Text: w.text(name), Fields: []string{"a"}}, nil
			},
			Reuse: func(ref engine.RecipeRef, text, file string) (Recipe, error) {
				w.used = append(w.used, text+" in "+file)
				return Recipe{Ref: ref, Text: text}, nil
			},
			List:  listLines,
			Lines: func(err error) (int, bool) { return 1, errors.Is(err, errLine) },
			Close: func() error { return nil },
		}
		s.Begin = func(store engine.Store) error {
			ec := engine.Config{Interval: -1, Workers: cfg.Workers, Store: store, Retries: -1}
			if cfg.Interval > 0 {
				ec.Interval = cfg.Interval
			}
			e, err := engine.New(w, ec)
			s.Engine = e
			return err
		}
		return s, nil
	}
	return d
}

func (w *world) text(recipe string) string {
	if text, ok := w.texts[filepath.Base(recipe)]; ok {
		return text
	}
	return "text of " + filepath.Base(recipe)
}

// listLines lists lines that begin with http as URLs of one host.
func listLines(_ engine.RecipeRef, name string, in io.Reader) iter.Seq2[engine.Job, error] {
	return func(yield func(engine.Job, error) bool) {
		lines := bufio.NewScanner(in)
		for n := 1; lines.Scan(); n++ {
			job, err := engine.Job{URL: lines.Text(), Fingerprint: lines.Text(), Host: "one.test:80"}, error(nil)
			if !strings.HasPrefix(lines.Text(), "http") {
				job, err = engine.Job{}, fmt.Errorf("%s:%d: %w", name, n, errLine)
			}
			if !yield(job, err) {
				return
			}
		}
	}
}

// live is one life: a command line that ends when the page of end is asked for.
func (w *world) live(t *testing.T, end string, args ...string) (code int, said string) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	w.end, w.stop = end, stop
	var out, errs strings.Builder
	code = Main(ctx, w.deps(), args, strings.NewReader("http://one.test/of-stdin\n"), &out, &errs)
	return code, errs.String()
}

func urls(names ...string) []string {
	for i := range names {
		names[i] = "http://one.test/" + names[i]
	}
	return names
}

func listOf(t *testing.T, name string, lines ...string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(strings.Join(lines, "\n")+"\n"), 0o666); err != nil {
		t.Fatal(err)
	}
}

func TestRunGoesOn(t *testing.T) {
	t.Chdir(t.TempDir())
	w := newWorld(t)
	listOf(t, "list.txt", append(urls("a", "b", "c", "d"), "no url", "http://one.test/a")...)
	code, said := w.live(t, "http://one.test/c", "-w", "1", "-i", "0", "-o", "out.csv", "list.txt")
	if code != exitFailed || !strings.Contains(said, "weir: weir resume 1 goes on\n") {
		t.Errorf("the first life = %d, %q", code, said)
	}
	if got := w.runs[w.dir+"/1.db"].about.State; got != stateInterrupted {
		t.Errorf("it left the run %s", got)
	}
	code, said = w.live(t, "", "resume")
	if code != 0 || !strings.Contains(said, "6 submitted = 4 ok + 0 empty + 0 failed + 2 skipped + 0 cancelled: balances\n") || strings.Contains(said, "goes on") {
		t.Errorf("the second life = %d, %q", code, said)
	}
	if want := urls("a", "b", "c", "c", "d"); !slices.Equal(slices.Sorted(slices.Values(w.asked)), want) {
		t.Errorf("the site was asked for %v, want %v", w.asked, want)
	}
	got, err := os.ReadFile("out.csv")
	rows := slices.Sorted(strings.Lines(strings.TrimPrefix(string(got), lineHead)))
	if want := slices.Collect(strings.Lines(strings.Join(urls("a", "b", "c", "d"), "\n") + "\n")); err != nil || !slices.Equal(rows, want) {
		t.Errorf("out.csv holds %q (%v), want each row once", got, err)
	}
	if w.cfg.Workers != 1 || w.cfg.Output != "out.csv" || !w.cfg.Headless {
		t.Errorf("the second life had the settings %+v", w.cfg)
	}
	if want := []string{"text of page in "}; !slices.Equal(w.used, want) {
		t.Errorf("it took up the recipes %q, want %q", w.used, want)
	}
	code, said = w.live(t, "", "resume", "1")
	if code != 0 || said != "weir: run 1 has ended: 6 of 6 URLs ended\nweir: weir export 1 -o FILE writes the results\n" {
		t.Errorf("resume of a run that has ended = %d, %q", code, said)
	}
	if code, said = w.live(t, "", "resume"); code != exitUsage || !strings.HasPrefix(said, "weir: runs: no run is left to go on with") {
		t.Errorf("resume of nothing = %d, %q", code, said)
	}
}

// A run that was repaired had ended perhaps, and results of it are lost; a batch
// may have lost its recipe, and is paused then.
func TestRepairedRunGoesOn(t *testing.T) {
	t.Chdir(t.TempDir())
	w := newWorld(t)
	run := &fakeRun{MemStore: engine.NewMemStore(), noted: newNoted(), about: about{State: stateFinished}}
	run.about.Flags = []keptFlag{{Name: "recipe", From: typed, Values: []keptValue{{Text: "rota"}}}, {Name: "interval", From: typed, Values: []keptValue{{Text: "0s"}}}}
	_, err := run.AddBatch(t.Context(), engine.Batch{Name: "recovered 1"}, enginetest.Jobs("one.test:80", 2), nil)
	if err != nil {
		t.Fatal(err)
	}
	pause := engine.Change{Kind: engine.ChangePause, Paused: engine.Paused{At: someday, What: "batch"}}
	if _, err := run.Change(t.Context(), engine.Selector{Batch: 1}, pause); err != nil {
		t.Fatal(err)
	}
	w.put(t, "1.db", run)
	code, said := w.live(t, "", "resume", "--headless")
	if code != 0 || !strings.Contains(said, "weir: batch 1 recovered 1 has lost its recipe: it goes on with rota\n") ||
		!strings.Contains(said, "2 submitted = 2 ok") {
		t.Errorf("resume = %d, %q", code, said)
	}
}

// What was given then, and what is given now.
func TestResumeSettings(t *testing.T) {
	t.Chdir(t.TempDir())
	w := newWorld(t)
	listOf(t, "list.txt", urls("a", "b")...)
	for _, tc := range []struct {
		name  string
		args  []string
		check func(Config) bool
	}{
		{name: "as they were", check: func(c Config) bool {
			return c.Workers == 3 && c.Interval == 0 && c.UserAgent == "me" && c.Recipe == "page" && c.GiveUp
		}},
		{name: "flags go before them", args: []string{"-w", "7", "-i", "1ms", "--user-agent", "you"}, check: func(c Config) bool {
			return c.Workers == 7 && c.Interval == time.Millisecond && c.UserAgent == "you"
		}},
		{name: "and are kept", check: func(c Config) bool { return c.Workers == 7 && c.Interval == time.Millisecond && c.UserAgent == "you" }},
		{name: "so does a configuration", args: []string{"--config", "weir.yaml"}, check: func(c Config) bool { return c.Workers == 9 && c.UserAgent == "you" }},
	} {
		if w.cfg.Workers == 0 {
			w.live(t, "http://one.test/a", "-w", "3", "-i", "0", "--user-agent", "me", "list.txt")
		}
		listOf(t, "weir.yaml", "workers: 9")
		if code, said := w.live(t, "http://one.test/a", append([]string{"resume"}, tc.args...)...); code != exitFailed || !tc.check(w.cfg) {
			t.Errorf("%s: %d, %q, with %+v", tc.name, code, said, w.cfg)
		}
	}
	t.Setenv("WEIR_WORKERS", "50") // of another day
	if code, said := w.live(t, "http://one.test/a", "resume"); code != exitFailed || w.cfg.Workers != 9 {
		t.Errorf("%d, %q, with %d workers, want 9", code, said, w.cfg.Workers)
	}
}

// What an operator set while the run went on is as it was left, unless it is
// given now.
func TestResumeSettingsLive(t *testing.T) {
	l := life{cfg: &Config{Workers: 5, Interval: time.Second}}
	l.kept.Run = &engine.RunNotes{Workers: 2, Interval: -1}
	if l.live(map[string]bool{"workers": true}); l.cfg.Workers != 5 || l.cfg.Interval != 0 {
		t.Errorf("workers given: %+v, want 5 and unpaced", l.cfg)
	}
	l.kept.Run.Interval = 3 * time.Second
	if l.live(map[string]bool{"interval": true}); l.cfg.Workers != 2 || l.cfg.Interval != 0 {
		t.Errorf("interval given: %+v, want 2 and unpaced", l.cfg)
	}
	if l.live(nil); l.cfg.Interval != 3*time.Second {
		t.Errorf("nothing given: %+v, want 3 s", l.cfg)
	}
}

// A list that was being read when the process died is read on.
func TestResumeReadsOn(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change func(t *testing.T)
		args   []string
		code   int
		said   string
		not    string
		asked  []string
		want   string // the ledger
	}{
		{name: "a file", asked: urls("a", "b", "c"), want: "5 submitted = 3 ok + 0 empty + 0 failed + 2 skipped", not: "has changed"},
		{
			name: "that has changed", change: func(t *testing.T) { listOf(t, "list.txt", append(urls("z", "a"), "no url")...) },
			said:  "list.txt has changed: it is read from its beginning, and what was in it before is a duplicate",
			asked: urls("a", "z"), want: "5 submitted = 2 ok + 0 empty + 0 failed + 3 skipped",
		},
		{
			name: "that is gone", change: func(t *testing.T) { os.Remove("list.txt") }, code: exitUsage,
			said: "list.txt: no such file (a URL begins with http:// or https://); 2 lines of it are kept", asked: urls("a"), want: "2 submitted = 1 ok",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			w := newWorld(t)
			listOf(t, "list.txt", "no url", "http://one.test/a", "http://one.test/b", "http://one.test/a", "http://one.test/c")
			w.keepSome(t, "list.txt", 2)
			if tc.change != nil {
				tc.change(t)
			}
			code, said := w.live(t, "", "resume", "-i", "0", "-w", "1")
			if code != tc.code || !strings.Contains(said, tc.said) || tc.not != "" && strings.Contains(said, tc.not) || !strings.Contains(said, tc.want) {
				t.Errorf("resume = %d, %q; want %d, %q and %q", code, said, tc.code, tc.said, tc.want)
			}
			if !slices.Equal(w.asked, tc.asked) {
				t.Errorf("asked for %v, want %v", w.asked, tc.asked)
			}
		})
	}
}

// keepSome makes a run whose process died after n lines of a list were kept.
func (w *world) keepSome(t *testing.T, list string, n int) {
	t.Helper()
	added := time.Now().UTC()
	p := &plan{batch: engine.Batch{Name: list, Added: added}, path: list}
	src, err := p.source("page")
	if err != nil {
		t.Fatal(err)
	}
	r := &fakeRun{MemStore: engine.NewMemStore(), noted: newNoted(), about: about{State: stateRunning, Headless: true, Name: list, Sources: []keptSource{src}}}
	f, err := os.Open(list)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	b := p.batch
	b.Recipe, b.Text = engine.RecipeRef{Name: "page", Hash: "hash of text of page"}, "text of page"
	_, err = r.AddBatch(ctx, b, func(yield func(engine.Job, error) bool) {
		i := 0
		for j, err := range listLines(b.Recipe, list, f) {
			if i++; i > n {
				stop()
			}
			if !yield(j, err) {
				return
			}
		}
	}, nil)
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("AddBatch = %v, want to be cut off", err)
	}
	w.put(t, "1.db", r)
}

// stdin is nowhere to be read again.
func TestResumeAfterStdin(t *testing.T) {
	t.Chdir(t.TempDir())
	w := newWorld(t)
	w.live(t, "http://one.test/of-stdin", "-i", "0", "-")
	about := &w.runs[w.dir+"/1.db"].about
	about.Sources[0].Done = false // as if there had been more
	code, said := w.live(t, "", "resume")
	if code != 0 || !strings.Contains(said, "stdin cannot be read again: 1 line of it are kept, and whether there were more is not known") {
		t.Errorf("resume = %d, %q", code, said)
	}
	if w.runs[w.dir+"/1.db"].about.State != stateFinished {
		t.Errorf("it left the run %s, want finished", about.State)
	}
}

// A recipe is what it was, and it is said if its file is not.
func TestResumeKeepsTheRecipe(t *testing.T) {
	t.Chdir(t.TempDir())
	w := newWorld(t)
	w.live(t, "http://one.test/a", "-i", "0", "-r", "mine.yaml", "http://one.test/a")
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	w.texts["mine.yaml"] = "another text"
	code, said := w.live(t, "", "resume")
	if code != 0 || !strings.Contains(said, "weir: recipe mine.yaml has changed: the run goes on with what it was\n") {
		t.Errorf("resume = %d, %q", code, said)
	}
	if want := []string{"text of mine.yaml in " + dir + "/mine.yaml"}; !slices.Equal(w.used, want) {
		t.Errorf("took up %q, want %q", w.used, want)
	}
}

func TestRetry(t *testing.T) {
	t.Chdir(t.TempDir())
	w := newWorld(t)
	listOf(t, "list.txt", urls("a", "bad")...)
	code, said := w.live(t, "", "-i", "0", "-w", "1", "-o", "out.csv", "list.txt")
	if code != exitFailed || w.runs[w.dir+"/1.db"].about.State != stateFinished {
		t.Errorf("the run = %d, %q", code, said)
	}
	if code, said = w.live(t, "", "-i", "0", "http://one.test/newer"); code != 0 { // nothing failed in it
		t.Errorf("the second run = %d, %q", code, said)
	}
	for _, tc := range []struct {
		args  []string
		code  int
		said  string
		asked []string
	}{
		{args: []string{"retry", "1"}, code: exitFailed, said: "weir: run 1: 1 URL again\n", asked: urls("bad")},
		{args: []string{"retry"}, code: exitFailed, said: "weir: run 1: 1 URL again\n", asked: urls("bad")},
		{args: []string{"retry", "--outcome", "empty,cancelled"}, code: exitUsage, said: "weir: runs: no run has anything that is empty or cancelled (weir runs lists all)\n"},
		{args: []string{"retry", "1", "--outcome", "empty"}, said: "weir: run 1 has nothing that is empty\n"},
		{args: []string{"retry", "1", "--outcome", "empty,cancelled"}, said: "weir: run 1 has nothing that is empty or cancelled\n"},
		{args: []string{"retry", "1", "--outcome", "ok"}, code: exitUsage, said: `--outcome "ok": want failed or empty or cancelled`},
		{args: []string{"retry", "3"}, code: exitUsage, said: "run 3: there is none"},
	} {
		w.asked = nil
		code, said := w.live(t, "", tc.args...)
		if code != tc.code || !strings.Contains(said, tc.said) || !slices.Equal(w.asked, tc.asked) {
			t.Errorf("%v = %d, %q, asked for %v; want %d, %q, %v", tc.args, code, said, w.asked, tc.code, tc.said, tc.asked)
		}
	}
	if got, err := os.ReadFile("out.csv"); err != nil || strings.Count(string(got), "bad") != 3 {
		t.Errorf("out.csv holds %q (%v), want each newer row of bad behind the old one", got, err)
	}
}

// Another -o has everything, and the one of before is left as it is.
func TestResumeToAnotherFile(t *testing.T) {
	t.Chdir(t.TempDir())
	w := newWorld(t)
	listOf(t, "list.txt", urls("a", "b")...)
	w.live(t, "http://one.test/b", "-i", "0", "-w", "1", "-o", "out.csv", "list.txt")
	code, said := w.live(t, "", "resume", "-o", "new.csv")
	if code != 0 || !strings.Contains(said, "weir: --output: new.csv has the results so far too; out.csv is left as it is\n") {
		t.Errorf("resume = %d, %q", code, said)
	}
	for name, want := range map[string][]string{"out.csv": urls("a"), "new.csv": urls("a", "b")} {
		if got, err := os.ReadFile(name); err != nil || string(got) != lineHead+strings.Join(want, "\n")+"\n" {
			t.Errorf("%s holds %q (%v), want %q", name, got, err, want)
		}
	}
}

// A secret that was typed stops the run before anything is done.
func TestResumeAsksForSecrets(t *testing.T) {
	t.Chdir(t.TempDir())
	w := newWorld(t)
	w.live(t, "http://one.test/a", "-i", "0", "--bearer", "hush", "http://one.test/a")
	if text := w.runs[w.dir+"/1.db"].About(); strings.Contains(string(text), "hush") {
		t.Errorf("kept %s", text)
	}
	w.asked = nil
	code, said := w.live(t, "", "resume")
	if code != exitUsage || said != "weir: --bearer: it was typed, and secrets are not kept: give it again\n" || len(w.asked) > 0 {
		t.Errorf("resume = %d, %q, asked for %v", code, said, w.asked)
	}
	if code, said = w.live(t, "", "resume", "--bearer", "hush"); code != 0 || w.cfg.Bearer.Reveal() != "hush" {
		t.Errorf("resume with it = %d, %q", code, said)
	}
}

// A run to which nothing was added leaves no file, and neither does one that
// does not start.
func TestNothingIsKeptOfNothing(t *testing.T) {
	t.Chdir(t.TempDir())
	w := newWorld(t)
	for _, args := range [][]string{
		{"-i", "0", "-o", "no/such/out.csv", "http://one.test/a"},
		{"none.txt"},
		{"-i", "0", "--no-store", "http://one.test/a"},
	} {
		w.live(t, "", args...)
		if left, err := filepath.Glob(w.dir + "/*.db"); err != nil || len(left) > 0 {
			t.Errorf("%v left %v (%v)", args, left, err)
		}
	}
}

// Trouble with the file is exit code 3, whatever else happened.
func TestStoreTrouble(t *testing.T) {
	t.Chdir(t.TempDir())
	w := newWorld(t)
	d := w.deps()
	d.Runs.Create = func(path string, _ []byte) (RunFile, error) {
		return nil, &os.PathError{Op: "open", Path: path, Err: os.ErrPermission}
	}
	var errs strings.Builder
	if code := Main(t.Context(), d, []string{"-i", "0", "http://one.test/a"}, strings.NewReader(""), io.Discard, &errs); code != exitStore ||
		!strings.HasSuffix(errs.String(), "permission denied (--no-store keeps none)\n") {
		t.Errorf("a run that cannot be kept = %d, %q", code, errs.String())
	}
	d.Runs.Create = func(string, []byte) (RunFile, error) {
		return &brokenRun{fakeRun{MemStore: engine.NewMemStore(), noted: newNoted()}}, nil
	}
	errs.Reset()
	if code := Main(t.Context(), d, []string{"-i", "0", "http://one.test/a"}, strings.NewReader(""), io.Discard, &errs); code != exitStore || !strings.Contains(errs.String(), "disk full") {
		t.Errorf("a run that cannot be kept any more = %d, %q", code, errs.String())
	}
}

// A brokenRun keeps no result.
type brokenRun struct{ fakeRun }

func (*brokenRun) Finish(context.Context, []engine.Result, func(engine.Job, engine.Class)) error {
	return errDisk
}
