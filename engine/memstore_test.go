package engine_test

import (
	"testing"

	"weir/engine"
	"weir/engine/enginetest"
)

func TestMemStore(t *testing.T) {
	enginetest.TestStore(t, func(t *testing.T) engine.Store {
		s := engine.NewMemStore()
		t.Cleanup(func() {
			if err := s.Close(); err != nil {
				t.Errorf("Close = %v", err)
			}
		})
		return s
	})
}
