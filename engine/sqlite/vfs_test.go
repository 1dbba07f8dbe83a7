package sqlite_test

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"unsafe"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

// A call is one kind of what SQLite asks of a file system.
type call uint16

const (
	callOpen call = 1 << iota
	callDelete
	callRead
	callWrite
	callSync
	callTruncate
	callSize
	callLock
	callShmMap // of the index of the log
	callShmLock
)

// changes are the calls that change what is on the disk.
const (
	changes    = callOpen | callDelete | callWrite | callSync | callTruncate
	everything = changes | callRead | callSize | callLock | callShmMap | callShmLock
)

var callFaults = map[call]struct {
	name string
	code int32
}{
	callOpen:     {"open", sqlite3.SQLITE_CANTOPEN},
	callDelete:   {"delete", sqlite3.SQLITE_IOERR_DELETE},
	callRead:     {"read", sqlite3.SQLITE_IOERR_READ},
	callWrite:    {"write", sqlite3.SQLITE_IOERR_WRITE},
	callSync:     {"sync", sqlite3.SQLITE_IOERR_FSYNC},
	callTruncate: {"truncate", sqlite3.SQLITE_IOERR_TRUNCATE},
	callSize:     {"size", sqlite3.SQLITE_IOERR_FSTAT},
	callLock:     {"lock", sqlite3.SQLITE_IOERR_LOCK},
	callShmMap:   {"map", sqlite3.SQLITE_IOERR_SHMMAP},
	callShmLock:  {"shmlock", sqlite3.SQLITE_IOERR_SHMLOCK},
}

// A fault says which calls fail. The zero fault is none.
type fault struct {
	calls call  // these are counted
	nth   int   // from 1: the call that fails; 0: none
	stays bool  // all later ones fail too
	code  int32 // what SQLite is told; zero: what fits the call
	torn  bool  // half of what is to be written is
}

// A disk is the files under one folder as SQLite sees them: its calls can be
// made to fail, and the power can be cut. It stands between SQLite and its own
// "unix" file system, in the whole process, and lets everything outside of such
// folders pass.
//
// It is safe for use by multiple goroutines.
type disk struct {
	dir string

	mu    sync.Mutex
	fault fault
	seen  int                  // calls that the fault counts
	hit   string               // the first call that failed, and its file
	cut   bool                 // the power was cut
	files map[string]*diskFile // by path
}

// A diskFile is what a file has now, and what a cut of the power leaves of it.
type diskFile struct {
	info      os.FileInfo // nil: it was not there before SQLite made it
	now, safe []byte
	unsafe    []func([]byte) []byte // what was done since the last sync
}

// newDisk returns a disk for a new folder, in memory where the system has some
// for files. It is gone with the test.
func newDisk(t testing.TB) *disk {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "weir-")
	if err == nil {
		t.Cleanup(func() { os.RemoveAll(dir) })
	} else {
		dir = t.TempDir()
	}
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		t.Fatal(err)
	}
	d := &disk{dir: dir + string(filepath.Separator), files: map[string]*diskFile{}}
	shim.install()
	shim.mu.Lock()
	defer shim.mu.Unlock()
	shim.disks = append(shim.disks, d)
	t.Cleanup(func() {
		shim.mu.Lock()
		defer shim.mu.Unlock()
		shim.disks = slices.DeleteFunc(shim.disks, func(o *disk) bool { return o == d })
	})
	return d
}

// path returns the path of a file on d.
func (d *disk) path(name string) string { return d.dir + name }

// fail sets the fault and starts to count.
func (d *disk) fail(f fault) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fault, d.seen, d.hit = f, 0, ""
}

// heal takes the fault away. It returns how many calls were counted, and
// which failed first.
func (d *disk) heal() (calls int, hit string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fault = fault{}
	return d.seen, d.hit
}

// meets counts a call, and says what SQLite is to be told if it fails.
func (d *disk) meets(c call, path string) (code int32, torn bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	f := d.fault
	if f.calls&c == 0 {
		return 0, false
	}
	d.seen++
	if f.nth == 0 || d.seen < f.nth || d.seen > f.nth && !f.stays {
		return 0, false
	}
	if d.hit == "" {
		d.hit = callFaults[c].name + " " + filepath.Base(path)
	}
	return cmp.Or(f.code, callFaults[c].code), f.torn
}

// cutPower leaves in the files what was synced and, of what was not, what a
// drive may have got round to: nothing if chance is nil, or any of it. Whoever
// has the files open must have closed them.
func (d *disk) cutPower(chance *rand.Rand) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, path := range slices.Sorted(maps.Keys(d.files)) {
		f := d.files[path]
		if _, err := os.Lstat(path); os.IsNotExist(err) {
			continue // it has another name by now, or was removed
		}
		left := f.safe
		for _, do := range f.unsafe {
			if chance != nil && chance.IntN(2) == 0 {
				left = do(left)
			}
		}
		if err := os.WriteFile(path, left, 0o600); err != nil {
			return err
		}
		// The index of a log is memory: it does not outlive the power.
		if err := os.Remove(path + "-shm"); err != nil && !os.IsNotExist(err) {
			return err
		}
	}
	clear(d.files)
	d.cut = true
	return nil
}

// did notes what was done to a file.
func (d *disk) did(path string, do func([]byte) []byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	f := d.files[path]
	f.now = do(f.now)
	f.unsafe = append(f.unsafe, do)
}

func (d *disk) synced(path string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	f := d.files[path]
	f.safe, f.unsafe = slices.Clone(f.now), nil
}

// opens notes what a file has before SQLite has it open for the first time. A
// file that is made is there at once, and so is gone one that is deleted. One
// that was renamed is as safe as it was: a name keeps no bytes.
func (d *disk) opens(path string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.files[path] != nil {
		return nil // not read: closing it would drop SQLite's locks on it
	}
	info, err := os.Stat(path)
	if err != nil && !os.IsNotExist(err) {
		return err
	}
	for was, f := range d.files {
		if info == nil || f.info == nil || !os.SameFile(f.info, info) {
			continue
		}
		if _, err := os.Lstat(was); os.IsNotExist(err) {
			delete(d.files, was)
			d.files[path] = f
			return nil
		}
	}
	b, err := os.ReadFile(path)
	if err != nil && !os.IsNotExist(err) {
		return err
	}
	d.files[path] = &diskFile{info: info, now: b, safe: slices.Clone(b)}
	return nil
}

func (d *disk) deleted(path string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.files, path)
}

// The shim is a copy of SQLite's file system that hands the files of disks
// their own methods. SQLite is C that was translated: it keeps functions as
// numbers, and memory of its own.
var shim struct {
	install func()

	mu    sync.Mutex
	disks []*disk
	open  map[uintptr]shimFile // by sqlite3_file
	ours  map[uintptr]uintptr  // our methods by those they stand for
	vfs   sqlite3.Tsqlite3_vfs // the real one
}

type shimFile struct {
	*disk
	path string
	real *sqlite3.Tsqlite3_io_methods
}

func init() {
	shim.open = map[uintptr]shimFile{}
	shim.ours = map[uintptr]uintptr{}
	shim.install = sync.OnceFunc(func() {
		tls := libc.NewTLS()
		shim.vfs = *at[sqlite3.Tsqlite3_vfs](sqlite3.Xsqlite3_vfs_find(tls, 0))
		ours := cCopy(tls, shim.vfs)
		vfs := at[sqlite3.Tsqlite3_vfs](ours)
		name, err := libc.CString("shim")
		if err != nil {
			panic(err)
		}
		vfs.FzName, vfs.FpNext = name, 0
		vfs.FxOpen, vfs.FxDelete = number(shimOpen), number(shimDelete)
		if rc := sqlite3.Xsqlite3_vfs_register(tls, ours, 1); rc != sqlite3.SQLITE_OK {
			panic(fmt.Sprintf("vfs not registered: %d", rc))
		}
	})
}

// at returns the C memory at p as a T.
func at[T any](p uintptr) *T { return *(**T)(unsafe.Pointer(&p)) }

// number returns a function as C keeps it. It must be a function of the
// package: nothing else holds it.
func number[F any](f F) uintptr { return *(*uintptr)(unsafe.Pointer(&f)) }

// function is number's inverse.
func function[F any](p uintptr) F { return *(*F)(unsafe.Pointer(&p)) }

// cCopy returns where a copy of v is in memory that C may point into.
func cCopy[T any](tls *libc.TLS, v T) uintptr {
	p := libc.Xmalloc(tls, libc.Tsize_t(unsafe.Sizeof(v)))
	*at[T](p) = v
	return p
}

// diskOf returns the disk that a path is on: nil for none.
func diskOf(path string) *disk {
	shim.mu.Lock()
	defer shim.mu.Unlock()
	for _, d := range shim.disks {
		if strings.HasPrefix(path, d.dir) {
			return d
		}
	}
	return nil
}

func opened(file uintptr) shimFile {
	shim.mu.Lock()
	defer shim.mu.Unlock()
	return shim.open[file]
}

func shimOpen(tls *libc.TLS, vfs, name, file uintptr, flags int32, out uintptr) int32 {
	open := function[func(*libc.TLS, uintptr, uintptr, uintptr, int32, uintptr) int32](shim.vfs.FxOpen)
	var d *disk
	var path string
	if name != 0 {
		path = libc.GoString(name)
		d = diskOf(path)
	}
	if d == nil {
		return open(tls, vfs, name, file, flags, out)
	}
	if code, _ := d.meets(callOpen, path); code != 0 {
		return code
	}
	if err := d.opens(path); err != nil {
		return sqlite3.SQLITE_IOERR
	}
	f := at[sqlite3.Tsqlite3_file](file)
	if rc := open(tls, vfs, name, file, flags, out); rc != sqlite3.SQLITE_OK || f.FpMethods == 0 {
		return rc
	}
	shim.mu.Lock()
	defer shim.mu.Unlock()
	methods := at[sqlite3.Tsqlite3_io_methods](f.FpMethods)
	ours := shim.ours[f.FpMethods]
	if ours == 0 {
		m := *methods
		m.FxClose, m.FxRead, m.FxWrite = number(shimClose), number(shimRead), number(shimWrite)
		m.FxTruncate, m.FxSync, m.FxFileSize = number(shimTruncate), number(shimSync), number(shimSize)
		m.FxLock, m.FxShmMap, m.FxShmLock = number(shimLock), number(shimShmMap), number(shimShmLock)
		ours = cCopy(tls, m)
		shim.ours[f.FpMethods] = ours
	}
	f.FpMethods = ours
	shim.open[file] = shimFile{d, path, methods}
	return sqlite3.SQLITE_OK
}

func shimDelete(tls *libc.TLS, vfs, name uintptr, sync int32) int32 {
	path := libc.GoString(name)
	d := diskOf(path)
	if d != nil {
		if code, _ := d.meets(callDelete, path); code != 0 {
			return code
		}
	}
	rc := function[func(*libc.TLS, uintptr, uintptr, int32) int32](shim.vfs.FxDelete)(tls, vfs, name, sync)
	if d != nil && rc == sqlite3.SQLITE_OK {
		d.deleted(path)
	}
	return rc
}

func shimClose(tls *libc.TLS, file uintptr) int32 {
	f := opened(file)
	shim.mu.Lock()
	delete(shim.open, file)
	shim.mu.Unlock()
	return function[func(*libc.TLS, uintptr) int32](f.real.FxClose)(tls, file)
}

func shimRead(tls *libc.TLS, file, buf uintptr, n int32, off int64) int32 {
	f := opened(file)
	if code, _ := f.meets(callRead, f.path); code != 0 {
		return code
	}
	return function[func(*libc.TLS, uintptr, uintptr, int32, int64) int32](f.real.FxRead)(tls, file, buf, n, off)
}

func shimWrite(tls *libc.TLS, file, buf uintptr, n int32, off int64) int32 {
	f := opened(file)
	code, torn := f.meets(callWrite, f.path)
	if code != 0 && !torn {
		return code
	}
	if torn {
		n /= 2
	}
	if rc := function[func(*libc.TLS, uintptr, uintptr, int32, int64) int32](f.real.FxWrite)(tls, file, buf, n, off); rc != sqlite3.SQLITE_OK {
		return rc
	}
	data := slices.Clone(unsafe.Slice(at[byte](buf), n))
	f.did(f.path, func(b []byte) []byte {
		if more := off + int64(n) - int64(len(b)); more > 0 {
			b = append(b, make([]byte, more)...)
		}
		copy(b[off:], data)
		return b
	})
	return code
}

func shimTruncate(tls *libc.TLS, file uintptr, size int64) int32 {
	f := opened(file)
	if code, _ := f.meets(callTruncate, f.path); code != 0 {
		return code
	}
	rc := function[func(*libc.TLS, uintptr, int64) int32](f.real.FxTruncate)(tls, file, size)
	if rc == sqlite3.SQLITE_OK {
		f.did(f.path, func(b []byte) []byte { return b[:min(size, int64(len(b)))] })
	}
	return rc
}

func shimSync(_ *libc.TLS, file uintptr, _ int32) int32 {
	f := opened(file)
	if code, _ := f.meets(callSync, f.path); code != 0 {
		return code
	}
	f.synced(f.path) // and that is all: a test has no power to lose
	return sqlite3.SQLITE_OK
}

func shimSize(tls *libc.TLS, file, out uintptr) int32 {
	f := opened(file)
	if code, _ := f.meets(callSize, f.path); code != 0 {
		return code
	}
	return function[func(*libc.TLS, uintptr, uintptr) int32](f.real.FxFileSize)(tls, file, out)
}

func shimLock(tls *libc.TLS, file uintptr, level int32) int32 {
	f := opened(file)
	if code, _ := f.meets(callLock, f.path); code != 0 {
		return code
	}
	return function[func(*libc.TLS, uintptr, int32) int32](f.real.FxLock)(tls, file, level)
}

func shimShmMap(tls *libc.TLS, file uintptr, region, size, extend int32, out uintptr) int32 {
	f := opened(file)
	if code, _ := f.meets(callShmMap, f.path); code != 0 {
		return code
	}
	return function[func(*libc.TLS, uintptr, int32, int32, int32, uintptr) int32](f.real.FxShmMap)(tls, file, region, size, extend, out)
}

func shimShmLock(tls *libc.TLS, file uintptr, offset, n, flags int32) int32 {
	f := opened(file)
	if flags&sqlite3.SQLITE_SHM_LOCK != 0 { // no system fails to unlock
		if code, _ := f.meets(callShmLock, f.path); code != 0 {
			return code
		}
	}
	return function[func(*libc.TLS, uintptr, int32, int32, int32) int32](f.real.FxShmLock)(tls, file, offset, n, flags)
}
