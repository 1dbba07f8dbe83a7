package scrape

import (
	"errors"
	"fmt"
	"testing"
)

func TestWordsOfAnError(t *testing.T) {
	var none error
	for _, tc := range []struct {
		name string
		err  error
		want string
	}{
		{name: "as it is", err: errors.New("connection refused"), want: "connection refused"},
		{name: "without what a reader knows", err: errors.New(`net/http: HTTP/1.x transport connection broken: malformed HTTP response "x"`), want: `malformed HTTP response "x"`},
		{name: "without the name of the room", err: tooComplex("more than %d nodes", 3), want: "page too complex: more than 3 nodes"},
		{name: "an alert after the handshake", err: errors.New("readLoopPeekFailLocked: remote error: tls: certificate required"), want: "remote error: tls: certificate required"},
		{name: "an answer to no request", err: fmt.Errorf("readLoopPeekFailLocked: %w", none), want: "the server spoke before it was asked"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := words(tc.err); got != tc.want {
				t.Errorf("words(%q) = %q, want %q", tc.err, got, tc.want)
			}
		})
	}
}
