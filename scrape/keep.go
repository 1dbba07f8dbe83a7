package scrape

import (
	"bufio"
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/klauspost/compress/zstd"

	"weir/engine"
)

// DefaultKeepMax is how many bytes of bodies a Keep holds if nobody says
// otherwise, compressed.
const DefaultKeepMax = 10 << 30

// A Keep is a directory of bodies as they were fetched, so that a page that did
// not change need not be sent again and a changed recipe can be run over what
// was fetched before.
//
//	DIR/index.jsonl          a line for each answer, newest last
//	DIR/bodies/ab/abc...zst  a body, by the hash of its content
//	DIR/recipes/abc...yaml   the recipe that a page was fetched for
//
// A body is there, whole, before its line is. Lines are only ever added, each in
// one write; one that was torn (kill -9, a full disk) is passed over when the
// index is read, and the next one begins a line of its own. So at any moment the
// directory is good, for a second process at work on it too. A body of a request
// with a password may be as secret as that: directories are the operator's only
// (0700), files likewise (0600).
//
// What cannot be written is counted and is no fault of its page. A Keep is safe
// for use by multiple goroutines.
type Keep struct {
	dir  string
	max  int64
	zip  *zstd.Encoder
	out  unpacker
	open *os.File // index.jsonl, to append

	mu      sync.Mutex
	known   map[string]kept // by URL
	bodies  map[[32]byte]struct{}
	recipes map[string]struct{}
	size    int64 // of bodies, compressed
	stats   KeepStats
	err     error // the first
}

// KeepStats say what a Keep has done since it was opened.
type KeepStats struct {
	Kept      int // answers that have their line
	Unchanged int // of them those that a server said to be as before
	Full      int // answers that found no room
	Failed    int // answers that could not be written
}

// kept is what must be known of an answer to ask for it again.
type kept struct {
	mime     string // Content-Type
	kind     string // the media type that it was read as
	etag     string
	modified string
	hash     [32]byte
	bytes    int64
	at       int64 // when that was so last, in ms of Unix
}

// entry is a line of the index.
type entry struct {
	URL      string    `json:"url"` // that answered
	Job      string    `json:"job"` // that was listed or found, and redirected there
	At       time.Time `json:"at"`
	Status   int       `json:"status"` // 304: as the line before it for this URL
	Type     string    `json:"type"`   // Content-Type
	Kind     string    `json:"kind"`   // the media type that it was read as
	ETag     string    `json:"etag,omitempty"`
	Modified string    `json:"modified,omitempty"` // Last-Modified
	Hash     string    `json:"hash"`               // hex SHA-256 of the body, its content coding undone
	Bytes    int64     `json:"bytes"`              // of it
	Size     int64     `json:"size"`               // of its file
	Depth    int       `json:"depth,omitempty"`
	Carry    string    `json:"carry,omitempty"` // of the job: how the page was found
	Recipe   string    `json:"recipe"`
	Version  string    `json:"version"` // hex SHA-256 of the recipe's text
}

// OpenKeep opens a directory for bodies of at most max bytes in all, compressed
// (zero: DefaultKeepMax), and makes it if it is not there.
func OpenKeep(dir string, max int64) (*Keep, error) {
	k := &Keep{
		dir: dir, max: cmp.Or(max, DefaultKeepMax),
		known: make(map[string]kept), bodies: make(map[[32]byte]struct{}), recipes: make(map[string]struct{}),
	}
	for _, sub := range []string{"bodies", "recipes"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o700); err != nil {
			return nil, pathError(dir, err)
		}
	}
	path := filepath.Join(dir, "index.jsonl")
	err := readIndex(path, func(e entry, hash [32]byte) error {
		k.know(e, hash)
		return nil
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if k.open, err = os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600); err != nil {
		return nil, pathError(path, err)
	}
	if err := endLine(k.open); err != nil {
		k.open.Close()
		return nil, pathError(path, err)
	}
	k.zip, err = zstd.NewWriter(nil, zstd.WithWindowSize(1<<20), zstd.WithLowerEncoderMem(true))
	if err == nil {
		k.out, err = newUnpacker()
	}
	return k, err
}

// endLine ends a line that was torn.
func endLine(f *os.File) error {
	info, err := f.Stat()
	if err != nil || info.Size() == 0 {
		return err
	}
	last := make([]byte, 1)
	if _, err := f.ReadAt(last, info.Size()-1); err != nil || last[0] == '\n' {
		return err
	}
	_, err = f.Write([]byte("\n"))
	return err
}

// know takes an entry into memory. The lock is held, or not needed yet.
func (k *Keep) know(e entry, hash [32]byte) {
	k.known[e.URL] = kept{mime: e.Type, kind: e.Kind, etag: e.ETag, modified: e.Modified, hash: hash, bytes: e.Bytes, at: e.At.UnixMilli()}
	if _, ok := k.bodies[hash]; !ok {
		k.bodies[hash] = struct{}{}
		k.size += e.Size
	}
}

// find returns what is kept of url if a server can be asked whether it is
// still so.
func (k *Keep) find(url string) (kept, bool) {
	if k == nil {
		return kept{}, false
	}
	k.mu.Lock()
	e, ok := k.known[url]
	k.mu.Unlock()
	if !ok || e.etag == "" && e.modified == "" {
		return kept{}, false
	}
	if _, err := os.Stat(k.path(e.hash)); err != nil {
		k.forget(url)
		return kept{}, false
	}
	return e, true
}

// forget drops what turned out to be no body.
func (k *Keep) forget(url string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if e, ok := k.known[url]; ok {
		delete(k.known, url)
		delete(k.bodies, e.hash)
		os.Remove(k.path(e.hash)) // to be written anew
	}
}

func (k *Keep) path(hash [32]byte) string { return bodyPath(k.dir, hash) }

func bodyPath(dir string, hash [32]byte) string {
	name := hex.EncodeToString(hash[:])
	return filepath.Join(dir, "bodies", name[:2], name+".zst")
}

// put keeps an answer: its body, the recipe it was fetched for, its line.
func (k *Keep) put(e entry, body []byte, r *Recipe) {
	if k == nil {
		return
	}
	hash := sha256.Sum256(body)
	e.Hash, e.Bytes = hex.EncodeToString(hash[:]), int64(len(body))
	err := k.write(&e, hash, body, r)
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case err == errKeepFull:
		k.stats.Full++
	case err != nil:
		k.stats.Failed++
		if k.err == nil {
			k.err = err
		}
	default:
		k.stats.Kept++
		if e.Status == 304 {
			k.stats.Unchanged++
		}
		k.know(e, hash)
	}
}

var errKeepFull = errors.New("full")

func (k *Keep) write(e *entry, hash [32]byte, body []byte, r *Recipe) error {
	k.mu.Lock()
	_, have := k.bodies[hash]
	_, used := k.recipes[e.Version]
	full := k.size >= k.max
	k.mu.Unlock()
	if !have {
		if full {
			return errKeepFull
		}
		packed := k.zip.EncodeAll(body, nil)
		e.Size = int64(len(packed))
		if err := writeWhole(k.path(hash), packed); err != nil {
			return err
		}
	}
	if !used {
		if err := writeWhole(filepath.Join(k.dir, "recipes", e.Version+".yaml"), []byte(r.Text())); err != nil {
			return err
		}
		k.mu.Lock()
		k.recipes[e.Version] = struct{}{}
		k.mu.Unlock()
	}
	var line bytes.Buffer
	enc := json.NewEncoder(&line)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(e); err != nil {
		return err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	n, err := k.open.Write(line.Bytes())
	if err != nil && n > 0 { // torn: what comes next begins a line
		k.open.Write([]byte("\n"))
	}
	return err
}

// writeWhole makes a file that is there whole or not at all.
func writeWhole(path string, body []byte) error {
	if _, err := os.Stat(path); err == nil {
		return nil // named by its content
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*") // 0600
	if err != nil {
		return err
	}
	_, err = f.Write(body)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}

// An unpacker reads bodies. It is safe for use by multiple goroutines.
type unpacker struct{ *zstd.Decoder }

func newUnpacker() (unpacker, error) {
	d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecodeAllCapLimit(true))
	return unpacker{d}, err
}

// body reads a body of n bytes, most at most, and sees that it is the one that
// was kept.
func (u unpacker) body(dir string, hash [32]byte, n, most int64) ([]byte, error) {
	if n < 0 || n > most {
		return nil, faultf(engine.TooLarge, "kept body over %s", size(most))
	}
	f, err := os.Open(bodyPath(dir, hash))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	in, err := io.ReadAll(newCapped(f, n+wireOverrun, "kept body"))
	if err != nil {
		return nil, err
	}
	// No more comes out than there is room for.
	body, err := u.DecodeAll(in, make([]byte, 0, n))
	if err != nil {
		return nil, fmt.Errorf("kept body: %w", err)
	}
	if sha256.Sum256(body) != hash {
		return nil, errors.New("kept body: not what was kept")
	}
	return body, nil
}

// Stats returns what k has done so far, and the first error of writing.
func (k *Keep) Stats() (KeepStats, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.stats, k.err
}

// Close ends the writing. Nothing is waited for: what was kept is. Closing a
// nil Keep does nothing.
func (k *Keep) Close() error {
	if k == nil {
		return nil
	}
	k.out.Close()
	return errors.Join(k.zip.Close(), k.open.Close())
}

// readIndex calls each for the lines of an index, in their order, but for those
// that are none.
func readIndex(path string, each func(entry, [32]byte) error) error {
	f, err := os.Open(path)
	if err != nil {
		return pathError(path, err)
	}
	defer f.Close()
	lines := bufio.NewReaderSize(f, 64<<10)
	for {
		text, long, err := readLine(lines)
		if err != nil && err != io.EOF {
			return pathError(path, err)
		}
		last := err == io.EOF // without its newline it was torn
		if e, hash, ok := parseEntry(text); ok && !long && !last {
			if err := each(e, hash); err != nil {
				return err
			}
		}
		if last {
			return nil
		}
	}
}

func parseEntry(text string) (e entry, hash [32]byte, ok bool) {
	if json.Unmarshal([]byte(text), &e) != nil || e.URL == "" || len(e.Hash) != 2*len(hash) || strings.ContainsAny(e.Version, "/\\.") {
		return entry{}, hash, false
	}
	_, err := hex.Decode(hash[:], []byte(e.Hash))
	return e, hash, err == nil
}

// String says in one line what was done.
func (s KeepStats) String() string {
	text := plural(s.Kept, "answer") + " kept"
	if s.Unchanged > 0 {
		text += fmt.Sprintf(", %d of them unchanged", s.Unchanged)
	}
	if s.Full > 0 {
		text += fmt.Sprintf(", %d not: it is full", s.Full)
	}
	if s.Failed > 0 {
		text += fmt.Sprintf(", %d could not be written", s.Failed)
	}
	return text
}
