package ui

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"
)

// oddKeys binds every action that can be bound to a key that weir comes with
// nowhere: a letter of another alphabet, or where letters are text one with alt.
func oddKeys(t *testing.T) Keys {
	t.Helper()
	letters := []rune("αβγδεζηθικλμνξοπρστυφχψωΓΔΘΛΞΠΣΦΨΩбвгджзийлмнптуфцчшщъыьэюяБГДЖЗИЙЛПУФЦЧШЩЪЫЬЭЮЯ")
	var all []Rebind
	for _, a := range newKeys() {
		if a.fixed {
			continue
		}
		name := string(letters[len(all)])
		if scopeRules[a.in].text {
			name = "alt+" + name
		}
		all = append(all, Rebind{Where: "odd", Action: a.id, Key: name})
	}
	keys, err := Bind(all)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func withKeys(k Keys) func(*Deps) { return func(d *Deps) { d.Keys = k } }

// press presses the first key of an act.
func (s *stage) pressAct(a act) {
	s.t.Helper()
	keys := s.keys.of(a).key.Keys()
	if len(keys) == 0 {
		s.t.Fatalf("%s has no key", s.keys.of(a).id)
	}
	s.press(keys[0])
}

// Every action of a dialog is told of by weir keys, and every scope has its
// actions among those that there are.
func TestScopes(t *testing.T) {
	k := newKeys()
	for s := inDialogs; s < scopes; s++ {
		if scopeRules[s].name == "" {
			t.Errorf("scope %d has no name", s)
		}
		for _, a := range s.acts() {
			if k.of(a).id == "" {
				t.Errorf("%s: there is no act %d", scopeRules[s].name, a)
			}
		}
	}
	for _, a := range k {
		if a.in != onPanels && a.in != inDialogs && !slices.Contains(scopeRules[a.in].acts, a.act) {
			t.Errorf("%s does nothing in %s", a.id, scopeRules[a.in].name)
		}
		for _, name := range a.key.Keys() {
			if a.in != onPanels && (k.meant(a.in, name) != a.act || k.shownIn(a.in, a.act) == "") {
				t.Errorf("%s: %q means %v", a.id, name, k.meant(a.in, name))
			}
		}
	}
	told := map[string]Action{}
	for _, a := range (Keys{}).Actions() {
		told[a.Name] = a
	}
	if got, want := told["quit-drain"], "in the question of quit: drain: finish what is queued and in flight, then leave"; got.Does != want || !slices.Equal(got.Keys, []string{"d"}) {
		t.Errorf("quit-drain is told as %+v, want %q", got, want)
	}
}

// A dialogCase opens a dialog with acts, as keys would.
type dialogCase struct {
	name string
	on   panel
	acts []act
	text string // typed after that
}

var dialogCases = []dialogCase{
	{name: "log", on: resultsPanel, acts: []act{actLog}},
	{name: "columns", on: resultsPanel, acts: []act{actColumns}},
	{name: "quit", on: resultsPanel, acts: []act{actQuit}},
	{name: "palette", on: resultsPanel, acts: []act{actPalette}},
	{name: "help", on: resultsPanel, acts: []act{actHelp}},
	{name: "note", on: resultsPanel, acts: []act{actWhyRun}},
	{name: "batch", on: batchesPanel, acts: []act{actDetails}},
	{name: "host", on: hostsPanel, acts: []act{actDetails}},
	{name: "interval", on: hostsPanel, acts: []act{actInterval}},
	{name: "question", on: hostsPanel, acts: []act{actUndo}},
	{name: "exclude", on: resultsPanel, acts: []act{actExclude}},
	{name: "export", on: resultsPanel, acts: []act{actExport}},
	{name: "form", on: resultsPanel, acts: []act{actAdd}},
	{name: "form with URLs", on: resultsPanel, acts: []act{actAdd}, text: "http://one.test http://two.test"},
	{name: "form with a bad line", on: resultsPanel, acts: []act{actAdd}, text: "http://one.test gopher://two.test"},
	{name: "refused lines", on: resultsPanel, acts: []act{actAdd, actRefused}, text: "http://one.test gopher://two.test"},
	{name: "recipes", on: resultsPanel, acts: []act{actAdd, actNextField}},
	{name: "filter", on: resultsPanel, acts: []act{actFilter}, text: "host"},
}

// opened shows a dialog.
func (c dialogCase) opened(t *testing.T, k Keys, w, h int) *stage {
	sc := busyScene()
	sc.jobs, sc.focus = fates(12), c.on
	sc.stats.Undo[0].At = noon // too long ago to be undone unasked
	s := newStage(t, sc, w, h, withKeys(k))
	s.deps.Exporter = &files{there: map[string]int{}}
	for i, a := range c.acts {
		if i == 1 && c.text != "" { // the list comes before what is done with it
			s.tell(tea.PasteMsg{Content: c.text})
			s.rest(time.Second)
		}
		s.pressAct(a)
		s.rest(time.Second)
	}
	if len(c.acts) < 2 && c.text != "" {
		s.tell(tea.PasteMsg{Content: c.text})
		s.rest(time.Second)
	}
	return s
}

// after is what can be seen of a screen.
func (s *stage) after() string {
	return fmt.Sprintf("%d dialogs, filtering %v, quit %v, told %v\n%s", len(s.dialogs.open), s.filtering, s.quit, s.fake.calls, s.screen())
}

// What a dialog says of a key in its last line, or a question in its choices, is
// what the key does, and what a click on it does: with the keys that weir comes
// with, and with others.
func TestDialogsKeepTheirWord(t *testing.T) {
	for name, k := range map[string]Keys{"usual": {}, "odd": oddKeys(t)} {
		for _, c := range dialogCases {
			t.Run(name+" "+c.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					first := c.opened(t, k, 120, 36)
					pressed, in := first.spots()
					if len(pressed) == 0 {
						t.Fatalf("nothing can be pressed:\n%s", first.screen())
					}
					before, some := c.opened(t, k, 120, 36).after(), false
					for _, p := range pressed {
						clicked, typed := c.opened(t, k, 120, 36), c.opened(t, k, 120, 36)
						clicked.clickAt(p.x, p.y)
						if in == inNote {
							typed.press("x")
						} else {
							key := typed.keyIn(in, p.act)
							if shown := typed.keys.shownIn(in, p.act); !strings.HasPrefix(first.from(p.x, p.y), shown+" ") {
								t.Errorf("%q of %s does not stand where it is clicked, but %q", shown, typed.keys.of(p.act).id, first.from(p.x, p.y))
							}
							typed.press(key)
						}
						clicked.rest(time.Second)
						typed.rest(time.Second)
						got, want := clicked.after(), typed.after()
						if got != want {
							t.Errorf("a click on %s: %s\nits key: %s", typed.keys.of(p.act).id, got, want)
						}
						some = some || got != before
					}
					if !some {
						t.Errorf("nothing that can be pressed does anything:\n%s", before)
					}
				})
			})
		}
	}
}

// A pressable is a cell of the screen and what a click there does.
type pressable struct {
	x, y int
	act  act
}

// from returns what stands in a line of the screen from a cell on.
func (s *stage) from(x, y int) string {
	return strings.ReplaceAll(string(cells(strings.Split(s.screen(), "\n")[y])[x:]), "\x00", "")
}

// spots returns what can be pressed in the top dialog, or in the footer of the
// filter, and the scope of its keys.
func (s *stage) spots() ([]pressable, scope) {
	var all []pressable
	if !s.dialogs.any() {
		_, spots := s.footer()
		for _, spot := range spots {
			all = append(all, pressable{spot.from, s.h - 1, spot.act})
		}
		return all, inFilter
	}
	s.drawn = nil
	s.screen()
	b := s.dialogs.open[len(s.dialogs.open)-1].frame()
	for i, r := range b.rows {
		for _, spot := range r.spots {
			if spot.act != actNone {
				all = append(all, pressable{b.at.x + 2 + spot.from, b.at.y + 1 + i, spot.act})
			}
		}
	}
	return all, b.scope
}

// keyIn returns a key of an act in a scope.
func (s *stage) keyIn(in scope, a act) string {
	for _, name := range s.keys.of(a).key.Keys() {
		if s.keys.meant(in, name) == a {
			return name
		}
	}
	for name, of := range arrows {
		if of == a {
			return name
		}
	}
	s.t.Fatalf("%s has no key in %s", s.keys.of(a).id, scopeRules[in].name)
	return ""
}

// Lists in dialogs are moved in with the keys that move in the lists of the
// screen, and with those alone; where letters are text the arrows stay.
func TestDialogsAreMovedInAsPanelsAre(t *testing.T) {
	for _, tc := range []struct {
		name string
		give []string
		keys []string // what opens the dialog, and is pressed in it
		want string   // is on the screen then
	}{
		{"usual down", nil, []string{"C", "j"}, "▸ [x] rows"},
		{"another down", []string{"down=n", "up=N"}, []string{"C", "n", "n", "N"}, "▸ [x] rows"},
		{"j is nothing then", []string{"down=n"}, []string{"C", "j"}, "▸ [x] size"},
		{"end", []string{"end=B"}, []string{"C", "B"}, "▸ [ ] title"},
		{"a letter is text in the palette", []string{"down=n"}, []string{":", "n", "down", "down"}, "▸ page down"},
		{"a chord moves there", []string{"down=alt+j"}, []string{":", "alt+j"}, "▸ cancel selected"},
		{"the key that opens it closes it", []string{"columns=B"}, []string{"B", "B"}, "C  columns"},
		{"quit closes what only tells", []string{"quit=Q"}, []string{"l", "Q"}, "Q quit"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t, busyScene(), 120, 36, rebound(t, tc.give...))
				s.press(tc.keys...)
				if tc.name == "the key that opens it closes it" {
					if s.dialogs.any() {
						t.Errorf("it is open:\n%s", s.screen())
					}
					return
				}
				if got := s.screen(); !strings.Contains(got, tc.want) {
					t.Errorf("%q is not on the screen:\n%s", tc.want, got)
				}
			})
		})
	}
}

// The form goes to its next field with whatever key that has, and takes a tab
// for text if it is not that.
func TestReboundForm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, busyScene(), 120, 36, rebound(t, "next-field=ctrl+t", "new-line=ctrl+y"))
		s.press("a")
		form := s.dialogs.open[0].(*addForm)
		for _, key := range []string{"u", "tab", "v", "ctrl+y", "w"} {
			s.press(key)
		}
		if got, want := form.text.value(), "u v\nw"; got != want {
			t.Errorf("the list is %q, want %q", got, want)
		}
		s.press("ctrl+t", "right")
		if form.focus != fieldRecipe || form.recipe != 1 {
			t.Errorf("field %d, recipe %d", form.focus, form.recipe)
		}
	})
}

// Only questions are deaf, for their first 300 ms: what tells something is
// closed at once, and inputs take the first key.
func TestOnlyQuestionsAreDeaf(t *testing.T) {
	for _, c := range dialogCases {
		if c.text != "" || len(c.acts) > 1 {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				open := func() *stage {
					sc := busyScene()
					sc.jobs, sc.focus = fates(12), c.on
					sc.stats.Undo[0].At = noon
					s := newStage(t, sc, 120, 36)
					s.deps.Exporter = &files{there: map[string]int{}}
					s.run(s.do(c.acts[0], ""))
					if len(s.dialogs.open) != 1 {
						t.Fatal("no dialog is open")
					}
					return s
				}
				s := open()
				_, asks := s.dialogs.open[0].(interface{ hears(tea.Msg) act })
				for long, closes := range map[time.Duration]bool{0: !asks, grace - time.Millisecond: !asks, grace: true} {
					s := open()
					s.rest(long)
					s.tell(keyPress("esc"))
					if closed := !s.dialogs.any(); closed != closes {
						t.Errorf("after %v esc closes it: %v, want %v", long, closed, closes)
					}
				}
				if scopeRules[s.dialogs.open[0].frame().scope].text {
					before := s.screen()
					s.tell(keyPress("w"))
					if s.screen() == before {
						t.Errorf("the first key is not typed:\n%s", before)
					}
				}
			})
		})
	}
}
