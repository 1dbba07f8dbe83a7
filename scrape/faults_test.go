package scrape_test

import (
	"cmp"
	"crypto/tls"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"weir/engine"
	"weir/scrape"
)

// A fault is something that a server, or what stands on its page, does to us.
type fault struct {
	name  string
	ends  string // how the job ends: a class, or "ok", "empty", "skipped robots"; "a or b"
	words string // in its error

	talk   func(p *peer) // the server's side, after it has read the request
	raw    bool          // ... before it reads anything
	secure *tls.Config   // the server speaks TLS

	slow  bool // it can only end by Config.Timeout, which is then short
	heavy bool // it costs seconds with the race detector, and is left out there
	cfg   func(c *scrape.Config)
	url   string // "" is http://{addr}/, https if secure
	far   bool   // the URL is not the operator's: a page or a redirect led to it
	run   func(t *testing.T, g *rig, url string) *engine.Result

	recipe string
	within time.Duration // zero: faultTime
	memory int           // bytes; zero: faultMemory
}

const (
	slowTimeout = 60 * time.Millisecond // Config.Timeout of slow faults
	faultTime   = time.Second           // what any fault may take
	faultMemory = 4 << 20               // bytes that may be allocated meanwhile, by both ends
)

// faults is the catalogue. The bounds are those of a busy machine, ten times the
// time with the race detector; TestFaults -v prints what was measured.
func faults(t *testing.T) []fault {
	return slices.Concat(codingFaults(t), headerFaults(), slowFaults(t), bodyFaults(), chunkFaults(), protocolFaults(),
		resetFaults(t), tlsFaults(t), http2Faults(t), redirectFaults(), addressFaults(), nameFaults(t), typeFaults(), htmlFaults(), robotsFaults(t))
}

// Whatever a server does, its job ends in a named class, in bounded time, with
// bounded memory, and leaves neither goroutine nor connection behind.
func TestFaults(t *testing.T) {
	all := faults(t)
	var table strings.Builder
	out := tabwriter.NewWriter(&table, 0, 4, 2, ' ', 0)
	fmt.Fprintln(out, "\nfault\tends as\ttime\tallocated")
	names := make(map[string]bool)
	for _, f := range all {
		if names[f.name] {
			t.Errorf("two faults are called %q", f.name)
		}
		names[f.name] = true
		if f.heavy && raced {
			continue
		}
		t.Run(f.name, func(t *testing.T) {
			ends, took, memory := f.try(t)
			fmt.Fprintf(out, "%s\t%s\t%.1f ms\t%d KiB\n", f.name, ends, float64(took.Microseconds())/1000, memory>>10)
		})
	}
	out.Flush()
	t.Logf("%d faults%s", len(all), &table)
	if len(all) < 60 {
		t.Errorf("%d faults, want at least 60", len(all))
	}
}

// try meets the fault once and returns how it ended and what it cost.
func (f *fault) try(t *testing.T) (ends string, took time.Duration, memory uint64) {
	before := runtime.NumGoroutine()
	talk := func(p *peer) {
		if f.raw || p.request() != "" {
			f.talk(p)
		}
	}
	if f.talk == nil {
		talk = func(p *peer) {
			for p.request() != "" && p.say(answerOf("", faultPage)) {
			}
		}
	}
	server := serveFault(t, f.secure, talk)
	cfg := scrape.Config{Timeout: patience, MaxBody: 256 << 10, MaxHeader: 64 << 10}
	if f.slow {
		cfg.Timeout = slowTimeout
	}
	if f.cfg != nil {
		f.cfg(&cfg)
	}
	g := newRig(t, cfg)
	if f.recipe != "" {
		r, err := scrape.ParseRecipe("fault.yaml", []byte(f.recipe))
		if err != nil {
			t.Fatal(err)
		}
		g.recipe = g.Use(r)
	}
	url := "http://{addr}/"
	if f.secure != nil {
		url = "https://{addr}/"
	}
	url = strings.ReplaceAll(cmp.Or(f.url, url), "{addr}", server.addr())
	run := f.run
	if run == nil {
		run = func(t *testing.T, g *rig, url string) *engine.Result { return g.meet(t, url, f.far) }
	}

	var m0, m1 runtime.MemStats
	runtime.ReadMemStats(&m0)
	begin := time.Now()
	got := run(t, g, url)
	took = time.Since(begin)
	runtime.ReadMemStats(&m1)
	memory = m1.TotalAlloc - m0.TotalAlloc

	if ends = ending(got); !slices.Contains(strings.Split(f.ends, " or "), ends) || !strings.Contains(got.Error, f.words) {
		t.Errorf("ends as %s: %q; want %s: %q", ends, got.Error, f.ends, f.words)
	}
	most := cmp.Or(f.within, faultTime)
	if raced {
		most *= 10
	}
	if took > most {
		t.Errorf("took %v, want at most %v", took, most)
	}
	if most := cmp.Or(f.memory, faultMemory); memory > uint64(most) {
		t.Errorf("allocated %d KiB, want at most %d", memory>>10, most>>10)
	}
	g.Close()
	if err := server.left(); err != nil {
		t.Error(err)
	}
	if n, stacks := settle(before); n > before {
		t.Errorf("%d goroutines left behind:\n%s", n-before, stacks)
	}
	return ends, took, memory
}

// meet follows a URL to the end of its job, as the engine does, robots.txt
// apart. A far URL is not listed.
func (g *rig) meet(t *testing.T, url string, far bool) *engine.Result {
	t.Helper()
	r := g.request(t, "http://listed.test/")
	if !far {
		job, err := g.Job(url)
		if err != nil {
			return &engine.Result{Outcome: engine.Skipped, Class: engine.Invalid, Error: err.Error()}
		}
		r.Job.URL, r.Job.Host, r.Host = job.URL, job.Host, job.Host
		r.URL = job.URL
	} else {
		r.Job.Depth, r.Job.URL, r.URL = 1, url, url
	}
	for range 20 {
		r.Origin = ""
		step := g.Do(t.Context(), r)
		if step.Again == nil {
			return step.Result
		}
		r = *step.Again
	}
	t.Fatal("more than 20 requests")
	return nil
}

// ending says in one word how a job ended.
func ending(r *engine.Result) string {
	switch r.Outcome {
	case engine.OK, engine.Empty:
		return r.Outcome.String()
	case engine.Skipped:
		return "skipped " + string(r.Class)
	}
	return string(r.Class)
}

// settle waits until no more than n goroutines are left, and returns how many
// are and what they do.
func settle(n int) (int, []byte) {
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); runtime.Gosched() {
		if got := runtime.NumGoroutine(); got <= n {
			return got, nil
		}
	}
	stacks := make([]byte, 64<<10)
	return runtime.NumGoroutine(), stacks[:runtime.Stack(stacks, true)]
}
