package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"weir/ui"
)

func stateIn(dir string) Deps {
	return Deps{State: func(name string) (string, error) {
		path := filepath.Join(dir, name)
		return path, os.MkdirAll(filepath.Dir(path), 0o700)
	}}
}

func TestLookIsRemembered(t *testing.T) {
	dir := t.TempDir()
	var said strings.Builder
	a := &app{deps: stateIn(dir), stderr: &said}
	next := func() ui.Deps {
		var d ui.Deps
		a.remember(&d)
		return d
	}
	d := next()
	if d.Look != (ui.Look{}) || d.Keep == nil || d.Notes != nil {
		t.Fatalf("the first screen is given %+v, %q", d.Look, d.Notes)
	}
	want := ui.Look{Theme: "mono", Results: ui.Sorting{By: "time"}, Sizes: ui.Sizes{Hosts: 3}}
	d.Keep(ui.Look{Theme: "default"})
	d.Keep(want)
	if d := next(); d.Look != want || d.Notes != nil {
		t.Errorf("the next screen is given %+v, %q; want %+v", d.Look, d.Notes, want)
	}
	path := filepath.Join(dir, lookFile)
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v; want mode 0600", info, err)
	}
	if files, _ := os.ReadDir(filepath.Dir(path)); len(files) != 1 {
		t.Errorf("left behind: %v", files)
	}

	// What cannot be used is told of in the log, and does no harm.
	for name, text := range map[string]string{
		"broken":          "{\"version\": 1,",
		"another version": `{"version": 2, "look": {"theme": "mono"}}`,
		"another type":    `{"version": 1, "look": {"theme": 4}}`,
		"empty":           "",
		"too large":       strings.Repeat(" ", maxConfig+1),
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		d := next()
		if d.Look != (ui.Look{}) || len(d.Notes) != 1 || !strings.Contains(d.Notes[0], path) {
			t.Errorf("%s: the screen is given %+v, %q", name, d.Look, d.Notes)
		}
		if d.Keep == nil {
			t.Errorf("%s: nothing is kept any more", name)
		}
	}
	if said.Len() > 0 {
		t.Errorf("said %q: this belongs in the log", said.String())
	}

	// One that cannot be written is a note, after the screen.
	if err := os.RemoveAll(filepath.Dir(path)); err != nil {
		t.Fatal(err)
	}
	d.Keep(want)
	if !strings.Contains(said.String(), "is not remembered") {
		t.Errorf("said %q", said.String())
	}
}

// Without a state directory there is nothing to remember and nothing to say.
func TestLookWithoutAState(t *testing.T) {
	var d ui.Deps
	(&app{}).remember(&d)
	if d.Keep != nil || d.Notes != nil {
		t.Errorf("the screen is given %v, %q", d.Keep != nil, d.Notes)
	}
}

// The question before the screen has the screen's colours.
func TestOfferWearsTheKeptTheme(t *testing.T) {
	a := &app{deps: stateIn(t.TempDir())}
	offered := func(named string) string {
		return a.offerOf(Config{Theme: named}, &summary{name: "7"}, 0).Theme
	}
	if got := offered(""); got != "" {
		t.Errorf("nothing is kept, and the question wears %q", got)
	}
	var d ui.Deps
	a.remember(&d)
	d.Keep(ui.Look{Theme: "mono"})
	if got := offered(""); got != "mono" {
		t.Errorf("the question wears %q, want the kept theme", got)
	}
	if got := offered("high-contrast"); got != "high-contrast" {
		t.Errorf("the question wears %q, want the theme that was named", got)
	}
}
