package cli

import (
	"io"
	"os"
	"path/filepath"
	"testing"
)

// A link stays one: what it leads to is written anew.
func TestWriteAnewFollowsLinks(t *testing.T) {
	dir := t.TempDir()
	to, link := filepath.Join(dir, "data.csv"), filepath.Join(t.TempDir(), "out.csv")
	if err := os.WriteFile(to, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(to, link); err != nil {
		t.Skip(err)
	}
	f, err := writeAnew(link)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(f, "new"); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(link); err != nil || string(got) != "old" {
		t.Errorf("half-way it holds %q (%v), want what was there", got, err)
	}
	if err := f.done(nil); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(to); err != nil || string(got) != "new" {
		t.Errorf("the file holds %q (%v), want new", got, err)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link is %v (%v), want a link", info.Mode(), err)
	}
	if info, err := os.Stat(to); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("its mode is %v (%v), want what it was", info.Mode(), err)
	}
}

// What is no regular file cannot be replaced.
func TestWriteAnewWritesToDevices(t *testing.T) {
	f, err := writeAnew(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	if f.Name() != os.DevNull {
		t.Errorf("writes to %s, want %s", f.Name(), os.DevNull)
	}
	if err := f.done(nil); err != nil {
		t.Error(err)
	}
}
