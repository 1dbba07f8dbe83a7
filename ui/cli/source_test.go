package cli

import (
	"strings"
	"testing"
)

func TestAboutLines(t *testing.T) {
	long := strings.Repeat("http://one.test/page\n", 10_000) // 210 kB
	for _, tc := range []struct {
		name, in string
		want     int
	}{
		{"nothing", "", 0},
		{"no line end", "http://one.test/", 1},
		{"three", "a\nb\nc\n", 3},
		{"the last without an end", "a\nb\nc", 3},
		{"more than is looked at", long, 9997}, // of 10,000, by the 3120 line ends in the first 64 KiB
	} {
		if got := aboutLines(strings.NewReader(tc.in), int64(len(tc.in))); got != tc.want {
			t.Errorf("%s: about %d lines, want %d", tc.name, got, tc.want)
		}
	}
}
