package ui

import (
	"errors"
	"fmt"
	"iter"
	"net/url"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"weir/engine"
)

// A desk runs dialogs the way a program does, in the virtual time of a
// synctest bubble: commands run beside the loop, their messages come back.
type desk struct {
	t *testing.T
	dialogs
	answers []tea.Msg // what no dialog of the stack is for

	loop
}

func newDesk(t *testing.T, open ...dialog) *desk {
	d := &desk{t: t}
	for _, o := range open {
		d.run(d.push(o))
	}
	d.rest(time.Second)
	return d
}

// rest lets so much time pass, and all commands that end within it answer.
func (d *desk) rest(long time.Duration) { d.loop.rest(long, d.take) }

func (d *desk) take(msg tea.Msg) {
	switch msg := msg.(type) {
	case nil:
	case tea.BatchMsg:
		for _, cmd := range msg {
			d.run(cmd)
		}
	default:
		switch msg.(type) {
		case awakeMsg, pushMsg, settleMsg, burstMsg, lookMsg, scanMsg, fasterMsg, dropMsg, lookWroteMsg, wroteMsg, overwriteMsg, huntMsg, lookHuntMsg:
		default:
			d.answers = append(d.answers, msg)
		}
		d.run(d.update(msg))
	}
}

// press types keys by their names, each followed by a rest that ends bursts.
func (d *desk) press(names ...string) {
	for _, name := range names {
		d.key(name)
		d.rest(100 * time.Millisecond)
	}
}

// key hands over one key press, at once.
func (d *desk) key(name string) { d.run(d.update(keyPress(name))) }

// typeText types text a key at a time.
func (d *desk) typeText(s string) {
	for _, r := range s {
		d.key(string(r))
	}
	d.rest(100 * time.Millisecond)
}

func (d *desk) paste(s string) {
	d.run(d.update(tea.PasteMsg{Content: s}))
	d.rest(200 * time.Millisecond)
}

// screen draws the dialogs over an empty screen, without styles.
func (d *desk) screen(w, h int) string {
	return ansi.Strip(d.draw(strings.Repeat(blank(w)+"\n", h-1)+blank(w), NewTheme(true, false), w, h, 4))
}

// answer returns the only answer.
func (d *desk) answer() tea.Msg {
	d.t.Helper()
	if len(d.answers) != 1 {
		d.t.Fatalf("got %d answers %v, want one", len(d.answers), d.answers)
	}
	return d.answers[0]
}

var keyCodes = map[string]rune{
	"enter": tea.KeyEnter, "tab": tea.KeyTab, "esc": tea.KeyEscape, "backspace": tea.KeyBackspace,
	"up": tea.KeyUp, "down": tea.KeyDown, "left": tea.KeyLeft, "right": tea.KeyRight, "space": tea.KeySpace,
	"pgup": tea.KeyPgUp, "pgdown": tea.KeyPgDown, "delete": tea.KeyDelete, "home": tea.KeyHome, "end": tea.KeyEnd,
}

// keyPress makes the message of a key, as a terminal without extensions does.
func keyPress(name string) tea.KeyPressMsg {
	var mod tea.KeyMod
	base := name
	if rest, ok := strings.CutPrefix(base, "ctrl+"); ok {
		mod, base = mod|tea.ModCtrl, rest
	}
	if rest, ok := strings.CutPrefix(base, "alt+"); ok {
		mod, base = mod|tea.ModAlt, rest
	}
	if rest, ok := strings.CutPrefix(base, "shift+"); ok {
		mod, base = mod|tea.ModShift, rest
	}
	if code, ok := keyCodes[base]; ok {
		k := tea.KeyPressMsg{Code: code, Mod: mod}
		if base == "space" {
			k.Text = " "
		}
		return k
	}
	r := []rune(base)[0]
	if mod != 0 {
		return tea.KeyPressMsg{Code: r, Mod: mod}
	}
	return tea.KeyPressMsg{Code: r, Text: base}
}

// checkWidth fails the test for a line wider than w or more lines than h.
func checkSize(t *testing.T, view string, w, h int) {
	t.Helper()
	lines := strings.Split(view, "\n")
	if len(lines) > h {
		t.Errorf("view has %d lines, want at most %d:\n%s", len(lines), h, view)
	}
	for i, line := range lines {
		if got := lipgloss.Width(line); got > w {
			t.Errorf("line %d is %d cells wide, want at most %d: %q", i, got, w, line)
		}
	}
}

// listPlanner reads words as URLs, for tests: http(s) ones are jobs.
type listPlanner struct{ reads int }

func (*listPlanner) Recipes() []string { return []string{"page", "schedule"} }

func (p *listPlanner) Plan(s Spec) (engine.Batch, iter.Seq2[engine.Job, error], error) {
	if strings.HasPrefix(s.Text, "/missing") {
		return engine.Batch{}, nil, errors.New("open /missing: no such file or directory")
	}
	p.reads++
	b := engine.Batch{Recipe: engine.RecipeRef{Name: s.Recipe}, Priority: s.Priority, Interval: s.Interval}
	return b, func(yield func(engine.Job, error) bool) {
		n := 0
		for line := range strings.Lines(s.Text) {
			n++
			for word := range strings.FieldsSeq(line) {
				u, err := url.Parse(word)
				if err == nil && u.Scheme != "http" && u.Scheme != "https" {
					err = errors.New("scheme is not http or https")
				}
				var j engine.Job
				if err != nil {
					err = fmt.Errorf("line %d: %s: %w", n, word, err)
				} else {
					j = engine.Job{URL: word, Host: u.Host, Origin: u.Scheme + "://" + u.Host, Fingerprint: word}
				}
				if !yield(j, err) {
					return
				}
			}
		}
	}, nil
}
