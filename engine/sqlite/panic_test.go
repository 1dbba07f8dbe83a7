package sqlite_test

import (
	"bytes"
	"errors"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"weir/engine"
	"weir/engine/enginetest"
	"weir/engine/sqlite"
)

// A panic in the goroutine that writes the file ends the run as trouble with
// the disk does: whoever asks is told and gets the stack, what was kept before
// stays, and another life goes on.
func TestPanicInWriter(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run.db")
	synctest.Test(t, func(t *testing.T) {
		isPanic := func(what string, err error) {
			t.Helper()
			p, ok := errors.AsType[*engine.PanicError](err)
			if !ok || p.Value != "bomb" || !bytes.Contains(p.Stack, []byte("bomb.write")) {
				t.Errorf("%s = %v, want the panic with its stack", what, err)
			}
		}
		s, err := sqlite.Create(path, nil)
		check(t, err)
		eng, err := engine.New(&enginetest.Scraper{}, engine.Config{Store: s})
		check(t, err)
		_, err = eng.Add(t.Context(), engine.Batch{}, enginetest.Jobs("one.test", 10))
		check(t, err)
		eng.Close()
		time.AfterFunc(4500*time.Millisecond, s.Bomb)
		err = eng.Run(t.Context())
		if !errors.Is(err, engine.ErrStore) {
			t.Errorf("Run = %v, want ErrStore", err)
		}
		isPanic("Run", err)
		isPanic("Sync", s.Sync(t.Context()))
		isPanic("Close", s.Close())

		s, err = sqlite.Open(path)
		check(t, err)
		rs, err := s.Results(t.Context(), engine.Query{})
		check(t, err)
		if len(rs) != 5 { // of 0, 1, 2, 3 and 4 s
			t.Errorf("%d results are in the file, want 5", len(rs))
		}
		eng, err = engine.New(&enginetest.Scraper{}, engine.Config{Store: s})
		check(t, err)
		eng.Close()
		check(t, eng.Run(t.Context()))
		if c := eng.Snapshot().Counts; c.OK != 10 {
			t.Errorf("the next life ended with %+v, want 10 ok", c)
		}
		check(t, s.Close())
	})
}
