package ui

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"

	"charm.land/bubbles/v2/key"
)

// binds reads "action=key" words; where they stand is their place.
func binds(words ...string) []Rebind {
	var all []Rebind
	for i, w := range words {
		action, key, _ := strings.Cut(w, "=")
		all = append(all, Rebind{Where: "weir.yaml:" + strconv.Itoa(i+1), Action: action, Key: key})
	}
	return all
}

// rebound gives a screen other keys.
func rebound(t *testing.T, words ...string) func(*Deps) {
	t.Helper()
	keys, err := Bind(binds(words...))
	if err != nil {
		t.Fatal(err)
	}
	return func(d *Deps) { d.Keys = keys }
}

func TestBind(t *testing.T) {
	for _, tc := range []struct {
		name string
		give []string
		want string // the error; empty: none
	}{
		{"nothing", nil, ""},
		{"another key", []string{"cancel=ctrl+x"}, ""},
		{"two keys", []string{"quit=q", "quit=Q"}, ""},
		{"no key", []string{"undo=none"}, ""},
		{"a swap", []string{"pause=x", "cancel=p"}, ""},
		{"a key that is free now", []string{"undo=none", "add=u"}, ""},
		{"the same key on panels that do not meet", []string{"slower=f"}, "weir.yaml:1: keys: \"f\" is the key of slower and of follow: give that another one, or none"},
		{"modifiers in another order", []string{"add=alt+ctrl+a"}, ""},
		{"a plus", []string{"add=ctrl+x", "worker-more=alt++"}, ""},
		{"esc away from back", []string{"back=backspace"}, ""},

		{"no such action", []string{"cancle=x"}, `weir.yaml:1: keys: there is no action "cancle": did you mean cancel? (weir keys lists them)`},
		{"nothing like it", []string{"teleport=x"}, `weir.yaml:1: keys: there is no action "teleport": weir keys lists them`},
		{"no such key", []string{"add=spcae"}, `weir.yaml:1: keys: there is no key "spcae": did you mean "space"?`},
		{"a long name", []string{"add=pagedown"}, `weir.yaml:1: keys: there is no key "pagedown": did you mean "pgdown"?`},
		{"nothing like a key", []string{"add=hyperspace"}, `weir.yaml:1: keys: there is no key "hyperspace": want a character, or space, f5, ctrl+x and the like`},
		{"an empty key", []string{"add="}, `weir.yaml:1: keys: there is no key "": want a character, or space, f5, ctrl+x and the like`},
		{"emacs writes it so", []string{"add=C-x"}, `weir.yaml:1: keys: there is no key "C-x": did you mean "ctrl+x"?`},
		{"a caret", []string{"add=^X"}, `weir.yaml:1: keys: there is no key "^X": did you mean "ctrl+x"?`},
		{"a slip in the modifier", []string{"add=ctl+x"}, `weir.yaml:1: keys: there is no key "ctl+x": did you mean "ctrl+x"?`},
		{"shift and a letter", []string{"add=shift+n"}, `weir.yaml:1: keys: there is no key "shift+n": did you mean "N"?`},
		{"a capital with ctrl", []string{"add=ctrl+X"}, `weir.yaml:1: keys: there is no key "ctrl+X": did you mean "ctrl+x"?`},
		{"what a terminal cannot tell", []string{"add=ctrl+i"}, `weir.yaml:1: keys: terminals do not tell "ctrl+i" from "tab"`},
		{"what a terminal cannot tell either", []string{"add=ctrl+shift+x"}, `weir.yaml:1: keys: terminals do not tell "ctrl+shift+x" from "ctrl+x"`},
		{"what a terminal does not send", []string{"add=ctrl+5"}, `weir.yaml:1: keys: terminals do not send "ctrl+5"`},
		{"an action that keeps its keys", []string{"interrupt=x"}, "weir.yaml:1: keys: interrupt keeps its keys (ctrl+c)"},
		{"a key of the dialogs", []string{"cancel=esc"}, `weir.yaml:1: keys: cancel cannot have the key "esc": it is kept for dialogs`},
		{"another one", []string{"add=enter"}, `weir.yaml:1: keys: add cannot have the key "enter": it is kept for dialogs`},
		{"a panel's number", []string{"add=3"}, `weir.yaml:1: keys: add cannot have the key "3": it goes to a panel`},
		{"twice the same", []string{"add=A", "add=A"}, `weir.yaml:2: keys: add has the key "A" twice`},
		{"a letter where letters are text", []string{"next-field=n"}, `weir.yaml:1: keys: next-field cannot have the key "n": that is text in the form`},
		{"a number in a question", []string{"yes=1"}, ""},
		{"a key of a list that a dialog has", []string{"columns-usual=j"}, `weir.yaml:1: keys: "j" is the key of columns-usual and of down in columns: give that another one, or none`},
		{"a key of the question of quit", []string{"quit=d", "details=D"}, `weir.yaml:1: keys: "d" is the key of quit and of quit-drain in the question of quit: give that another one, or none`},
		{"the key of a panel in a dialog without it", []string{"quit-export=a"}, ""},
		{"a fixed key of dialogs", []string{"accept=y"}, "weir.yaml:1: keys: accept keeps its keys (enter)"},
		{"a key and none", []string{"add=A", "add=none"}, "weir.yaml:2: keys: add has a key and none"},
		{"a key that is taken", []string{"undo=b", "cancel=p"}, `weir.yaml:1: keys: "b" is the key of undo and of batch: give that another one, or none`},
		{"two that want the same", []string{"add=N", "why=N"}, `weir.yaml:1: keys: "N" is the key of add and of why (weir.yaml:2)`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := Bind(binds(tc.give...))
			got := ""
			if err != nil {
				got = err.Error()
			}
			if got != tc.want {
				t.Errorf("Bind(%v):\n got %s\nwant %s", tc.give, got, tc.want)
			}
		})
	}
}

// One key may do two things where they do not meet, and does each in its place.
func TestBindByPanel(t *testing.T) {
	keys, err := Bind(binds("sort=none", "turn=none", "follow=o", "browser=none"))
	if err != nil {
		t.Fatal(err)
	}
	k := keys.list()
	k.of(actTurn).key.SetKeys("o") // hosts and results
	k.of(actTurn).panels = []panel{hostsPanel}
	if _, ok := k.of(actTurn).meets(k.of(actFollow), "o"); ok {
		t.Error("turn on panel 3 and follow on panel 4 meet")
	}
	for on, want := range map[panel]act{hostsPanel: actTurn, resultsPanel: actFollow} {
		if got := k.find("o", on).act; got != want {
			t.Errorf("o on panel %d is %v, want %v", on, got, want)
		}
	}
}

// The keys that weir comes with pass their own rules, and the help tells of
// each entry's keys.
func TestUsualKeys(t *testing.T) {
	usual := newKeys()
	var all []Rebind
	for _, a := range usual {
		if a.id == "" || !a.fixed && len(a.key.Keys()) > 0 && a.key.Help().Key == "" {
			t.Errorf("act %d has the name %q and the key %q", a.act, a.id, a.key.Help().Key)
		}
		for _, name := range a.key.Keys() {
			if !a.fixed {
				all = append(all, Rebind{Where: "usual", Action: a.id, Key: name})
			}
		}
	}
	keys, err := Bind(all)
	if err != nil {
		t.Fatal(err)
	}
	for i, a := range keys.list() {
		if want := usual[i]; a.id != want.id || !slices.Equal(a.key.Keys(), want.key.Keys()) || a.word != want.word {
			t.Errorf("%s is bound to %v, want %v", a.id, a.key.Keys(), want.key.Keys())
		}
	}
	if len(keys.Actions()) != len(usual) {
		t.Errorf("%d actions are told, want %d", len(keys.Actions()), len(usual))
	}
}

// Screen, footer, help and palette follow the keys.
func TestReboundScreen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, busyScene(), 120, 36, rebound(t, "cancel=none", "cancel-all=D", "help=h", "host=none", "pause-all=O", "actions=;", "add=n"))
		if got := s.screen(); !strings.Contains(got, " n add ") || !strings.Contains(got, "h help") || !strings.Contains(got, "; actions") {
			t.Errorf("the footer does not follow:\n%s", got)
		}
		s.press("X", "P")
		if len(s.fake.calls) > 0 {
			t.Errorf("a key that was taken away told the engine %v", s.fake.calls)
		}
		s.press("D", "O")
		if want := []string{"cancel the run", "pause the run"}; !slices.Equal(s.fake.calls, want) {
			t.Errorf("the engine was told %v, want %v", s.fake.calls, want)
		}
		s.press("h")
		got := s.screen()
		for _, want := range []string{"D  cancel", "p O  pause", ";  every action", "n  add"} {
			if !strings.Contains(got, want) {
				t.Errorf("the help does not say %q:\n%s", want, got)
			}
		}
		s.press("esc", ";", "c", "a", "n", "c", "e", "l")
		if got := s.screen(); !strings.Contains(got, "cancel the run              D ") {
			t.Errorf("the palette does not follow:\n%s", got)
		}
	})
}

// Scrolling details and their parts follow the keys too.
func TestReboundDetails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, busyScene(), 120, 36, rebound(t, "next-panel=ctrl+n", "scroll-down=ctrl+d"))
		s.press("enter")
		before := s.detail.part
		s.press("tab")
		if s.detail.part != before {
			t.Error("tab still turns to the next part")
		}
		s.press("ctrl+n")
		if s.detail.part == before {
			t.Error("ctrl+n does not turn to the next part")
		}
	})
}

func FuzzKeyName(f *testing.F) {
	for _, seed := range []string{"x", "ctrl+x", "C-x", "^", "+", "ctrl++", "shift+tab", "alt+shift+f3", "ctrl+ctrl+", "é", "世", " "} {
		f.Add(seed)
	}
	// A name that is taken is its own name, and a binding can be made of it.
	f.Fuzz(func(t *testing.T, text string) {
		name, err := keyName(text)
		if err != nil {
			return
		}
		if again, err := keyName(name); err != nil || again != name {
			t.Errorf("keyName(%q) is %q, but that is %q, %v", text, name, again, err)
		}
		if b := key.NewBinding(key.WithKeys(name)); !b.Enabled() || name == "" {
			t.Errorf("keyName(%q) is %q, which binds nothing", text, name)
		}
	})
}

// The help says that a capital means all only where it does.
func TestHelpKnowsWhatACapitalMeans(t *testing.T) {
	for _, tc := range []struct {
		give []string
		want bool
	}{
		{nil, true},
		{[]string{"add=n"}, true},
		{[]string{"undo=none", "cancel=u", "cancel-all=U"}, true},
		{[]string{"pause-all=ctrl+p", "actions=:"}, false},
		{[]string{"cancel=ctrl+x"}, false},
		{[]string{"retry-all=none"}, false},
		{[]string{"retry=none"}, false},
		{[]string{"cancel=X", "cancel-all=x"}, false},
		{[]string{"retry=none", "retry-all=none"}, true},
	} {
		keys, err := Bind(binds(tc.give...))
		if err != nil {
			t.Fatal(err)
		}
		for _, size := range sizes {
			h := newHelp(keys.list(), resultsPanel)
			var all strings.Builder
			for range 40 { // to its end
				all.WriteString(h.View(NewTheme(true, true), size[0], size[1]-5))
				h.move(1)
			}
			if got := strings.Contains(all.String(), "Steer: selected (capital: all)"); got != tc.want || !strings.Contains(all.String(), "Steer") {
				t.Errorf("with %q the help at %v says that a capital means all: %v\n%s", tc.give, size, got, h.View(NewTheme(true, true), size[0], size[1]-5))
			}
		}
	}
}
