package cli

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"weir/engine"
)

// What a command line comes to is kept as JSON that comes back.
func TestAboutComesBack(t *testing.T) {
	want := about{Version: "1", Words: "weir x", Dir: "/", Sources: []keptSource{{Batch: "x", Added: time.Now().UTC(), File: "/x"}}, State: stateRunning}
	text, err := want.text()
	if err != nil {
		t.Fatal(err)
	}
	got, err := readAbout(text)
	if err != nil || !got.Sources[0].is(&engine.Batch{Name: "x", Added: want.Sources[0].Added.Local()}) {
		t.Errorf("came back as %+v (%v)", got, err)
	}
	if _, err := readAbout([]byte("{")); err == nil || !errors.As(err, new(*json.SyntaxError)) {
		t.Errorf("half of it is read with %v, want an error", err)
	}
}
