package scrape

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"os"
	"time"
	"unicode/utf8"

	"github.com/klauspost/compress/zstd"
)

// A KeptBody is the beginning of a body as it was kept, for somebody to look at.
type KeptBody struct {
	Type string    // Content-Type
	At   time.Time // when it was kept, or found to be unchanged
	Path string    // of its file
	Size int64     // bytes of the whole body

	Raw  []byte // its first bytes
	Text []byte // Raw as valid UTF-8, by the charset that a recipe would read it in
}

// Body reads the body that was kept last of url, which is what answered: the
// end of redirects. It returns at most so many bytes, but sees to it that the
// whole is what was kept, unless ctx ends first. kept is false if there is none.
// Errors name the file.
func (k *Keep) Body(ctx context.Context, url string, most int64) (b KeptBody, kept bool, err error) {
	k.mu.Lock()
	e, ok := k.known[url]
	k.mu.Unlock()
	if !ok {
		return KeptBody{}, false, nil
	}
	b = KeptBody{Type: e.mime, At: time.UnixMilli(e.at), Path: k.path(e.hash), Size: e.bytes}
	if b.Raw, err = readHead(ctx, b.Path, e.hash, e.bytes, most); err != nil {
		return b, true, pathError(b.Path, err)
	}
	whole := b.Raw
	if int64(len(whole)) < e.bytes {
		whole = whole[:len(whole)-cutRune(whole)]
	}
	b.Text = decode(whole, e.mime, isXML(e.kind) || mayBeXML(e.kind) && looksXML(whole))
	return b, true, nil
}

// readHead reads the first bytes of a body of n bytes, and all of it to see that
// it is the one that was kept. It holds no more of it than it returns.
func readHead(ctx context.Context, path string, hash [32]byte, n, most int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	// One at a time, so that no goroutine is left behind.
	d, err := zstd.NewReader(f, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
	if err != nil {
		return nil, err
	}
	defer d.Close()
	sum := sha256.New()
	all := io.TeeReader(io.LimitReader(untilDone{ctx, d}, n+1), sum) // one more tells that it is another
	head, err := io.ReadAll(io.LimitReader(all, min(n, most)))
	if err != nil {
		return nil, err
	}
	if _, err := io.Copy(io.Discard, all); err != nil {
		return nil, err
	}
	if [32]byte(sum.Sum(nil)) != hash {
		return nil, errors.New("not what was kept")
	}
	return head, nil
}

// untilDone reads until its context ends.
type untilDone struct {
	ctx context.Context // of the one call that reads
	r   io.Reader
}

func (u untilDone) Read(p []byte) (int, error) {
	if u.ctx.Err() != nil {
		return 0, context.Cause(u.ctx)
	}
	return u.r.Read(p)
}

// cutRune returns how many bytes at the end of text are the beginning of a
// character of UTF-8 that was cut.
func cutRune(text []byte) int {
	for n := 1; n < utf8.UTFMax && n <= len(text); n++ {
		if c := text[len(text)-n]; utf8.RuneStart(c) {
			if c >= utf8.RuneSelf && !utf8.FullRune(text[len(text)-n:]) {
				return n
			}
			return 0
		}
	}
	return 0
}
