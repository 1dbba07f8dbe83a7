package enginetest

import (
	"flag"
	"os"
	"runtime/debug"
	"testing"
)

const (
	testGC     = 400       // GOGC of tests, percent
	testMemory = 512 << 20 // bytes, from which on more is collected than that
)

// Run runs the tests of a package as m.Run does, in less time: a test binary
// makes much garbage and holds little, so at the usual 100 % a quarter of its
// time goes to collecting. What tests measure of memory does not depend on it:
// all that was allocated, or what is held right after a collection.
//
// A GOGC in the environment stays, and so does the usual one where benchmarks
// run: their figures are those of a program.
func Run(m *testing.M) int {
	flag.Parse()
	if os.Getenv("GOGC") == "" && flag.Lookup("test.bench").Value.String() == "" {
		debug.SetGCPercent(testGC)
		debug.SetMemoryLimit(testMemory)
	}
	return m.Run()
}
