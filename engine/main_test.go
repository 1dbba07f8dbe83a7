package engine_test

import (
	"os"
	"testing"

	"weir/engine/enginetest"
)

func TestMain(m *testing.M) { os.Exit(enginetest.Run(m)) }
