package scrape_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"weir/engine"
	"weir/engine/enginetest"
	"weir/scrape"
)

// This file is what the tests of walking on have in common: a real engine over
// a site in memory.

// A walk is a run of one recipe over a site.
type walk struct {
	*rig
	t      *testing.T
	cfg    engine.Config
	before func(*engine.Engine) // called when the batch was added and the run has not begun
	open   bool                 // before closes the engine
	tls    func(host string)    // called for each TLS handshake, which fails; nil: none does
	down   map[string]bool      // host:port that cannot be reached
	engine *engine.Engine
	stats  engine.Stats
	took   time.Duration
}

// newWalk returns a walk whose every host is handler, unpaced, without
// robots.txt.
func newWalk(t *testing.T, handler http.HandlerFunc, cfg scrape.Config) *walk {
	cfg.IgnoreRobots = true
	return newPoliteWalk(t, handler, cfg)
}

// newPoliteWalk is newWalk with robots.txt.
func newPoliteWalk(t *testing.T, handler http.HandlerFunc, cfg scrape.Config) *walk {
	w := &walk{t: t, cfg: engine.Config{Interval: -1, GiveUp: true, Random: func() float64 { return 0.5 }}}
	dial := enginetest.NewPipeServer(t, handler).Dial
	cfg.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
		if host, secure := strings.CutSuffix(addr, ":443"); secure && w.tls != nil {
			w.tls(host)
		}
		if w.down[addr] {
			return nil, errors.New("refused")
		}
		return dial(ctx, network, addr)
	}
	w.rig = newRig(t, cfg)
	return w
}

// run runs a recipe over the listed URLs to its end.
func (w *walk) run(recipe string, urls ...string) {
	w.t.Helper()
	r := w.use(w.t, recipe)
	e, err := engine.New(w, w.cfg)
	if err != nil {
		w.t.Fatal(err)
	}
	w.engine = e
	list := w.ListFor(r.Ref(), "list", strings.NewReader(strings.Join(urls, "\n")))
	if _, err := e.Add(w.t.Context(), engine.Batch{Name: "walk", Recipe: r.Ref()}, list); err != nil {
		w.t.Fatal(err)
	}
	if !w.open {
		e.Close()
	}
	begin := time.Now()
	if w.before != nil {
		w.before(e)
	}
	if err := e.Run(w.t.Context()); err != nil {
		w.t.Errorf("Run: %v", err)
	}
	w.took, w.stats = time.Since(begin), e.Snapshot()
}

// counts checks the numbers of the run.
func (w *walk) counts(want engine.Counts) {
	w.t.Helper()
	if w.stats.Counts != want || !want.Balanced() {
		w.t.Errorf("counts %+v, want %+v", w.stats.Counts, want)
		for _, res := range w.results() {
			w.t.Logf("%s: %v %s %s", res.URL, res.Outcome, res.Class, res.Error)
		}
	}
}

// results returns the results by URL, cancelled ones too.
func (w *walk) results() []engine.Result {
	w.t.Helper()
	rs, err := w.engine.Results(w.t.Context(), engine.Query{})
	if err != nil {
		w.t.Fatal(err)
	}
	gone, err := w.engine.Results(w.t.Context(), engine.Query{Outcomes: []engine.Outcome{engine.Cancelled}})
	if err != nil {
		w.t.Fatal(err)
	}
	rs = append(rs, gone...)
	slices.SortStableFunc(rs, func(a, b engine.Result) int { return strings.Compare(a.URL, b.URL) })
	return rs
}

// result returns the one result of a URL.
func (w *walk) result(url string) engine.Result {
	w.t.Helper()
	var found []engine.Result
	for _, r := range w.results() {
		if r.URL == url {
			found = append(found, r)
		}
	}
	if len(found) != 1 {
		w.t.Fatalf("%d results of %s, want one", len(found), url)
	}
	return found[0]
}

// records returns the records of all results as JSON, sorted.
func (w *walk) records() []string {
	w.t.Helper()
	var all []string
	for _, res := range w.results() {
		for _, rec := range res.Records {
			text, err := json.Marshal(rec)
			if err != nil {
				w.t.Fatal(err)
			}
			all = append(all, string(text))
		}
	}
	slices.Sort(all)
	return all
}

// holds checks which records the run came to.
func (w *walk) holds(want ...string) {
	w.t.Helper()
	slices.Sort(want)
	if got := w.records(); !slices.Equal(got, want) {
		w.t.Errorf("records\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// visits counts what a site was asked for.
type visits struct {
	mu    sync.Mutex
	begin time.Time
	seen  []string // by path, in the order of the requests
	at    []time.Duration
}

func newVisits() *visits { return &visits{begin: time.Now()} }

func (v *visits) add(r *http.Request) {
	name := r.URL.Path
	if r.Method != http.MethodGet {
		name = r.Method + " " + name
	}
	v.note(name)
}

func (v *visits) note(name string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.seen = append(v.seen, name)
	v.at = append(v.at, time.Since(v.begin))
}

// want checks which paths were asked for, in whatever order.
func (v *visits) want(t *testing.T, want ...string) {
	t.Helper()
	v.mu.Lock()
	defer v.mu.Unlock()
	got := slices.Sorted(slices.Values(v.seen))
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("asked for %q, want %q", got, want)
	}
}

// inOrder checks which paths were asked for and when, in seconds: "0 /a".
func (v *visits) inOrder(t *testing.T, want ...string) {
	t.Helper()
	v.mu.Lock()
	defer v.mu.Unlock()
	var got []string
	for i, path := range v.seen {
		got = append(got, fmt.Sprint(v.at[i].Seconds(), " ", path))
	}
	if !slices.Equal(got, want) {
		t.Errorf("asked for\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// pages is a site: what it says by URL without the scheme, or by path alone. A
// page that begins with > is a redirect, one that begins with ! fails with that
// status, and hang never answers.
func (v *visits) pages(pages map[string]string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v.add(r)
		v.mu.Lock()
		defer v.mu.Unlock()
		text, ok := pages[r.Host+r.URL.RequestURI()]
		if !ok {
			text, ok = pages[r.URL.RequestURI()]
		}
		if !ok {
			text = "!404"
		}
		if text == "hang" {
			v.mu.Unlock()
			<-r.Context().Done()
			v.mu.Lock()
			return
		}
		if to, is := strings.CutPrefix(text, ">"); is {
			http.Redirect(w, r, to, http.StatusFound)
			return
		}
		if status, is := strings.CutPrefix(text, "!"); is {
			n, _ := strconv.Atoi(status)
			w.WriteHeader(n)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, text)
	}
}
