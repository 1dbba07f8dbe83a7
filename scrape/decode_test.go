package scrape_test

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"io"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"

	"weir/engine"
	"weir/engine/enginetest"
	"weir/scrape"
)

// encoder returns a writer of a coding.
func encoder(t testing.TB, coding string, out io.Writer) interface {
	io.WriteCloser
	Flush() error
} {
	t.Helper()
	switch coding {
	case "br":
		return brotli.NewWriterLevel(out, brotli.BestSpeed)
	case "zstd":
		w, err := zstd.NewWriter(out, zstd.WithEncoderConcurrency(1))
		if err != nil {
			t.Fatal(err)
		}
		return w
	case "deflate":
		return zlib.NewWriter(out)
	case "bare deflate":
		w, err := flate.NewWriter(out, flate.BestSpeed)
		if err != nil {
			t.Fatal(err)
		}
		return w
	}
	return gzip.NewWriter(out)
}

// squeeze returns plain in a coding.
func squeeze(t testing.TB, coding, plain string) []byte {
	t.Helper()
	var out bytes.Buffer
	w := encoder(t, coding, &out)
	if _, err := io.WriteString(w, plain); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// bomb returns size bytes of spaces in a coding, without its end. It makes few
// of them and repeats the block that they come to.
func bomb(t testing.TB, coding string, size int) []byte {
	t.Helper()
	const piece = 64 << 10
	var out bytes.Buffer
	var from int
	w := encoder(t, coding, &out)
	for range 3 { // from the second on they are alike
		from = out.Len()
		io.WriteString(w, strings.Repeat(" ", piece))
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	block := bytes.Repeat(out.Bytes()[from:], size/piece-3)
	return append(out.Bytes(), block...)
}

// coded answers with a body in a coding.
func coded(coding string, body []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("Content-Encoding", strings.TrimPrefix(coding, "bare "))
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		w.Write(body)
	}
}

var codings = []string{"gzip", "x-gzip", "br", "zstd", "deflate", "bare deflate"}

func TestContentCodings(t *testing.T) {
	plain := "<title>coded</title>" + strings.Repeat("<p>all the same", 5000)
	for _, coding := range codings {
		body := squeeze(t, coding, plain)
		for _, tc := range []struct {
			name  string
			body  []byte
			class engine.Class
			bytes int
		}{
			{name: "whole", body: body, bytes: len(plain)},
			{name: "cut", body: body[:len(body)-5], class: engine.Truncated},
			{name: "cut at once", body: body[:1], class: engine.Truncated},
			{name: "broken", body: append([]byte("\x1f\x8b\x08\xff not coded"), plain...), class: engine.Decode},
		} {
			t.Run(coding+"/"+tc.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					got := site(t, scrape.Config{}, coded(coding, tc.body)).get(t, "http://one.test/")
					if got.Class != tc.class {
						t.Fatalf("Do = %v %q %q, want %q", got.Outcome, got.Class, got.Error, tc.class)
					}
					if tc.class == "" && (got.Title != "coded" || got.Bytes != int64(tc.bytes)) {
						t.Errorf("Do = title %q, %d bytes, want coded, %d", got.Title, got.Bytes, tc.bytes)
					}
				})
			})
		}
	}
}

// A decoder stops where its format ends. The wire may not have ended there.
func TestTheWireIsReadToItsEnd(t *testing.T) {
	body := squeeze(t, "deflate", "<title>coded</title>")
	synctest.Test(t, func(t *testing.T) {
		server := enginetest.NewPipeServer(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			w.Header().Set("Content-Encoding", "deflate")
			if r.URL.Path == "/cut" {
				w.Header().Set("Content-Length", strconv.Itoa(len(body)+10))
				w.Write(body)
				return
			}
			w.Write(body)
			w.(http.Flusher).Flush() // chunked: its end comes later
			time.Sleep(time.Second)
		}))
		g := newRig(t, scrape.Config{Dial: server.Dial})
		for range 2 {
			if got := g.get(t, "http://one.test/"); got.Title != "coded" {
				t.Errorf("Do = %q %q, title %q, want coded", got.Class, got.Error, got.Title)
			}
		}
		if server.Dials() != 1 {
			t.Errorf("two requests used %d connections, want 1", server.Dials())
		}
		if got := g.get(t, "http://one.test/cut"); got.Class != engine.Truncated {
			t.Errorf("Do = %v %q, want truncated", got.Outcome, got.Class)
		}
	})
}

func TestRefusedCodings(t *testing.T) {
	for _, tc := range []struct{ name, coding, err string }{
		{name: "one on another", coding: "gzip, br", err: "more than one content coding: gzip, br"},
		{name: "the same twice", coding: "gzip,gzip", err: "more than one content coding: gzip, gzip"},
		{name: "unknown", coding: "compress", err: `unknown content coding "compress"`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				got := site(t, scrape.Config{}, coded(tc.coding, []byte("x"))).get(t, "http://one.test/")
				if got.Class != engine.Decode || got.Error != tc.err {
					t.Errorf("Do = %q %q, want decode %q", got.Class, got.Error, tc.err)
				}
			})
		})
	}
}

func TestEmptyAndIdentityCodings(t *testing.T) {
	for _, tc := range []struct{ name, coding, body, title string }{
		{name: "identity is none", coding: "identity", body: "<title>a</title>", title: "a"},
		{name: "no name is none", coding: " , ", body: "<title>a</title>", title: "a"},
		{name: "coded nothing is nothing", coding: "gzip"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				got := site(t, scrape.Config{}, coded(tc.coding, []byte(tc.body))).get(t, "http://one.test/")
				if got.Class != "" || got.Title != tc.title || got.Bytes != int64(len(tc.body)) {
					t.Errorf("Do = %q %q, title %q, want %q", got.Class, got.Error, got.Title, tc.title)
				}
			})
		})
	}
}

// A bomb ends as too_large after no more memory than the cap explains.
func TestBombsAreBounded(t *testing.T) {
	const size, most = 64 << 20, 256 << 10
	for _, coding := range []string{"gzip", "br", "zstd", "deflate"} {
		body := bomb(t, coding, size)
		t.Run(coding, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := site(t, scrape.Config{MaxBody: most}, coded(coding, body))
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				got := g.get(t, "http://one.test/")
				runtime.ReadMemStats(&after)
				if got.Class != engine.TooLarge || got.Error != "body over 256 KiB" {
					t.Errorf("Do = %q %q, want too_large", got.Class, got.Error)
				}
				if used := after.TotalAlloc - before.TotalAlloc; used > 12<<20 {
					t.Errorf("%d bytes of bomb cost %d MiB, want at most 12", len(body), used>>20)
				}
			})
		})
	}
}

// Empty blocks and frames decode to nothing, for ever.
func TestEndlessNothingIsBounded(t *testing.T) {
	for _, tc := range []struct {
		coding, head string
		piece        string
	}{
		{coding: "gzip", piece: string(squeeze(t, "gzip", ""))},
		{coding: "zstd", piece: "\x50\x2a\x4d\x18\x00\x01\x00\x00" + strings.Repeat("x", 256)},
		{coding: "deflate", head: "\x78\x9c", piece: "\x00\x00\x00\xff\xff"},
	} {
		t.Run(tc.coding, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sent := 0
				g := site(t, scrape.Config{MaxBody: 64 << 10}, func(w http.ResponseWriter, r *http.Request) {
					w.Header().Set("Content-Type", "text/html")
					w.Header().Set("Content-Encoding", tc.coding)
					io.WriteString(w, tc.head)
					piece := strings.Repeat(tc.piece, 1+4096/len(tc.piece))
					for {
						n, err := io.WriteString(w, piece)
						if sent += n; err != nil {
							return
						}
					}
				})
				got := g.get(t, "http://one.test/")
				if got.Class != engine.TooLarge || got.Error != "body on the wire over 128 KiB" {
					t.Errorf("Do = %q %q, want too_large", got.Class, got.Error)
				}
				synctest.Wait()
				if sent > 256<<10 {
					t.Errorf("the server sent %d bytes", sent)
				}
			})
		})
	}
}

func TestZstdWindowIsBounded(t *testing.T) {
	var out bytes.Buffer
	w, err := zstd.NewWriter(&out, zstd.WithWindowSize(64<<20), zstd.WithEncoderConcurrency(1))
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(w, strings.Repeat(" ", 1<<20))
	w.Close()
	synctest.Test(t, func(t *testing.T) {
		got := site(t, scrape.Config{}, coded("zstd", out.Bytes())).get(t, "http://one.test/")
		if got.Class != engine.Decode {
			t.Errorf("Do = %q %q, want decode: a window of 64 MiB", got.Class, got.Error)
		}
	})
}

func TestBodyCap(t *testing.T) {
	head := "<title>a</title>"
	for _, tc := range []struct {
		name   string
		size   int
		length bool
		class  engine.Class
		err    string
	}{
		{name: "exactly the cap", size: 4 << 10},
		{name: "one byte more", size: 4<<10 + 1, class: engine.TooLarge, err: "body over 4 KiB"},
		{name: "one byte more, as declared", size: 4<<10 + 1, length: true, class: engine.TooLarge, err: "body of 4097 bytes, over 4 KiB"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := site(t, scrape.Config{MaxBody: 4 << 10}, func(w http.ResponseWriter, r *http.Request) {
					w.Header().Set("Content-Type", "text/html")
					if tc.length {
						w.Header().Set("Content-Length", strconv.Itoa(tc.size))
					}
					io.WriteString(w, head+strings.Repeat(" ", tc.size-len(head)))
				})
				got := g.get(t, "http://one.test/")
				if got.Class != tc.class || got.Error != tc.err || len(got.Records) > 0 != (tc.class == "") {
					t.Errorf("Do = %v %q %q with %d records, want %q %q", got.Outcome, got.Class, got.Error, len(got.Records), tc.class, tc.err)
				}
			})
		})
	}
}
