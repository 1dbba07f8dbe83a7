package cli

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestOpening(t *testing.T) {
	for _, tc := range []struct {
		name  string
		erase bool
		takes time.Duration
		want  string
	}{
		{"fast", true, 99 * time.Millisecond, ""},
		{"slow, before a screen", true, 101 * time.Millisecond, "weir: opening run 7: 12 URLs\r\x1b[K"},
		{"fast, without one", false, 499 * time.Millisecond, ""},
		{"slow, without one", false, 501 * time.Millisecond, "weir: opening run 7: 12 URLs\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var said strings.Builder
				opened := opening(&said, "run 7: 12\x1b URLs", tc.erase)
				time.Sleep(tc.takes)
				synctest.Wait()
				opened()
				opened()
				time.Sleep(time.Minute)
				if got := said.String(); got != strings.Replace(tc.want, "12 URLs", "12\ufffd URLs", 1) {
					t.Errorf("wrote %q, want %q", got, tc.want)
				}
			})
		})
	}
}
