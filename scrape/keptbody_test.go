package scrape

import (
	"context"
	"crypto/sha256"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// A body is shown as text in the charset that the answer, or the page, says.
func TestBodyIsText(t *testing.T) {
	wide := func(s string) string {
		var b strings.Builder
		for _, r := range s {
			b.WriteByte(byte(r))
			b.WriteByte(byte(r >> 8))
		}
		return b.String()
	}
	for _, tc := range []struct{ name, mime, kind, body, want string }{
		{"utf-8", "text/html; charset=utf-8", "text/html", "<p>Zoë", "<p>Zoë"},
		{"the header", "text/html; charset=windows-1252", "text/html", "<p>Zo\xeb", "<p>Zoë"},
		{"the page", "text/html", "text/html", "<meta charset=iso-8859-2><p>\xb9", "<meta charset=iso-8859-2><p>š"},
		{"the declaration", "text/xml", "text/xml", `<?xml version="1.0" encoding="iso-8859-2"?><p>` + "\xb9", `<?xml version="1.0" encoding="iso-8859-2"?><p>š`},
		{"utf-16", "text/html", "text/html", "\xff\xfe" + wide("<p>Zoë"), "<p>Zoë"},
		{"broken", "text/html; charset=utf-8", "text/html", "a\xff\xfe\x1b[31mb", "a\ufffd\x1b[31mb"},
		{"nothing", "text/html", "text/html", "", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			k := openKeep(t, t.TempDir(), 0)
			at := time.Date(2026, 11, 23, 14, 3, 11, 5e6, time.UTC)
			ref := anyRecipe().Ref()
			k.put(entry{URL: "http://one.test/", At: at, Status: 200, Type: tc.mime, Kind: tc.kind, Recipe: ref.Name, Version: ref.Hash}, []byte(tc.body), anyRecipe())
			got, kept, err := k.Body(t.Context(), "http://one.test/", 100)
			if err != nil || !kept || string(got.Text) != tc.want || string(got.Raw) != tc.body {
				t.Fatalf("got %q of %q, kept %v, %v; want %q", got.Text, got.Raw, kept, err, tc.want)
			}
			if !got.At.Equal(at) || got.Type != tc.mime || got.Size != int64(len(tc.body)) || got.Path != bodyPath(k.dir, sha256.Sum256([]byte(tc.body))) {
				t.Errorf("got %+v of a body of %d bytes", got, len(tc.body))
			}
		})
	}
}

// What another life of the run kept is there too, the newest of it.
func TestBodyOfAnEarlierLife(t *testing.T) {
	dir := t.TempDir()
	k := openKeep(t, dir, 0)
	k.add("http://one.test/", "old")
	k.add("http://one.test/", "new")
	k.Close()
	got, kept, err := openKeep(t, dir, 0).Body(t.Context(), "http://one.test/", 100)
	if err != nil || !kept || string(got.Text) != "new" {
		t.Errorf("got %q, %v, %v; want the newer one", got.Text, kept, err)
	}
}

// Of a large body no more is held than is asked for, and no character is cut.
func TestBodyIsBounded(t *testing.T) {
	k := openKeep(t, t.TempDir(), 0)
	k.add("http://one.test/", strings.Repeat("é", 3<<20))
	got, _, err := k.Body(t.Context(), "http://one.test/", 1<<20+1)
	if err != nil || len(got.Raw) != 1<<20+1 || len(got.Text) != 1<<20 || got.Size != 6<<20 || !utf8.Valid(got.Text) || strings.ContainsRune(string(got.Text), utf8.RuneError) {
		t.Errorf("got %d bytes of %d, %d of text, %v", len(got.Raw), got.Size, len(got.Text), err)
	}
	if cap(got.Raw) > 4<<20 {
		t.Errorf("%d bytes are held", cap(got.Raw))
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, _, err := k.Body(ctx, "http://one.test/", 1); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v when nobody waits any more, want that", err)
	}
}

func TestBodyThatIsNoMore(t *testing.T) {
	const text = "<title>one</title>"
	k := openKeep(t, t.TempDir(), 0)
	k.add("http://one.test/", text)
	path := bodyPath(k.dir, sha256.Sum256([]byte(text)))
	for _, tc := range []struct {
		name, want string
		harm       func() error
	}{
		{"another", "not what was kept", func() error { return os.WriteFile(path, packed(t, []byte("<title>two</title>")), 0o600) }},
		{"a bomb", "not what was kept", func() error { return os.WriteFile(path, packed(t, make([]byte, 64<<20)), 0o600) }},
		{"cut", "unexpected EOF", func() error { return os.Truncate(path, 9) }},
		{"no zstd", "magic number", func() error { return os.WriteFile(path, []byte("plain text"), 0o600) }},
		{"gone", "no such file", func() error { return os.Remove(path) }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if err := tc.harm(); err != nil {
				t.Fatal(err)
			}
			_, kept, err := k.Body(t.Context(), "http://one.test/", 100)
			if err == nil || !kept || !strings.Contains(err.Error(), tc.want) || !strings.Contains(err.Error(), filepath.Base(path)) {
				t.Errorf("got %v, kept %v; want %q and the path", err, kept, tc.want)
			}
		})
	}
	if _, kept, err := k.Body(t.Context(), "http://two.test/", 100); kept || err != nil {
		t.Errorf("a page that was not kept: %v, %v", kept, err)
	}
}
