package ui

import (
	"context"
	"fmt"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"weir/engine"
	"weir/engine/enginetest"
)

// A naming planner makes jobs whose URLs hold a name, and names the batch and
// its recipe so.
type naming struct{ name string }

func (p *naming) Recipes() []string { return []string{p.name} }

func (p *naming) Plan(Spec) (engine.Batch, iter.Seq2[engine.Job, error], error) {
	b := engine.Batch{Name: p.name, Recipe: engine.RecipeRef{Name: p.name, Hash: "1"}}
	return b, func(yield func(engine.Job, error) bool) {
		for i := range 6 {
			url := fmt.Sprintf("http://one.test/%s/%d", p.name, i)
			if !yield(engine.Job{URL: url, Host: "one.test", Fingerprint: url}, nil) {
				return
			}
		}
		yield(engine.Job{}, fmt.Errorf("line 7: %s: no URL", p.name))
	}, nil
}

// written answers with pages that have put name wherever a page can.
func written(name string) *enginetest.Scraper {
	return &enginetest.Scraper{Answer: func(r engine.Request, _ int) engine.Step {
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

// tour visits every panel, part and dialog, and returns what stands on the
// screen at each stop.
func tour(t *testing.T, name string) (stops []string, frames []string) {
	t.Helper()
	tell(t, written(name), func(d *Deps) {
		d.Planner, d.Name, d.Bodies = &naming{name: name}, name, mirror{name}
	}, func(ta *tale) {
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
			stop(p)
			stop("w")
			stop("esc")
			stop("d")
			stop("esc")
		}
		stop("d")
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
	return stops, frames
}

// Whatever pages and lists call themselves: nothing reaches the terminal that
// is not ours (tell looks at every byte), and the frames of the screen stand
// where they stand for plain names of that width.
func TestHostileNamesReachNoTerminal(t *testing.T) {
	half := len(nasty) / 2
	for _, name := range []string{strings.Join(nasty[:half], "a"), strings.Join(nasty[half:], "b"), evil[:100]} {
		name = "x" + name + "x"
		stops, want := tour(t, twin(name))
		_, got := tour(t, name)
		for i := range want {
			if shape(got[i]) != shape(want[i]) {
				t.Errorf("%q after %q (stop %d): the screen is\n%s\nwant the frames of\n%s", name, stops[i], i, got[i], want[i])
				break
			}
		}
	}
}

// twin is a plain name that is as wide as a hostile one, word for word.
func twin(name string) string {
	var b strings.Builder
	for s := clean(name, 1000); s != ""; {
		cluster, cells := ansi.FirstGraphemeCluster(s, ansi.GraphemeWidth)
		s = s[len(cluster):]
		if cluster == " " {
			b.WriteByte(' ')
			continue
		}
		b.WriteString(strings.Repeat("n", cells))
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
