package demo_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestGzip(t *testing.T) {
	s, c := start(t, 1), plain(t)
	u := "http://" + s.Hosts()[0] + "/schedule/2025-11"
	_, want, err := get(t, c, u)
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name, accept string
		zipped       bool
	}{
		{"asked for", "br, gzip;q=0.8", true},
		{"in capitals", "GZIP", true},
		{"refused", "gzip;q=0, br", false},
		{"another", "br", false},
		{"a longer word", "gzipped", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			resp, body, err := get(t, c, u, "Accept-Encoding", tc.accept)
			if err != nil {
				t.Fatal(err)
			}
			if zipped := resp.Header.Get("Content-Encoding") == "gzip"; zipped != tc.zipped {
				t.Fatalf("gzip %v, want %v", zipped, tc.zipped)
			}
			if tc.zipped {
				r, err := gzip.NewReader(bytes.NewReader(body))
				if err != nil {
					t.Fatal(err)
				}
				if body, err = io.ReadAll(r); err != nil {
					t.Fatal(err)
				}
			}
			if !bytes.Equal(body, want) {
				t.Errorf("the body differs: %d bytes, want %d", len(body), len(want))
			}
		})
	}
}

func TestETag(t *testing.T) {
	s, c := start(t, 1), plain(t)
	u := "http://" + s.Hosts()[0] + "/staff/2"
	resp, _, err := get(t, c, u)
	if err != nil {
		t.Fatal(err)
	}
	tag := resp.Header.Get("ETag")
	again, body, err := get(t, c, u, "If-None-Match", tag)
	if err != nil || again.StatusCode != http.StatusNotModified || len(body) != 0 || again.Header.Get("ETag") != tag {
		t.Errorf("If-None-Match %s: %v, %d bytes, %v; want 304 and none", tag, again, len(body), err)
	}
	if other, _, err := get(t, c, u, "If-None-Match", `W/"0"`); err != nil || other.StatusCode != http.StatusOK {
		t.Errorf("another tag: %v, %v; want 200", other, err)
	}
}

// Canonical links and redirects name the hosts as they really listen.
func TestLinksAreOfThisSite(t *testing.T) {
	s, c := start(t, 1), plain(t)
	here, next := "http://"+s.Hosts()[7], "http://"+s.Hosts()[8]
	_, body, err := get(t, c, here+"/a/59")
	if want := `<link rel="canonical" href="` + here + `/a/59">`; err != nil || !strings.Contains(string(body), want) {
		t.Errorf("the article lacks %s: %v", want, err)
	}
	for path, want := range map[string]string{"/go/4": "/a/4", "/moved/4": next + "/a/4", "/loop/1": "/loop/2", "/loop/2": "/loop/1"} {
		resp, _, err := get(t, c, here+path)
		if err != nil || resp.StatusCode != http.StatusMovedPermanently || resp.Header.Get("Location") != want {
			t.Errorf("%s: %v, %v; want 301 to %s", path, resp, err, want)
		}
	}
}

// Some refusals name seconds and some a date, and no date comes too early.
func TestRetryAfter(t *testing.T) {
	s, c := start(t, 1), plain(t)
	var seconds, dates int
	for _, h := range s.Hosts() {
		for range 12 {
			before := time.Now()
			resp, _, err := get(t, c, "http://"+h+"/staff/1")
			if err != nil {
				t.Fatal(err)
			}
			if resp.StatusCode != http.StatusTooManyRequests {
				continue
			}
			after := resp.Header.Get("Retry-After")
			at, err := http.ParseTime(after)
			switch wait := at.Sub(before); {
			case len(after) == 1 && "5" <= after && after <= "8":
				seconds++
			case err == nil && wait >= 5*time.Second && wait <= 10*time.Second:
				dates++
			default:
				t.Errorf("%s: Retry-After %q", h, after)
			}
		}
	}
	if seconds == 0 || dates == 0 {
		t.Errorf("%d refusals name seconds and %d a date, want some of each", seconds, dates)
	}
}
