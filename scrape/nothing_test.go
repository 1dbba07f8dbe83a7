package scrape

import (
	"bytes"
	"io"
	"testing"
)

// A request's body costs nothing, whatever reads it.
func TestNothing(t *testing.T) {
	var out bytes.Buffer
	if n, err := io.Copy(&out, struct{ io.Reader }{nothing{}}); n != 0 || err != nil {
		t.Errorf("read: %d bytes, error %v", n, err)
	}
	if n := testing.AllocsPerRun(10, func() { io.Copy(&out, nothing{}) }); n != 0 || out.Len() != 0 {
		t.Errorf("copied: %v allocations, %d bytes; want none", n, out.Len())
	}
}
