package scrape

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/klauspost/compress/zstd"

	"weir/engine"
	"weir/engine/enginetest"
)

func openKeep(t *testing.T, dir string, max int64) *Keep {
	t.Helper()
	k, err := OpenKeep(dir, max)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { k.Close() })
	return k
}

// entries reads an index.
func entries(t *testing.T, dir string) (es []entry) {
	t.Helper()
	u, err := newUnpacker()
	if err != nil {
		t.Fatal(err)
	}
	defer u.Close()
	err = readIndex(filepath.Join(dir, "index.jsonl"), func(e entry, hash [32]byte) error {
		if _, err := u.body(dir, hash, e.Bytes, DefaultMaxBody); err != nil {
			t.Errorf("%s: %v", e.URL, err)
		}
		es = append(es, e)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return es
}

// A revisit is a run over one page with what was kept before.
type revisit struct {
	dir     string
	cfg     Config
	handler http.HandlerFunc
	seen    []string // If-None-Match and If-Modified-Since of each request
	recipe  string
}

func (v *revisit) run(t *testing.T) *engine.Result {
	t.Helper()
	var got *engine.Result
	synctest.Test(t, func(t *testing.T) {
		server := enginetest.NewPipeServer(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			v.seen = append(v.seen, r.Header.Get("If-None-Match")+"|"+r.Header.Get("If-Modified-Since"))
			v.handler(w, r)
		}))
		cfg := v.cfg
		cfg.Dial, cfg.Keep = server.Dial, openKeep(t, v.dir, 0)
		s, err := New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		r, err := ParseRecipe("titles.yaml", []byte("name: titles\nfields:\n  title: {select: title}\n"+v.recipe))
		if err != nil {
			t.Fatal(err)
		}
		job, err := s.Job("http://one.test/")
		if err != nil {
			t.Fatal(err)
		}
		req := engine.Request{Job: job, URL: job.URL, Host: job.Host, Recipe: s.Use(r), Report: func(engine.Phase) {}}
		for {
			step := s.Do(t.Context(), req)
			if step.Again == nil {
				got = step.Result
				return
			}
			req = *step.Again
		}
	})
	return got
}

// tagged answers with a page and validators, and 304 to who knows them.
func tagged(tag, modified, title string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h["Etag"], h["Last-Modified"] = []string{tag}, []string{modified}
		h.Set("Content-Type", "text/html; charset=windows-1252")
		if tag != "" && r.Header.Get("If-None-Match") == tag || tag == "" && modified != "" && r.Header.Get("If-Modified-Since") == modified {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		io.WriteString(w, "<title>"+title+"</title>")
	}
}

const aDate = "Mon, 03 Nov 2025 07:00:00 GMT"

func TestPageThatDidNotChange(t *testing.T) {
	for _, tc := range []struct{ name, tag, modified, asked string }{
		{"by its tag", `"v1"`, "", `"v1"|`},
		{"by a weak tag", `W/"v1"`, "", `W/"v1"|`},
		{"by its date", "", aDate, "|" + aDate},
		{"by both", `"v1"`, aDate, `"v1"|` + aDate},
	} {
		t.Run(tc.name, func(t *testing.T) {
			v := &revisit{dir: t.TempDir(), handler: tagged(tc.tag, tc.modified, "caf\xe9")}
			first := v.run(t)
			if first.Outcome != engine.OK || first.Unchanged || first.Status != 200 {
				t.Fatalf("first: %+v, want ok", first)
			}
			for range 2 {
				again := v.run(t)
				if again.Outcome != engine.OK || !again.Unchanged || again.Status != 304 || again.Bytes != first.Bytes || again.Title != "café" {
					t.Errorf("again: %v %q %q, unchanged %v, status %d, %d bytes, title %q; want ok, unchanged, the rest as before",
						again.Outcome, again.Class, again.Error, again.Unchanged, again.Status, again.Bytes, again.Title)
				}
				if got, want := fmt.Sprint(again.Records), fmt.Sprint(first.Records); got != want {
					t.Errorf("records %s, want %s", got, want)
				}
			}
			v.recipe = "  all: {select: title, many: true}\n" // a 304 is read by the recipe of now
			if again := v.run(t); !again.Unchanged || len(again.Records) != 1 || len(again.Records[0]) != 2 {
				t.Errorf("with another recipe: %+v, want its two fields", again.Records)
			}
			want := []string{"|", tc.asked, tc.asked, tc.asked}
			if fmt.Sprint(v.seen) != fmt.Sprint(want) {
				t.Errorf("asked for with %q, want %q", v.seen, want)
			}
			es := entries(t, v.dir)
			if len(es) != 4 || es[0].Status != 200 || es[3].Status != 304 || es[3].Hash != es[0].Hash || es[0].Bytes != first.Bytes {
				t.Errorf("index %+v, want four lines of one body", es)
			}
		})
	}
}

func TestPageThatChanged(t *testing.T) {
	v := &revisit{dir: t.TempDir(), handler: tagged(`"v1"`, "", "one")}
	v.run(t)
	v.handler = tagged(`"v2"`, "", "two")
	if got := v.run(t); got.Unchanged || got.Title != "two" || got.Status != 200 {
		t.Errorf("got %+v, want the new page", got)
	}
	if got := v.run(t); !got.Unchanged || got.Title != "two" {
		t.Errorf("got %+v, want the new page, unchanged", got)
	}
	v.handler = tagged("", "", "three")
	if got := v.run(t); got.Unchanged || got.Title != "three" {
		t.Errorf("got %+v, want the page without a tag", got)
	}
	v.run(t)
	if want := `[| "v1"| "v2"| "v2"| |]`; fmt.Sprint(v.seen) != want {
		t.Errorf("asked for with %s, want %s", v.seen, want)
	}
}

func TestUnasked304StaysAFailure(t *testing.T) {
	always := func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusNotModified) }
	v := &revisit{dir: t.TempDir(), handler: always}
	if got := v.run(t); got.Class != engine.Status || got.Unchanged {
		t.Errorf("nothing kept: %v %q, want failed status", got.Outcome, got.Class)
	}
	v.handler = tagged(`"v1"`, "", "one")
	v.run(t)
	v.handler, v.cfg.Header = always, http.Header{"If-None-Match": {`"mine"`}}
	if got := v.run(t); got.Class != engine.Status || v.seen[2] != `"mine"|` {
		t.Errorf("asked by the operator's header: %v %q with %q, want failed status", got.Outcome, got.Class, v.seen[2])
	}
}

// A step on the way to a page is another page: it is neither kept as the page
// nor asked for by its tag.
func TestOnlyThePageItselfIsKept(t *testing.T) {
	k := openKeep(t, t.TempDir(), 0)
	s, err := New(Config{Keep: k})
	if err != nil {
		t.Fatal(err)
	}
	ref := s.Use(anyRecipe())
	k.add("http://one.test/", "one")
	page, err := parseTarget("http://one.test/")
	if err != nil {
		t.Fatal(err)
	}
	form, err := parseTarget("http://one.test/login")
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		to   target
		want string
		kept int
	}{{page, `"x"`, 2}, {form, "", 2}} {
		a := &attempt{s: s, t: tc.to, r: engine.Request{URL: page.href, Recipe: ref}}
		own := http.Header{}
		if a.ask(own); own.Get("If-None-Match") != tc.want {
			t.Errorf("%s is asked for with %q, want %q", tc.to.href, own.Get("If-None-Match"), tc.want)
		}
		a.keepAs(200, kept{}, []byte("two"))
		if got, _ := k.Stats(); got.Kept != tc.kept {
			t.Errorf("%d kept after %s, want %d", got.Kept, tc.to.href, tc.kept)
		}
	}
}

// What is kept is on a disk, where things happen.
func TestKeptBodyThatIsNoMore(t *testing.T) {
	for _, tc := range []struct {
		name  string
		harm  func(t *testing.T, path string) error
		asked string
	}{
		{"gone", func(t *testing.T, path string) error { return os.Remove(path) }, "[| | \"v1\"|]"},
		{"cut", func(t *testing.T, path string) error { return os.Truncate(path, 9) }, "[| \"v1\"| | \"v1\"|]"},
		{"another", func(t *testing.T, path string) error {
			return os.WriteFile(path, packed(t, []byte("<title>else</title>")), 0o600)
		}, "[| \"v1\"| | \"v1\"|]"},
		{"a bomb", func(t *testing.T, path string) error {
			return os.WriteFile(path, packed(t, make([]byte, 64<<20)), 0o600)
		}, "[| \"v1\"| | \"v1\"|]"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			v := &revisit{dir: t.TempDir(), handler: tagged(`"v1"`, "", "one")}
			v.run(t)
			path := bodyPath(v.dir, sha256.Sum256([]byte("<title>one</title>")))
			if err := tc.harm(t, path); err != nil {
				t.Fatal(err)
			}
			if got := v.run(t); got.Unchanged || got.Title != "one" || got.Status != 200 {
				t.Errorf("got %+v, want the page, fetched", got)
			}
			if got := v.run(t); !got.Unchanged || got.Title != "one" {
				t.Errorf("then %+v, want it unchanged", got)
			}
			if fmt.Sprint(v.seen) != tc.asked {
				t.Errorf("asked for with %s, want %s", v.seen, tc.asked)
			}
		})
	}
}

// A body that is over the cap of now is not read, however it was kept.
func TestKeptBodyThatIsTooLarge(t *testing.T) {
	v := &revisit{dir: t.TempDir(), handler: tagged(`"v1"`, "", "one")}
	v.run(t)
	v.cfg.MaxBody = 10
	if got := v.run(t); got.Class != engine.TooLarge || got.Unchanged {
		t.Errorf("got %v %q %q, want failed too_large", got.Outcome, got.Class, got.Error)
	}
}

func packed(t *testing.T, body []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := zstd.NewWriter(&b)
	if err != nil {
		t.Fatal(err)
	}
	w.Write(body)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

var anyRecipe = sync.OnceValue(func() *Recipe {
	r, err := ParseRecipe("any.yaml", []byte("fields: {title: {select: title}}"))
	if err != nil {
		panic(err)
	}
	return r
})

// add keeps a page whose body is text.
func (k *Keep) add(url, text string) {
	ref := anyRecipe().Ref()
	k.put(entry{URL: url, Job: url, Status: 200, Type: "text/html", Kind: "text/html", ETag: `"x"`, Recipe: ref.Name, Version: ref.Hash}, []byte(text), anyRecipe())
}

// Whatever stands at the end of an index, or in it, the good lines are read and
// the next line is a good one.
func TestTornLines(t *testing.T) {
	dir := t.TempDir()
	k := openKeep(t, dir, 0)
	k.add("http://one.test/1", "one")
	k.Close()
	path := filepath.Join(dir, "index.jsonl")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for cut := range len(whole) {
		if err := os.WriteFile(path, append(bytes.Clone(whole), whole[:cut]...), 0o600); err != nil {
			t.Fatal(err)
		}
		k := openKeep(t, dir, 0)
		k.add("http://one.test/2", "two")
		k.Close()
		if es := entries(t, dir); len(es) != 2 && cut != len(whole)-1 || es[len(es)-1].URL != "http://one.test/2" {
			t.Fatalf("cut after %d bytes: %+v, want both", cut, es)
		}
	}
	odd := "\n{}\n[]\nnull\n{\"url\":\"u\",\"hash\":\"zz\"}\n{\"url\":\"u\",\"hash\":\"" + strings.Repeat("z", 64) + "\"}\n" +
		"{\"url\":\"u\",\"version\":\"../x\",\"hash\":\"" + strings.Repeat("0", 64) + "\"}\n" + strings.Repeat("x", 1<<20) + "\n\xff\x00\n"
	if err := os.WriteFile(path, append([]byte(odd), whole...), 0o600); err != nil {
		t.Fatal(err)
	}
	if es := entries(t, dir); len(es) != 1 {
		t.Errorf("among lines that are none: %+v, want one", es)
	}
}

func TestKeepTogether(t *testing.T) {
	dir := t.TempDir()
	var wg sync.WaitGroup
	for range 2 { // two processes, as it were
		k := openKeep(t, dir, 0)
		for w := range 4 {
			wg.Go(func() {
				for i := range 25 {
					k.add(fmt.Sprintf("http://one.test/%d/%d", w, i), fmt.Sprintf("body %d", i))
				}
			})
		}
	}
	wg.Wait()
	if es := entries(t, dir); len(es) != 200 {
		t.Errorf("%d lines, want 200", len(es))
	}
	var bodies []string
	filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		info, ierr := d.Info()
		if err != nil || ierr != nil {
			t.Fatal(err, ierr)
		}
		if want := fs.FileMode(0o600); !d.IsDir() && info.Mode().Perm() != want || d.IsDir() && path != dir && info.Mode().Perm() != 0o700 {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
		if strings.HasSuffix(path, ".zst") || strings.Contains(path, ".new-") {
			bodies = append(bodies, path)
		}
		return nil
	})
	if len(bodies) != 25 {
		t.Errorf("%d files of bodies, want 25", len(bodies))
	}
}

func TestKeepThatIsFull(t *testing.T) {
	dir := t.TempDir()
	k := openKeep(t, dir, 1)
	k.add("http://one.test/1", "one")
	k.add("http://one.test/2", "two")
	k.add("http://one.test/3", "one") // takes no room
	if got, err := k.Stats(); got != (KeepStats{Kept: 2, Full: 1}) || err != nil || got.String() != "2 answers kept, 1 not: it is full" {
		t.Errorf("stats %+v (%s), %v", got, got, err)
	}
	k = openKeep(t, dir, 1) // it is still so
	k.add("http://one.test/2", "two")
	if got, _ := k.Stats(); got.Full != 1 || len(entries(t, dir)) != 2 {
		t.Errorf("stats %+v, want full", got)
	}
}

func TestKeepThatCannotBeWritten(t *testing.T) {
	dir := t.TempDir()
	k := openKeep(t, dir, 0)
	if err := os.RemoveAll(filepath.Join(dir, "bodies")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "bodies"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	k.add("http://one.test/", "one")
	if got, err := k.Stats(); got.Failed != 1 || err == nil {
		t.Errorf("stats %+v, %v; want one failed", got, err)
	}
	if es := entries(t, dir); len(es) != 0 {
		t.Errorf("index %+v, want none without its body", es)
	}
	if _, err := OpenKeep(filepath.Join(dir, "bodies", "x"), 0); err == nil || !strings.HasPrefix(err.Error(), "scrape: "+dir) {
		t.Errorf("OpenKeep in a file: %v", err)
	}
}

// kill -9 in the middle of the work.
func TestKeepAfterKill(t *testing.T) {
	if dir := os.Getenv("WEIR_TEST_KEEP"); dir != "" {
		k := openKeep(t, dir, 0)
		for i := 0; ; i++ {
			k.add(fmt.Sprintf("http://one.test/%d", i), fmt.Sprintf("body %d %s", i, strings.Repeat("x", i%5000)))
			fmt.Println("kept", i)
		}
	}
	dir := t.TempDir()
	cmd := exec.Command(os.Args[0], "-test.run=^TestKeepAfterKill$")
	cmd.Env = append(os.Environ(), "WEIR_TEST_KEEP="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	told := 0
	for lines := bufio.NewScanner(out); told < 200 && lines.Scan(); told++ {
	}
	cmd.Process.Kill()
	io.Copy(io.Discard, out)
	cmd.Wait()
	k := openKeep(t, dir, 0)
	k.add("http://one.test/after", "after")
	es := entries(t, dir)
	if len(es) <= told || es[len(es)-1].URL != "http://one.test/after" {
		t.Errorf("%d lines after %d that were told of, want them and one more", len(es), told)
	}
}
