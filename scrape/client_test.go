package scrape_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"weir/engine"
	"weir/engine/enginetest"
	"weir/scrape"
)

func TestDoReportsPhasesAndTimesExactly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := enginetest.NewPipeServer(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(2 * time.Second)
			w.Header().Set("Content-Type", "text/html")
			io.WriteString(w, "<title>slow")
			w.(http.Flusher).Flush()
			time.Sleep(3 * time.Second)
			io.WriteString(w, " page</title>")
		}))
		dial := func(ctx context.Context, network, addr string) (net.Conn, error) {
			time.Sleep(time.Second)
			return server.Dial(ctx, network, addr)
		}
		g := newRig(t, scrape.Config{Dial: dial})
		for _, tc := range []struct {
			name, phases string
			timing       engine.Timing
		}{
			{
				name: "new connection", phases: "connect+0s sent+1s body+3s extract+6s",
				timing: engine.Timing{DNS: -1, Connect: time.Second, TLS: -1, FirstByte: 2 * time.Second, Body: 3 * time.Second},
			},
			{
				name: "kept connection", phases: "sent+0s body+2s extract+5s",
				timing: engine.Timing{DNS: -1, Connect: -1, TLS: -1, FirstByte: 2 * time.Second, Body: 3 * time.Second},
			},
		} {
			d := newDiary()
			r := g.request(t, "http://one.test/")
			r.Report = d.report
			step := g.Do(t.Context(), r)
			if got := d.String(); got != tc.phases {
				t.Errorf("%s: phases %s, want %s", tc.name, got, tc.phases)
			}
			res := step.Result
			if res == nil || res.Outcome != engine.OK || res.Title != "slow page" {
				t.Fatalf("%s: result %+v, want ok", tc.name, res)
			}
			if res.Timing != tc.timing {
				t.Errorf("%s: timing %+v, want %+v", tc.name, res.Timing, tc.timing)
			}
			if want := time.Since(d.begin); res.Elapsed != want || !res.FetchedAt.Equal(d.begin) {
				t.Errorf("%s: elapsed %v from %v, want %v from %v", tc.name, res.Elapsed, res.FetchedAt, want, d.begin)
			}
			if step.Host.Latency != 2*time.Second || step.Host.Status != 200 {
				t.Errorf("%s: host hint %+v, want 200 after 2s", tc.name, step.Host)
			}
		}
	})
}

// With a nil body net/http sends three requests here, the last two at once.
func TestDeadKeptConnectionSendsNoSecondRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var requests atomic.Int32
		g := wire(t, scrape.Config{}, func(c net.Conn, r *bufio.Reader) {
			requests.Add(1)
			io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 16\r\n\r\n<title>a</title>")
			if readHeader(r) == nil { // and hang up without an answer
				requests.Add(1)
			}
		})
		if res := g.get(t, "http://one.test/"); res.Outcome != engine.OK {
			t.Fatalf("first: %+v, want ok", res)
		}
		synctest.Wait() // the connection is back among the idle
		d := newDiary()
		r := g.request(t, "http://one.test/")
		r.Report = d.report
		res := g.Do(t.Context(), r).Result
		if res.Outcome != engine.Failed || res.Class != engine.Reset {
			t.Errorf("second: %v %q %q, want failed reset", res.Outcome, res.Class, res.Error)
		}
		if got := requests.Load(); got != 2 {
			t.Errorf("the server saw %d requests, want 2", got)
		}
		if got := d.String(); got != "sent+0s" {
			t.Errorf("phases %s, want sent+0s once", got)
		}
	})
}

func TestRequestIsWrittenAsItStands(t *testing.T) {
	var got bytes.Buffer
	talk := make(chan struct{})
	dial := func(context.Context, string, string) (net.Conn, error) {
		near, far := net.Pipe()
		go func() {
			defer close(talk)
			defer far.Close()
			r := bufio.NewReader(io.TeeReader(far, &got))
			readHeader(r)
			io.WriteString(far, "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
			io.Copy(io.Discard, r)
		}()
		return near, nil
	}
	header := http.Header{"x-token": {"secret"}}
	g := newRig(t, scrape.Config{Dial: dial, UserAgent: "weir/1.0", Contact: "ops@one.test", Header: header})
	g.get(t, "http://One.Test:80/a|b/%7e/ü?q='x y'&z=%zz#here")
	<-talk
	want := "GET /a|b/%7e/%C3%BC?q=%27x%20y%27&z=%zz HTTP/1.1\r\n" +
		"Host: one.test\r\n" +
		"User-Agent: weir/1.0 (+ops@one.test)\r\n" +
		"Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n" +
		"Accept-Encoding: gzip, br, zstd, deflate\r\n" +
		"X-Token: secret\r\n\r\n"
	if got.String() != want {
		t.Errorf("request\n%swant\n%s", &got, want)
	}
}

func TestPathThatBeginsWithTwoSlashes(t *testing.T) {
	var got atomic.Value
	g := site(t, scrape.Config{}, func(w http.ResponseWriter, r *http.Request) {
		got.Store(r.Host + " " + r.URL.Path)
		html(w, "two")
	})
	g.get(t, "http://one.test//a")
	if want := "one.test //a"; got.Load() != want {
		t.Errorf("the server saw %q, want %q", got.Load(), want)
	}
}

func TestResultOfAnAnswer(t *testing.T) {
	for _, tc := range []struct {
		name    string
		handler http.HandlerFunc
		outcome engine.Outcome
		class   engine.Class
		err     string
		status  int
	}{
		{
			name: "a page", status: 200, outcome: engine.OK,
			handler: func(w http.ResponseWriter, r *http.Request) { html(w, "a") },
		},
		{
			name: "a page without what the recipe wants", status: 200, outcome: engine.Empty, err: "-",
			handler: func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "text/html")
				io.WriteString(w, "<p>")
			},
		},
		{
			name: "created is a success", status: 201, outcome: engine.OK,
			handler: func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "text/html")
				w.WriteHeader(201)
				html(w, "a")
			},
		},
		{
			name: "no such page", status: 404, outcome: engine.Failed, class: engine.Status, err: "status 404 Not Found",
			handler: http.NotFound,
		},
		{
			name: "a part that was not asked for", status: 206, outcome: engine.Failed, class: engine.Status, err: "status 206 Partial Content",
			handler: func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(206) },
		},
		{
			name: "not modified, which was not asked", status: 304, outcome: engine.Failed, class: engine.Status, err: "status 304 Not Modified",
			handler: func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(304) },
		},
		{
			name: "a status nobody knows", status: 599, outcome: engine.Failed, class: engine.Status, err: "status 599",
			handler: func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(599) },
		},
		{
			name: "a picture", status: 200, outcome: engine.Failed, class: engine.NotHTML, err: "image/png, not HTML",
			handler: func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "image/png")
				io.WriteString(w, "<title>a</title>")
			},
		},
		{
			name: "a picture that calls itself nothing", status: 200, outcome: engine.Failed, class: engine.NotHTML, err: "image/png by its first bytes, not HTML",
			handler: func(w http.ResponseWriter, r *http.Request) {
				w.Header()["Content-Type"] = nil
				io.WriteString(w, "\x89PNG\x0D\x0A\x1A\x0A")
			},
		},
		{
			name: "text", status: 200, outcome: engine.Failed, class: engine.NotHTML, err: "text/plain by its first bytes, not HTML",
			handler: func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "text/plain")
				io.WriteString(w, "no page")
			},
		},
		{
			name: "a page that calls itself text", status: 200, outcome: engine.OK,
			handler: func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "text/plain; charset=utf-8")
				io.WriteString(w, "<!doctype html><title>a</title>")
			},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := site(t, scrape.Config{}, tc.handler)
				got := g.get(t, "http://one.test/")
				if tc.err == "-" && got.Error != "" {
					tc.err = got.Error // the recipe's words
				}
				if got.Outcome != tc.outcome || got.Class != tc.class || got.Error != tc.err || got.Status != tc.status {
					t.Errorf("Do = %v %q %q %d, want %v %q %q %d",
						got.Outcome, got.Class, got.Error, got.Status, tc.outcome, tc.class, tc.err, tc.status)
				}
				if got.URL != "http://one.test/" || got.Host != "one.test:80" || got.Final != "" || got.Job != 1 {
					t.Errorf("Do = URL %q, host %q, final %q, job %d", got.URL, got.Host, got.Final, got.Job)
				}
			})
		})
	}
}

func TestUnwantedBodyIsNotDownloaded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var sent atomic.Int64
		g := site(t, scrape.Config{}, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/pdf")
			piece := make([]byte, 64<<10)
			for range 64 {
				n, err := w.Write(piece)
				if sent.Add(int64(n)); err != nil {
					return
				}
			}
		})
		begin := time.Now()
		if got := g.get(t, "http://one.test/"); got.Class != engine.NotHTML || got.Bytes != 0 {
			t.Errorf("Do = %q, %d bytes, want not_html, 0", got.Class, got.Bytes)
		}
		synctest.Wait()
		if n := sent.Load(); n > 128<<10 || time.Since(begin) != 0 {
			t.Errorf("the server sent %d bytes in %v, want at most two pieces at once", n, time.Since(begin))
		}
	})
}

func TestKeptConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const workers = 3
		var mu sync.Mutex
		seen := make(map[string]int)
		server := enginetest.NewPipeServer(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			seen[r.RemoteAddr]++
			mu.Unlock()
			time.Sleep(time.Second)
			switch r.URL.Path {
			case "/gone":
				http.NotFound(w, r) // the body is drained
			default:
				html(w, "kept")
			}
		}))
		g := newRig(t, scrape.Config{Workers: workers, Dial: server.Dial})
		for range 4 {
			var wg sync.WaitGroup
			for _, path := range []string{"a", "b", "gone"} {
				wg.Go(func() { g.get(t, "http://one.test/"+path) })
			}
			wg.Wait()
			synctest.Wait()
		}
		if server.Dials() != workers {
			t.Errorf("12 requests of %d at once used %d connections (%v), want %d", workers, server.Dials(), seen, workers)
		}
	})
}

func TestDoEndsWithItsContext(t *testing.T) {
	why := errors.New("the operator said so")
	stall := func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/header":
			<-r.Context().Done()
		case "/body":
			w.Header().Set("Content-Type", "text/html")
			io.WriteString(w, "<title>a")
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		case "/redirect": // its body is not worth waiting for
			w.Header().Set("Location", "/next")
			w.WriteHeader(302)
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}
	}
	for _, tc := range []struct {
		name, path string
		cancel     time.Duration // 0: never
		took       time.Duration
		class      engine.Class
		err        string
	}{
		{name: "cancelled before the header", path: "/header", cancel: time.Second, took: time.Second, err: why.Error()},
		{name: "cancelled in the body", path: "/body", cancel: time.Second, took: time.Second, err: why.Error()},
		{name: "cancelled while dialling", path: "/dial", cancel: time.Second, took: time.Second, err: why.Error()},
		{name: "no time left for the header", path: "/header", took: 7 * time.Second, class: engine.Timeout, err: "no result within 7s"},
		{name: "no time left for the body", path: "/body", took: 7 * time.Second, class: engine.Timeout, err: "no result within 7s"},
		{name: "no time left for dialling", path: "/dial", took: 7 * time.Second, class: engine.Timeout, err: "no result within 7s"},
		{name: "a redirect that does not end", path: "/redirect", took: 250 * time.Millisecond},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := enginetest.NewPipeServer(t, http.HandlerFunc(stall))
				var undialled error
				g := newRig(t, scrape.Config{Timeout: 7 * time.Second, Dial: func(ctx context.Context, network, addr string) (net.Conn, error) {
					if tc.path == "/dial" {
						<-ctx.Done()
						undialled = ctx.Err()
						return nil, ctx.Err()
					}
					return server.Dial(ctx, network, addr)
				}})
				ctx, cancel := context.WithCancelCause(t.Context())
				defer cancel(nil)
				if tc.cancel > 0 {
					time.AfterFunc(tc.cancel, func() { cancel(why) })
				}
				d := newDiary()
				r := g.request(t, "http://one.test"+tc.path)
				r.Report = d.report
				step := g.Do(ctx, r)
				if got := time.Since(d.begin); got != tc.took {
					t.Errorf("Do returned after %v, want %v", got, tc.took)
				}
				phases := d.String()
				synctest.Wait()
				if got := d.String(); got != phases {
					t.Errorf("reports after Do: %s, before: %s", got, phases)
				}
				if tc.err == "" {
					if step.Again == nil {
						t.Errorf("Do = %+v, want the next hop", step)
					}
					return
				}
				if got := step.Result; got.Outcome != engine.Failed || got.Class != tc.class || got.Error != tc.err {
					t.Errorf("Do = %v %q %q, want failed %q %q", got.Outcome, got.Class, got.Error, tc.class, tc.err)
				}
				if tc.path == "/dial" && (undialled == nil || phases != "connect+0s") {
					t.Errorf("the dial ended with %v after phases %s, want an error after connect+0s", undialled, phases)
				}
			})
		})
	}
}

// A server that answers before it has read the whole request must not hide
// that the request was made.
func TestHastyAnswerStillReportsTheStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		done := make(chan struct{})
		defer close(done)
		dial := func(context.Context, string, string) (net.Conn, error) {
			near, far := net.Pipe()
			go func() {
				defer far.Close()
				io.ReadFull(far, make([]byte, 1))
				io.WriteString(far, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 16\r\n\r\n<title>a</title>")
				<-done
			}()
			return near, nil
		}
		// More than the transport buffers: its first half leaves early.
		header := http.Header{"X-Long": {strings.Repeat("x", 16<<10)}}
		g := newRig(t, scrape.Config{Dial: dial, Header: header})
		var phases []engine.Phase
		r := g.request(t, "http://one.test/")
		r.Report = func(p engine.Phase) { phases = append(phases, p) }
		step := g.Do(t.Context(), r)
		want := []engine.Phase{engine.PhaseConnect, engine.PhaseSent, engine.PhaseBody, engine.PhaseExtract}
		if step.Result == nil || step.Result.Outcome != engine.OK || !slices.Equal(phases, want) {
			t.Errorf("Do = %+v with phases %v, want ok with %v", step.Result, phases, want)
		}
	})
}

func TestTimeoutCoversExtraction(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := site(t, scrape.Config{}, func(w http.ResponseWriter, r *http.Request) { html(w, "a") })
		r := g.request(t, "http://one.test/")
		r.Report = func(p engine.Phase) {
			if p == engine.PhaseExtract {
				time.Sleep(scrape.DefaultTimeout + time.Second)
			}
		}
		got := g.Do(t.Context(), r).Result
		if got.Class != engine.Timeout || got.Error != "no result within 30s" || got.Records != nil {
			t.Errorf("Do = %v %q %q, want failed timeout", got.Outcome, got.Class, got.Error)
		}
	})
}

func TestLinksBecomeJobs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := site(t, scrape.Config{}, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			io.WriteString(w, `<title>a</title><a rel=next href="/b?z&y#c">next</a>`)
		})
		recipe, err := scrape.ParseRecipe("walk.yaml", []byte(titles+"follow: [{select: \"a[rel=next]\", pages: 50}]\n"))
		if err != nil {
			t.Fatal(err)
		}
		r := g.request(t, "http://one.test:81/a")
		r.Recipe = g.Use(recipe)
		r.Job.Depth = 3
		got := g.Do(t.Context(), r).Result
		want := []engine.Job{{
			URL: "http://one.test:81/b?z&y", Host: "one.test:81", Origin: "http://one.test:81",
			Fingerprint: "http://one.test:81/b?y&z", Depth: 4,
		}}
		if !slices.Equal(got.Links, want) {
			t.Errorf("links %+v, want %+v", got.Links, want)
		}
	})
}

func TestUnknownRecipeTouchesNoWire(t *testing.T) {
	g := site(t, scrape.Config{}, func(w http.ResponseWriter, r *http.Request) { t.Error("a request was made") })
	r := g.request(t, "http://one.test/")
	r.Recipe = engine.RecipeRef{Name: "other", Hash: "00"}
	r.Report = func(p engine.Phase) { t.Errorf("Report(%v), want none", p) }
	got := g.Do(t.Context(), r).Result
	if got.Class != engine.Extract || got.Error != `recipe "other" is not in use` {
		t.Errorf("Do = %q %q, want extract", got.Class, got.Error)
	}
}

func TestErrorTextIsCutAndClean(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := wire(t, scrape.Config{}, answer("HTTP/1.1 \x1b[31m"+strings.Repeat("x", 3000)+"\r\n\r\n"))
		got := g.get(t, "http://one.test/")
		if got.Class != engine.Protocol || len(got.Error) > 210 || strings.Contains(got.Error, "\x1b") || got.Error == "" {
			t.Errorf("Do = %q %q, want protocol in at most 210 clean bytes", got.Class, got.Error)
		}
	})
}

func TestDoTellsHowFieldsAreFilled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := site(t, scrape.Config{}, func(w http.ResponseWriter, _ *http.Request) {
			io.WriteString(w, "<table><tr><td>1<td>x<tr><td>two<td>y<tr><td>3</table>")
		})
		recipe, err := scrape.ParseRecipe("cells.yaml", []byte("rows: tr\nfields:\n  n: {select: 'td:nth-child(1)', type: int}\n  word: {select: 'td:nth-child(2)'}\n"))
		if err != nil {
			t.Fatal(err)
		}
		g.recipe = g.Use(recipe)
		if got, want := fmt.Sprint(g.get(t, "http://one.test/").Fill), "[{n 2 3} {word 2 3}]"; got != want {
			t.Errorf("fill = %s, want %s", got, want)
		}
	})
}
