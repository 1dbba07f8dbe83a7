package enginetest

import (
	"os"
	"syscall"
)

// memoryLeast is how many bytes must be free in memory for InMemory: several
// times what the tests of a package take.
const memoryLeast = 1 << 30

// InMemory lets the files of a package's tests, those of t.TempDir, be in
// memory (tmpfs(5)) if /dev/shm has room for them: tests that are not about the
// disk need not wait for it. Where TMPDIR says where files are to be, they are
// there. done removes what is left of them; call it when the tests have ended.
func InMemory() (done func()) {
	const shm = "/dev/shm"
	var at syscall.Statfs_t
	if os.Getenv("TMPDIR") == "" && syscall.Statfs(shm, &at) == nil && at.Bavail*uint64(at.Bsize) >= memoryLeast {
		if dir, err := os.MkdirTemp(shm, "weir-test-"); err == nil {
			_ = os.Chmod(dir, 0o711) // programs of other users have their files in it, too
			os.Setenv("TMPDIR", dir)
			return func() { os.RemoveAll(dir) }
		}
	}
	return func() {}
}
