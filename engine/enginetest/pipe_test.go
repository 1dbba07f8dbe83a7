package enginetest_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"weir/engine/enginetest"
)

func TestPipeServerAnswersForEveryHostInBubbleTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := enginetest.NewPipeServer(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(time.Hour)
			io.WriteString(w, r.Host+" "+r.RemoteAddr)
		}))
		begin := time.Now()
		for _, tc := range []struct{ url, want string }{
			{"http://one.test/", "one.test pipe:1"},
			{"http://two.test:81/", "two.test:81 pipe:2"},
			{"http://one.test/again", "one.test pipe:1"},
		} {
			resp, err := s.Client().Get(tc.url)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(resp.Body)
			resp.Body.Close()
			if got := string(body); got != tc.want || err != nil {
				t.Errorf("GET %s = %q, %v; want %q", tc.url, got, err, tc.want)
			}
		}
		if got, want := time.Since(begin), 3*time.Hour; got != want {
			t.Errorf("three requests took %v, want %v", got, want)
		}
		if got := s.Dials(); got != 2 {
			t.Errorf("Dials = %d, want 2", got)
		}
	})
}

func TestPipeServerDialEndsWithItsContext(t *testing.T) {
	s := enginetest.NewPipeServer(t, http.NotFoundHandler())
	why := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(why)
	for range 20 { // the server may be quicker
		c, err := s.Dial(ctx, "tcp", "one.test:80")
		if err == nil {
			c.Close()
			continue
		}
		if !errors.Is(err, why) {
			t.Errorf("Dial with an ended context: %v, want %v", err, why)
		}
		return
	}
	t.Error("Dial took no notice of its ended context in 20 calls")
}
