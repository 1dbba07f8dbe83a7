package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// watched runs watch on two files in a bubble, where step may save them; it
// returns what was written.
func watched(t *testing.T, step func(recipe, page string)) string {
	t.Helper()
	dir := t.TempDir()
	recipe, page := filepath.Join(dir, "a.yaml"), filepath.Join(dir, "a.html")
	for _, f := range []string{recipe, page} {
		if err := os.WriteFile(f, []byte("1"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var stdout bytes.Buffer
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		n := 0
		a := &app{stdout: &stdout, deps: Deps{
			Recipes: func() []RecipeInfo { return []RecipeInfo{{Name: "page"}} },
			Try: func(_ context.Context, _ Config, r, p string, w io.Writer) (bool, error) {
				text, err := os.ReadFile(r)
				if err != nil {
					return false, err
				}
				if string(text) == "broken" {
					return false, errors.New("scrape: recipe a.yaml:1:1: broken")
				}
				n++
				fmt.Fprintf(w, "try %d with %s\n", n, text)
				return true, nil
			},
		}}
		done := make(chan error)
		go func() { done <- a.watch(ctx, Config{}, recipe, page) }()
		synctest.Wait()
		step(recipe, page)
		cancel()
		if err := <-done; err != nil {
			t.Errorf("watch = %v, want nil: to be stopped is how it ends", err)
		}
	})
	return strings.ReplaceAll(stdout.String(), "\nwatching "+recipe+" and "+page+": ctrl+c ends\n", "--\n")
}

// save writes a file and makes sure that it looks newer.
func save(t *testing.T, file, text string) {
	t.Helper()
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(file, time.Time{}, info.ModTime().Add(time.Second)); err != nil {
		t.Fatal(err)
	}
}

func TestWatch(t *testing.T) {
	poll := func() { time.Sleep(watchEvery); synctest.Wait() }
	for _, tc := range []struct {
		name string
		step func(recipe, page string)
		want string
	}{
		{"nothing is saved", func(_, _ string) { poll(); poll() }, "try 1 with 1\n--\n"},
		{"the recipe is saved", func(r, _ string) { save(t, r, "2"); poll(); poll() }, "try 1 with 1\n--\ntry 2 with 2\n--\n"},
		{"the page is saved as it was", func(_, p string) { save(t, p, "1"); poll(); poll() }, "try 1 with 1\n--\ntry 2 with 1\n--\n"},
		{"not before the next look", func(r, _ string) { save(t, r, "2"); time.Sleep(watchEvery - 1); synctest.Wait() }, "try 1 with 1\n--\n"},
		{"a recipe breaks and is mended", func(r, _ string) { save(t, r, "broken"); poll(); save(t, r, "3"); poll() }, "try 1 with 1\n--\nweir: recipe a.yaml:1:1: broken\n--\ntry 2 with 3\n--\n"},
		{"a file is away for a while", func(r, _ string) {
			if err := os.Rename(r, r+"~"); err != nil {
				t.Fatal(err)
			}
			poll()
			save(t, r+"~", "2")
			if err := os.Rename(r+"~", r); err != nil {
				t.Fatal(err)
			}
			poll()
		}, "try 1 with 1\n--\ntry 2 with 2\n--\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := watched(t, tc.step); got != tc.want {
				t.Errorf("got\n%s\nwant\n%s", got, tc.want)
			}
		})
	}
}

func TestWatchNothing(t *testing.T) {
	a := &app{deps: Deps{Recipes: func() []RecipeInfo { return []RecipeInfo{{Name: "page"}} }}}
	err := a.watch(t.Context(), Config{}, "page", "https://a.test/")
	if want := "--watch: neither page nor https://a.test/ is a file that can be saved"; err == nil || err.Error() != want {
		t.Errorf("watch = %v, want %s", err, want)
	}
	if err := a.watch(t.Context(), Config{}, "page", filepath.Join(t.TempDir(), "gone.html")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("watch = %v, want one that is os.ErrNotExist", err)
	}
}

// A try that is stopped in its middle has nothing to say.
func TestWatchStopsATry(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a.html")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		var stdout bytes.Buffer
		a := &app{stdout: &stdout, deps: Deps{
			Recipes: func() []RecipeInfo { return []RecipeInfo{{Name: "page"}} },
			Try: func(ctx context.Context, _ Config, _, _ string, w io.Writer) (bool, error) {
				cancel()
				fmt.Fprintln(w, "half")
				return false, context.Cause(ctx)
			},
		}}
		if err := a.watch(ctx, Config{}, "page", file); err != nil || stdout.Len() > 0 {
			t.Errorf("watch = %v and wrote %q, want nil and nothing", err, stdout.String())
		}
	})
}
