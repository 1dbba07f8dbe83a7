package ui

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"weir/engine"
	"weir/engine/enginetest"
)

// A naming planner makes jobs whose URLs hold a name, of two hosts of which one
// is called so, and names the batch and its recipe so.
type naming struct{ name string }

func (p *naming) Recipes() []string { return []string{p.name} }

func (p *naming) Plan(Spec) (engine.Batch, iter.Seq2[engine.Job, error], error) {
	b := engine.Batch{Name: p.name, Recipe: engine.RecipeRef{Name: p.name, Hash: "1"}}
	return b, func(yield func(engine.Job, error) bool) {
		for i := range 6 {
			host := [...]string{"one.test", p.name}[i%2]
			url := fmt.Sprintf("http://%s/%s/%d", host, p.name, i)
			if !yield(engine.Job{URL: url, Host: host, Fingerprint: url}, nil) {
				return
			}
		}
		yield(engine.Job{}, fmt.Errorf("line 7: %s: no URL", p.name))
	}, nil
}

// written answers with pages that have put name wherever a page can. Those of
// the host that is called so come later than those of the other.
func written(name string) *enginetest.Scraper {
	late := func(r engine.Request) time.Duration {
		if r.Host == name {
			return 100 * time.Millisecond
		}
		return 0
	}
	return &enginetest.Scraper{Latency: late, Answer: func(r engine.Request, _ int) engine.Step {
		step := enginetest.OK(0)
		if strings.HasSuffix(r.URL, "3") {
			step = enginetest.Status(500, 0)
			step.Result.Error = name
		}
		res := step.Result
		res.Title, res.Final = name, r.URL+name
		res.Header = []engine.Header{{Name: name, Value: name}, {Name: "Server", Value: name}}
		res.Findings = []engine.Finding{{Kind: name, Field: name, Selector: name, Raw: name}}
		res.Records = []engine.Record{{{Name: name, Value: name}, {Name: "b", Value: []string{name, name}}}}
		res.Fill = []engine.FieldFill{{Field: name, Records: 4, Filled: 2}}
		res.History = []engine.Attempt{{Why: name}}
		return step
	}}
}

// A mirror has a page of every URL, in which a name stands.
type mirror struct{ name string }

func (m mirror) Body(_ context.Context, _ string, most int64) (Body, bool, error) {
	page := []byte("<title>" + m.name + "\n\t" + m.name + "</title>\n" + strings.Repeat(m.name, 40))
	return Body{Type: "text/html; charset=" + m.name, Size: int64(len(page)), Raw: page, Text: page}, true, nil
}

// A failing controller, exporter and browser: what goes wrong is called so.
type failing struct {
	engine.Controller
	name string
}

func (f failing) SetWorkers(context.Context, int) (engine.Done, error) {
	return engine.Done{}, errors.New(f.name)
}

func (f failing) open(string) error { return errors.New(f.name) }

func (f failing) Export(_ context.Context, path string, overwrite bool, rs iter.Seq2[engine.Result, error]) (int, error) {
	if !overwrite {
		return 0, fmt.Errorf("export: open %s: %w", path, fs.ErrExist)
	}
	for range rs {
		return 1, errors.New(f.name)
	}
	return 0, nil
}

// tour visits every panel, part and dialog, and returns what stands on the
// screen at each stop. Whatever has a name is called name: lists, recipes,
// hosts, files, runs, errors, and all that pages can name.
func tour(t *testing.T, name string) (stops []string, frames []string) {
	t.Helper()
	change := func(d *Deps) {
		f := failing{d.Controller, name}
		d.Controller, d.Exporter, d.Open, d.Planner, d.Name = f, f, f.open, &naming{name: name}, name
		d.Saving, d.Notes, d.Bodies = name, []string{name}, mirror{name}
		d.Saved = func() uint64 { return 2 }
	}
	tell(t, written(name), change, func(ta *tale) {
		stop := func(keys ...string) {
			t.Helper()
			ta.press(keys...)
			stops, frames = append(stops, strings.Join(keys, " ")), append(frames, ta.String())
		}
		ta.paste(name + "\n" + name)
		stop()
		stop("enter")
		ta.rest(3 * time.Second)
		stop("v") // what waits
		stop("w")
		stop("esc", "v", "v")
		ta.rest(8 * time.Second)
		stop()
		for _, p := range []string{"1", "2", "3", "4"} {
			stop(p, "end") // which is the host that is called so
			stop("w")
			stop("esc")
			stop("d")
			stop("esc")
			stop(":")
			stop("esc")
		}
		stop("W")
		stop("esc", "o")
		stop("esc", "esc", "+")
		stop("esc", "3", "<")
		stop("=")
		stop("esc", ">")
		stop(">") // faster than asked for
		stop("esc", "esc", "u")
		stop("esc", "4", "/")
		for _, term := range []string{"host:", "class:", "batch:"} {
			ta.write(term)
			stop("tab")
			stop("tab")
			stop("ctrl+u")
		}
		stop("esc", "d")
		for range parts {
			stop("tab")
		}
		stop("esc", "y")
		stop("Y")
		stop("l")
		stop("esc", "C")
		stop("esc", "E")
		stop("esc", ":")
		stop("esc", "/")
		ta.paste(name)
		stop()
		stop("esc", "e")
		ta.paste(name)
		stop()
		stop("enter") // it is there already
		ta.rest(grace)
		stop("y")
		ta.rest(2 * time.Second)
		stop()
		ta.press("esc", "esc")
		stop("a")
		ta.paste(name)
		stop("enter")
		stop("1", "x") // the batch
		stop("u")
		stop("3", "end", "p") // a host
		stop("p", "x")
		stop("4", "space", "r")
		stop("u")
		stop("esc", "q")
		stop("esc")
		ta.resize(60, 15)
		stop("d")
		for range parts {
			stop("tab")
		}
		stop("esc", "1")
		stop("3")
		ta.resize(120, 36)
		stop()
	})
	if last := frames[len(frames)-1]; !strings.Contains(last, "limited by") {
		t.Fatalf("the tour ends with\n%s", last)
	}
	return stops, frames
}

func hostileNames() []string {
	half := len(nasty) / 2
	return []string{"x" + strings.Join(nasty[:half], "a") + "x", "x" + strings.Join(nasty[half:], "b") + "x", "x" + evil[:100] + "x"}
}

// The same holds for the question about an old run.
func TestHostileOffersReachNoTerminal(t *testing.T) {
	asked := func(name string) (frame string) {
		synctest.Test(t, func(t *testing.T) {
			o := Offer{Run: name, Sources: name, Theme: name, Left: 3, Of: 9}
			ask := func(ctx context.Context, opts ...tea.ProgramOption) error {
				_, err := o.Ask(ctx, opts...)
				return err
			}
			inTerminal(t, ask, func(term *terminal) { frame = term.String() })
		})
		return frame
	}
	for _, name := range hostileNames() {
		if got, want := asked(name), asked(twin(name)); shape(got) != shape(want) || !strings.Contains(got, "┏") {
			t.Errorf("%q: the screen is\n%s\nwant the frames of\n%s", name, got, want)
		}
	}
}

// Whatever pages and lists call themselves: nothing reaches the terminal that
// is not ours (tell looks at every byte), and the frames of the screen stand
// where they stand for plain names of that width.
func TestHostileNamesReachNoTerminal(t *testing.T) {
	for n, name := range hostileNames() {
		t.Run(strconv.Itoa(n), func(t *testing.T) {
			t.Parallel()
			stops, want := tour(t, twin(name))
			_, got := tour(t, name)
			for i := range want {
				if shape(got[i]) != shape(want[i]) {
					t.Errorf("%q after %q (stop %d): the screen is\n%s\nwant the frames of\n%s", name, stops[i], i, got[i], want[i])
					break
				}
			}
		})
	}
}

// twin is a plain name that is as wide as a hostile one, word for word, and
// comes where that does among the hosts.
func twin(name string) string {
	var b strings.Builder
	for s := clean(name, 1000); s != ""; {
		cluster, cells := ansi.FirstGraphemeCluster(s, ansi.GraphemeWidth)
		s = s[len(cluster):]
		if cluster == " " {
			b.WriteByte(' ')
			continue
		}
		b.WriteString(strings.Repeat("z", cells))
	}
	return b.String()
}

// shape keeps the sides and corners of the frames on a screen, each with the
// cell that it stands in: names may be longer or shorter than others in the
// upper edge, and in the middle.
func shape(screen string) string {
	var b strings.Builder
	for line := range strings.SplitSeq(screen, "\n") {
		x := 0
		for _, r := range line {
			if strings.ContainsRune("╭╮│╰╯┏┓┃┗┛┌┐└┘", r) {
				fmt.Fprintf(&b, "%d%c ", x, r)
			}
			x += ansi.StringWidth(string(r))
		}
		b.WriteByte('\n')
	}
	return b.String()
}
