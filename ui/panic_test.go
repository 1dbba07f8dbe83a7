package ui

import (
	"bytes"
	"context"
	"errors"
	"iter"
	"testing"
	"time"

	"weir/engine"
	"weir/engine/enginetest"
)

// A brittle is what a screen needs of other rooms, and panics.
type brittle struct{ listPlanner }

func (*brittle) Plan(Spec) (engine.Batch, iter.Seq2[engine.Job, error], error) { panic("plan") }

func (*brittle) Export(context.Context, string, bool, iter.Seq2[engine.Result, error]) (int, error) {
	panic("export")
}

type brittleRecipes struct{ listPlanner }

func (*brittleRecipes) Recipes() []string { panic("recipes") }

// brittleSteer panics where a key steers.
type brittleSteer struct{ engine.Controller }

func (brittleSteer) SetWorkers(context.Context, int) (engine.Done, error) { panic("workers") }

// Whatever panics on the side of the screen: the program ends, says so, and
// gives the terminal back.
func TestPanicGivesTheTerminalBack(t *testing.T) {
	for _, tc := range []struct {
		name   string
		value  string // of the panic
		change func(*Deps)
		keys   []string
	}{
		{"a command of one key", "workers", func(d *Deps) { d.Controller = brittleSteer{d.Controller} }, []string{"+"}},
		{"a command of a dialog, in a batch", "export", func(d *Deps) { d.Exporter = &brittle{} }, []string{"e", "enter"}},
		{"a command of a form, in a batch", "plan", func(d *Deps) { d.Planner = &brittle{} }, []string{"a", "h"}},
		{"a command that opens a page", "open", func(d *Deps) { d.Open = func(string) error { panic("open") } }, []string{"o"}},
		{"Update", "recipes", func(d *Deps) { d.Planner = &brittleRecipes{} }, []string{"a"}},
		{"View", "saved", func(d *Deps) {
			n := 0
			d.Saving, d.Saved = "out.jsonl", func() uint64 {
				if n++; n > 3 {
					panic("saved")
				}
				return 0
			}
		}, []string{"j", "k", "j", "k"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tellSoon(t, &enginetest.Scraper{}, tc.change, func(ta *tale) {
				for _, key := range tc.keys {
					select {
					case <-ta.done:
					default:
						ta.press(key)
					}
				}
				ta.ends(5 * time.Second)
				p, ok := errors.AsType[*engine.PanicError](ta.err)
				if !ok || p.Value != tc.value || !bytes.Contains(p.Stack, []byte("panic_test.go")) {
					t.Errorf("Run = %v, want a panic of %q with its stack", ta.err, tc.value)
				}
			})
		})
	}
}

// tellSoon tells a story of a run in which two pages have been fetched.
func tellSoon(t *testing.T, scraper *enginetest.Scraper, change func(*Deps), story func(*tale)) {
	tell(t, scraper, func(d *Deps) {
		if _, err := d.Controller.Add(t.Context(), engine.Batch{Name: "two"}, enginetest.Jobs("one.test", 2)); err != nil {
			t.Fatal(err)
		}
		if change != nil {
			change(d)
		}
	}, func(ta *tale) {
		ta.rest(2 * time.Second)
		story(ta)
	})
}

// A page that makes the scraper panic is a failed URL on the screen.
func TestPanicOfAWorkerIsAResult(t *testing.T) {
	scraper := &enginetest.Scraper{Answer: func(r engine.Request, _ int) engine.Step {
		if r.URL == "http://one.test/0" {
			panic("odd page")
		}
		return enginetest.OK(1)
	}}
	tellSoon(t, scraper, nil, func(ta *tale) {
		ta.sees("finished", "ok 1 empty 0 FAILED 1", "extract: engine: panic")
		ta.press("l")
		ta.sees("panic while scraping http://one.test/0: odd page")
		ta.press("esc")
		ta.seesNo("panic while scraping")
	})
}
