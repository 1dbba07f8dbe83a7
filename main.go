// Weir runs web scrapes politely and lets an operator watch and steer them
// live. See README.md.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/adrg/xdg"

	"github.com/muesli/cancelreader"

	"weir/engine"
	"weir/engine/metrics"
	"weir/engine/sqlite"
	"weir/scrape"
	"weir/scrape/demo"
	"weir/scrape/export"
	"weir/ui"
	"weir/ui/cli"
)

const version = "0.1.0"

func main() {
	cli.CollectLess()
	os.Exit(cli.Main(context.Background(), cli.Deps{
		Version:   version,
		Recipes:   recipes,
		Start:     start,
		Try:       (&trial{}).try,
		Reextract: reextract,
		Demo:      startDemo,
		Metrics:   serveMetrics,
		Runs:      keptRuns,
		State:     xdg.StateFile,
		CanWrite:  func(path string) error { _, err := export.FormatOf(path); return err },
		Results:   results,
		Records:   records,

		RecipeText: recipeText,
		Guide:      scrape.Guide,
		Schema:     scrape.Schema,
	}, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

func recipes() []cli.RecipeInfo {
	var infos []cli.RecipeInfo
	for _, r := range scrape.Recipes() {
		infos = append(infos, cli.RecipeInfo{Name: r.Name(), About: r.About(), Fields: r.Fields()})
	}
	return infos
}

func recipeText(nameOrPath string) ([]byte, error) {
	r, err := scrape.LoadRecipe(nameOrPath)
	if err != nil {
		return nil, err
	}
	return []byte(r.Text()), nil
}

func start(cfg cli.Config) (*cli.Session, error) {
	throttle, err := engine.ParseThrottle(cfg.Throttle)
	if err != nil {
		return nil, err
	}
	var keep *scrape.Keep
	if cfg.Keep != "" {
		if keep, err = scrape.OpenKeep(cfg.Keep, cfg.KeepMax); err != nil {
			return nil, fmt.Errorf("--keep-bodies: %w", err)
		}
	}
	s, err := newScraper(cfg, keep)
	if err != nil {
		return nil, errors.Join(err, keep.Close())
	}
	ecfg := engine.Config{
		Workers:   cfg.Workers,
		Queue:     cfg.Queue,
		Interval:  cfg.Interval,
		Throttle:  throttle,
		Rate:      cfg.Rate,
		Retries:   cfg.Retries,
		Safeguard: cfg.Safeguard,
		GiveUp:    cfg.GiveUp,
		Fill:      cfg.Fill,
	}
	// What is zero to an operator is a default to the engine.
	if cfg.Interval == 0 {
		ecfg.Interval = -1
	}
	if cfg.Retries == 0 {
		ecfg.Retries = -1
	}
	session := &cli.Session{
		Recipe: func(name string) (cli.Recipe, error) {
			r, err := scrape.LoadRecipe(name)
			if err != nil {
				return cli.Recipe{}, err
			}
			return useRecipe(s, r)
		},
		Reuse: func(ref engine.RecipeRef, text, file string) (cli.Recipe, error) {
			r, err := scrape.ParseRecipe(cmp.Or(file, ref.Name+".yaml"), []byte(text))
			if err != nil {
				return cli.Recipe{}, err
			}
			return useRecipe(s, r)
		},
		List: s.ListFor,
		Lines: func(err error) (int, bool) {
			if bad, ok := errors.AsType[*scrape.LineError](err); ok {
				return bad.Line, true
			}
			return 0, false
		},
		Close: func() error { return errors.Join(s.Close(), keep.Close()) },
	}
	session.Begin = func(store engine.Store) error {
		ecfg.Store = store
		e, err := engine.New(s, ecfg)
		if err == nil {
			session.Engine = e
		}
		return err
	}
	if keep != nil {
		session.Kept = func() (string, error) {
			stats, err := keep.Stats()
			return stats.String(), err
		}
		session.Bodies = bodies{keep}
	}
	return session, nil
}

// bodies are what a run keeps of the pages it fetches.
type bodies struct{ keep *scrape.Keep }

// Body implements [ui.Bodies].
func (b bodies) Body(ctx context.Context, url string, most int64) (ui.Body, bool, error) {
	body, kept, err := b.keep.Body(ctx, url, most)
	return ui.Body{Type: body.Type, At: body.At, Size: body.Size, Raw: body.Raw, Text: body.Text}, kept, err
}

func newScraper(cfg cli.Config, keep *scrape.Keep) (*scrape.Scraper, error) {
	header := http.Header{}
	for _, h := range cfg.Header {
		name, value, _ := strings.Cut(h, ": ")
		header.Add(name, value)
	}
	agent := cfg.UserAgent
	if agent == "" && header.Get("User-Agent") == "" {
		agent = "weir/" + version
	}
	scfg := scrape.Config{
		Timeout:      cfg.Timeout,
		MaxBody:      cfg.MaxBody,
		Workers:      cfg.Workers,
		UserAgent:    agent,
		Contact:      cfg.Contact,
		Header:       header,
		IgnoreRobots: cfg.IgnoreRobots,
		Allow:        cfg.Allow,
		Insecure:     cfg.Insecure,
		HTTP1:        cfg.HTTP1,
		Keep:         keep,
	}
	if err := identify(&scfg, cfg); err != nil {
		return nil, err
	}
	return scrape.New(scfg)
}

// identify reads what says who asks, whom to believe, and which way to go.
func identify(to *scrape.Config, cfg cli.Config) (err error) {
	use := func(flag string, given bool, read func() error) {
		if !given || err != nil {
			return
		}
		if e := read(); e != nil {
			err = fmt.Errorf("--%s: %w", flag, e)
		}
	}
	use("auth", cfg.Auth.Reveal() != "", func() (err error) {
		to.Auth, err = scrape.Basic(cfg.Auth.Reveal())
		return err
	})
	use("bearer", cfg.Bearer.Reveal() != "", func() (err error) {
		to.Auth, err = scrape.Bearer(cfg.Bearer.Reveal())
		return err
	})
	use("cookies", cfg.Cookies != "", func() (err error) {
		to.Cookies, err = scrape.LoadCookies(cfg.Cookies)
		return err
	})
	use("ca", cfg.CA != "", func() (err error) {
		to.Roots, err = scrape.ReadRoots(cfg.CA)
		return err
	})
	use("cert", cfg.Cert != "", func() (err error) {
		to.Certificate, err = scrape.ReadCertificate(cfg.Cert, cmp.Or(cfg.Key, cfg.Cert))
		return err
	})
	use("proxy", cfg.Proxy.Reveal() != "", func() (err error) {
		if cfg.UsesEnvironment() {
			to.Proxy, err = scrape.EnvironmentProxy(cfg.NoProxy)
		} else {
			to.Proxy, err = scrape.ParseProxy(cfg.Proxy.Reveal(), cfg.NoProxy)
		}
		return err
	})
	return err
}

func useRecipe(s *scrape.Scraper, r *scrape.Recipe) (cli.Recipe, error) {
	if err := s.Prepare(r); err != nil {
		return cli.Recipe{}, err
	}
	return cli.Recipe{
		Ref:      s.Use(r),
		Text:     r.Text(),
		Template: r.URL(),
		Fields:   r.Fields(),
		Expand: func(base, months string) ([]string, error) {
			if months == "" {
				return r.Expand(base, nil)
			}
			list, err := scrape.ParseMonths(months)
			if err != nil {
				return nil, err
			}
			return r.Expand(base, list)
		},
	}, nil
}

// A trial is the page that recipes are tried on.
type trial struct {
	url  string // that page was fetched from; empty: none was
	page scrape.Page
}

func (t *trial) try(ctx context.Context, cfg cli.Config, recipe, page string, w io.Writer) (ok bool, err error) {
	r, err := scrape.LoadRecipe(recipe)
	if err != nil {
		return false, err
	}
	var p scrape.Page
	switch {
	case page == t.url:
		p = t.page
	case strings.Contains(page, "://"):
		s, err := newScraper(cfg, nil)
		if err != nil {
			return false, err
		}
		defer s.Close()
		var got *engine.Result
		if err := s.Prepare(r); err != nil {
			return false, err
		}
		if p, got, err = s.Fetch(ctx, page, r); got == nil {
			return false, err
		} else if err != nil {
			_, err = fmt.Fprintf(w, "outcome  %s, %s: %s\n", got.Outcome, got.Class, got.Error)
			return false, err
		}
		t.url, t.page = page, p
	default:
		if p.Body, err = readPage(ctx, page, cfg.MaxBody, r); err != nil {
			return false, err
		}
		if cfg.Base != "" {
			if p.URL, err = url.Parse(cfg.Base); err != nil {
				return false, err
			}
		}
	}
	spent, err := scrape.Try(ctx, w, r, p)
	if err != nil {
		_, err = fmt.Fprintf(w, "outcome  failed: %s\n", strings.TrimPrefix(err.Error(), "scrape: "))
		return false, err
	}
	_, err = fmt.Fprintf(w, "\ntime     %v\n", spent.Round(10*time.Microsecond))
	return true, err
}

// readPage reads a page for r from a file, or stdin for -, as UTF-8.
// The end of ctx ends its waiting for stdin.
func readPage(ctx context.Context, path string, limit int64, r *scrape.Recipe) ([]byte, error) {
	var in io.Reader = os.Stdin
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return nil, pageError(path, err)
		}
		defer f.Close()
		in = f
	} else if c, err := cancelreader.NewReader(os.Stdin); err == nil { // a file behind < needs none
		defer context.AfterFunc(ctx, func() { c.Cancel() })()
		in = c
	}
	body, err := io.ReadAll(io.LimitReader(in, limit+1))
	switch {
	case err != nil:
		return nil, pageError(path, err)
	case int64(len(body)) > limit:
		return nil, fmt.Errorf("%s: larger than --max-body, %d bytes", path, limit)
	}
	return r.Decode(body, ""), nil
}

// pageError is what is wrong with the file of a page.
func pageError(path string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: no such file (a URL begins with http:// or https://)", path)
	}
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		err = pe.Err
	}
	return fmt.Errorf("%s: %w", path, err)
}

func reextract(cfg cli.Config, recipe, dir string) (*cli.Reextraction, error) {
	r, err := scrape.LoadRecipe(recipe)
	if err != nil {
		return nil, err
	}
	kept, err := scrape.OpenKept(dir)
	if err != nil {
		return nil, err
	}
	if err := kept.Only(cfg.Of, r.Name()); err != nil {
		return nil, err
	}
	var against *scrape.Rows
	if cfg.Against != "" {
		if against, err = scrape.ReadRows(cfg.Against); err != nil {
			return nil, fmt.Errorf("--against: %w", err)
		}
	}
	scfg := scrape.Config{Timeout: cfg.Timeout, MaxBody: cfg.MaxBody}
	return &cli.Reextraction{
		Pages:  kept.Len(),
		Fields: r.Fields(),
		Page: func(ctx context.Context, i int) cli.Reread {
			page := kept.Reread(ctx, i, r, scfg, against == nil)
			changes, known := page.Changes(against)
			return cli.Reread{Result: page.Result, Rows: cli.RowChanges(changes), Compared: known}
		},
		Missing: func() int { return against.Missing(kept) },
	}, nil
}

func startDemo(seed uint64, fast bool) (*cli.Demo, error) {
	site, err := demo.Start(demo.Config{Seed: seed, Fast: fast})
	if err != nil {
		return nil, err
	}
	d := &cli.Demo{Close: site.Close}
	for _, l := range site.Lists() {
		d.Lists = append(d.Lists, cli.DemoList(l))
	}
	return d, nil
}

func serveMetrics(addr string, run engine.Controller) (cli.MetricsServer, error) {
	s, err := metrics.Listen(addr, run, version)
	if err != nil {
		return nil, err
	}
	return s, nil
}

func results(w io.Writer, path string, name func(engine.BatchID) string) (cli.Rows, error) {
	f, err := export.FormatOf(path)
	if err != nil {
		return nil, err
	}
	return export.NewResults(w, f, name), nil
}

func records(w io.Writer, path string, name func(engine.BatchID) string, fields []string) (cli.Rows, error) {
	f, err := export.FormatOf(path)
	if err != nil {
		return nil, err
	}
	return export.NewRecords(w, f, name, fields), nil
}

// keptRuns are the runs on disk.
var keptRuns = &cli.Runs{
	Dir: func() (string, error) {
		path, err := xdg.StateFile("weir/runs/any") // makes the directory
		return filepath.Dir(path), err
	},
	Create: func(path string, about []byte) (cli.RunFile, error) { return runFile(sqlite.Create(path, about)) },
	Open: func(ctx context.Context, path string, read func(urls int)) (cli.RunFile, error) {
		return runFile(sqlite.OpenContext(ctx, path, read))
	},
	Read: func(path string) (cli.RunView, error) {
		r, err := sqlite.Read(path)
		if err != nil {
			return nil, err
		}
		return runView{r}, nil
	},
	Remove: func(path string) error { return whoHolds(sqlite.Remove(path)) },
	Repair: func(ctx context.Context, damaged, to string) (cli.Repaired, error) {
		r, err := sqlite.Repair(ctx, damaged, to)
		return cli.Repaired(r), whoHolds(err)
	},
}

// A keptRun is a run on disk that is worked on.
type keptRun struct{ *sqlite.Store }

func runFile(s *sqlite.Store, err error) (cli.RunFile, error) {
	if err != nil {
		return nil, whoHolds(err)
	}
	return keptRun{s}, nil
}

// Output implements [cli.RunFile].
func (k keptRun) Output(path string) (num uint64, bytes int64) {
	o := k.Store.Output(path)
	return o.Num, o.Bytes
}

// SetOutput implements [cli.RunFile].
func (k keptRun) SetOutput(path string, num uint64, bytes int64) error {
	return k.Store.SetOutput(path, sqlite.Output{Num: num, Bytes: bytes})
}

// A runView is a run on disk that is looked at.
type runView struct{ *sqlite.Reader }

// Holder implements [cli.RunView].
func (v runView) Holder() *cli.Holder {
	held, err := sqlite.Held(v.Path())
	if held == nil || err != nil {
		return nil
	}
	return &cli.Holder{PID: held.PID, Host: held.Host, Since: held.Since}
}

// Batches implements [cli.RunView].
func (v runView) Batches(ctx context.Context) ([]cli.KeptBatch, error) {
	notes, err := v.Reader.Batches(ctx)
	batches := make([]cli.KeptBatch, len(notes))
	for i := range notes {
		batches[i] = cli.KeptBatch{Batch: notes[i].Batch, Counts: notes[i].Counts}
	}
	return batches, err
}

// whoHolds gives the error that a process has a run the form that cli knows.
func whoHolds(err error) error {
	if held, ok := errors.AsType[*sqlite.HeldError](err); ok {
		return &cli.HeldError{Holder: cli.Holder{PID: held.PID, Host: held.Host, Since: held.Since}}
	}
	return err
}
