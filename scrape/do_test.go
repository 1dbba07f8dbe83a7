package scrape_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"weir/engine"
	"weir/engine/enginetest"
	"weir/scrape"
)

// This file holds what the tests of Do share.

// titles is a recipe that takes the title of a page.
const titles = "name: titles\nfields:\n  title: {select: title, required: true}\n"

// A rig is a Scraper under test with one recipe in use.
type rig struct {
	*scrape.Scraper
	recipe engine.RecipeRef
}

// newRig returns a rig whose connections dial makes.
func newRig(t *testing.T, cfg scrape.Config) *rig {
	t.Helper()
	s, err := scrape.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	r, err := scrape.ParseRecipe("titles.yaml", []byte(titles))
	if err != nil {
		t.Fatal(err)
	}
	return &rig{s, s.Use(r)}
}

// site returns a rig that reaches handler under every name.
func site(t *testing.T, cfg scrape.Config, handler http.HandlerFunc) *rig {
	t.Helper()
	cfg.Dial = enginetest.NewPipeServer(t, handler).Dial
	return newRig(t, cfg)
}

// wire returns a rig whose connections talk to talk, byte by byte. talk has the
// server's end, with the request's header already read from it.
func wire(t *testing.T, cfg scrape.Config, talk func(c net.Conn, r *bufio.Reader)) *rig {
	t.Helper()
	var wg sync.WaitGroup
	t.Cleanup(wg.Wait)
	cfg.Dial = func(context.Context, string, string) (net.Conn, error) {
		near, far := net.Pipe()
		wg.Go(func() {
			defer far.Close()
			r := bufio.NewReader(far)
			if readHeader(r) == nil {
				talk(far, r)
			}
		})
		return near, nil
	}
	return newRig(t, cfg)
}

func readHeader(r *bufio.Reader) error {
	for {
		line, err := r.ReadString('\n')
		if err != nil || line == "\r\n" {
			return err
		}
	}
}

// answer is a talk that says the same to everyone and hangs up.
func answer(raw string) func(net.Conn, *bufio.Reader) {
	return func(c net.Conn, _ *bufio.Reader) { io.WriteString(c, raw) }
}

// request returns the request for a listed URL, robots.txt apart.
func (g *rig) request(t *testing.T, url string) engine.Request {
	t.Helper()
	job, err := g.Job(url)
	if err != nil {
		t.Fatal(err)
	}
	job.ID, job.Batch, job.Origin = 1, 1, ""
	return engine.Request{
		Job: job, URL: job.URL, Host: job.Host, Attempt: 1, Recipe: g.recipe,
		Report: func(engine.Phase) {},
	}
}

// get fetches a listed URL whose answer ends the job.
func (g *rig) get(t *testing.T, url string) *engine.Result {
	t.Helper()
	step := g.Do(t.Context(), g.request(t, url))
	if step.Result == nil {
		t.Fatalf("Do(%s) = %+v, want a result", url, step)
	}
	return step.Result
}

// A diary notes the phases of an attempt and when each began.
type diary struct {
	mu     sync.Mutex
	begin  time.Time
	phases []string // "sent+2s"
}

func newDiary() *diary { return &diary{begin: time.Now()} }

func (d *diary) report(p engine.Phase) {
	d.mu.Lock()
	defer d.mu.Unlock()
	name := [...]string{"idle", "connect", "sent", "body", "extract"}[p]
	d.phases = append(d.phases, fmt.Sprintf("%s+%v", name, time.Since(d.begin)))
}

func (d *diary) String() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return strings.Join(d.phases, " ")
}

// html writes a page with a title.
func html(w http.ResponseWriter, title string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprintf(w, "<!doctype html><title>%s</title>", title)
}
