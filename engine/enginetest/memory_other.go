//go:build !linux

package enginetest

// InMemory does nothing here: there is no file system in memory to rely on.
func InMemory() (done func()) { return func() {} }
