package cli_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The page that a run has kept is read in the details, in another life of the
// run too, wherever that is started; and when its file is gone they say which.
func TestScreenShowsKeptBodies(t *testing.T) {
	t.Parallel()
	end := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/hang" {
			select {
			case <-r.Context().Done():
			case <-end:
			}
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=iso-8859-1")
		fmt.Fprint(w, "<title>Kept</title>\n<p>Zo\xeb \x1b]0;owned\x07was here</p>")
	}))
	t.Cleanup(func() { close(end); s.Close() })
	home := "HOME=" + t.TempDir()
	shows := func(c *console, want ...string) {
		t.Helper()
		c.await(t, strings.TrimPrefix(s.URL, "http://")+"/page") // its row
		c.press(t, "\r")
		c.await(t, "[records 1]")
		c.press(t, "\t")
		c.await(t, "[body]")
		for _, text := range want {
			c.await(t, text)
		}
		if err := c.cmd.Process.Signal(os.Interrupt); err != nil {
			t.Fatal(err)
		}
		c.ends(t, 130)
		c.await(t, "weir resume 1 goes on")
	}
	first := open(t, []string{home}, "-i", "0", "-w", "1", "--keep-bodies", "kept", s.URL+"/page", s.URL+"/hang")
	shows(first, "text/html; charset=iso-8859-1", "<title>Kept</title>", "<p>Zoë ]0;ownedwas here</p>")
	shows(open(t, []string{home}, "resume", "1"), "<title>Kept</title>")
	kept := filepath.Join(first.cmd.Dir, "kept", "bodies")
	if err := os.RemoveAll(kept); err != nil {
		t.Fatal(err)
	}
	shows(open(t, []string{home}, "resume", "1"), filepath.Base(first.cmd.Dir), "no such file or directory")
}
