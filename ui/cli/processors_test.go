package cli

import (
	"runtime"
	"testing"
)

func TestOneMore(t *testing.T) {
	was := runtime.GOMAXPROCS(0)
	t.Setenv("GOMAXPROCS", "")
	end := oneMore()
	if got := runtime.GOMAXPROCS(0); got != was+1 {
		t.Errorf("%d processors, want %d", got, was+1)
	}
	end()
	if got := runtime.GOMAXPROCS(0); got != was {
		t.Errorf("%d processors at the end, want %d", got, was)
	}
	t.Setenv("GOMAXPROCS", "1")
	defer oneMore()()
	if got := runtime.GOMAXPROCS(0); got != was {
		t.Errorf("%d processors though the environment says how many, want %d", got, was)
	}
}
