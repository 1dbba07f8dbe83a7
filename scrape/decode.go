package scrape

import (
	"bufio"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"

	"weir/engine"
)

// acceptEncoding lists what decoder undoes (RFC 9110, section 12.5.3).
const acceptEncoding = "gzip, br, zstd, deflate"

// maxWindow is the largest zstd window that a decoder must support for HTTP,
// and the most that is given to one here (RFC 9659). In bytes.
const maxWindow = 8 << 20

// coding returns the one content coding of an answer, "" for none. More than
// one is refused: it is how small answers become very large.
func coding(h http.Header) (string, error) {
	var found string
	for name := range strings.SplitSeq(strings.Join(h.Values("Content-Encoding"), ","), ",") {
		name = strings.ToLower(strings.TrimSpace(name))
		switch name {
		case "", "identity":
			continue
		case "x-gzip":
			name = "gzip"
		}
		if found != "" {
			return "", faultf(engine.Decode, "more than one content coding: %s, %s", found, clip(name, 20))
		}
		found = name
	}
	switch found {
	case "", "gzip", "br", "zstd", "deflate":
		return found, nil
	}
	return "", faultf(engine.Decode, "unknown content coding %q", clip(found, 20))
}

// A body is an answer's body with its content coding undone. At most max bytes
// come out of it, and no more than a little over max are read from the wire,
// however little they decode to. What is over either is class too_large, what
// is broken is class decode, and what ends early is io.ErrUnexpectedEOF.
type body struct {
	wire  *source
	plain io.Reader // *capped
	close func()
}

// newBody begins to read. It reads the coding's own header, so it can fail as
// Read does. The caller closes the answer's body as well.
func newBody(resp *http.Response, max int64) (*body, error) {
	name, err := coding(resp.Header)
	if err != nil {
		return nil, err
	}
	if name == "" && resp.ContentLength > max {
		return nil, faultf(engine.TooLarge, "body of %d bytes, over %s", resp.ContentLength, size(max))
	}
	b := &body{wire: &source{r: newCapped(resp.Body, max+wireOverrun, "body on the wire")}, close: func() {}}
	plain, err := b.decoder(name)
	if err != nil {
		return nil, b.blame(err)
	}
	b.plain = newCapped(plain, max, "body")
	return b, nil
}

func (b *body) decoder(name string) (io.Reader, error) {
	if name == "" {
		return b.wire, nil
	}
	in := bufio.NewReader(b.wire)
	head, err := in.Peek(2)
	if len(head) == 0 && err == io.EOF {
		return in, nil // coded nothing is nothing, whatever the coding's rules
	}
	switch name {
	case "gzip":
		return gzip.NewReader(in)
	case "br":
		return brotli.NewReader(in), nil
	case "zstd":
		// One coder in the caller's goroutine: no goroutines to wait for.
		d, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, err
		}
		b.close = d.Close
		return d, nil
	}
	// deflate is the zlib format (RFC 9110, section 8.4.1.2), but some servers
	// send the bare stream.
	if len(head) == 2 && head[0]&0x0f == 8 && (int(head[0])<<8|int(head[1]))%31 == 0 {
		return zlib.NewReader(in)
	}
	return flate.NewReader(in), nil
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.plain.Read(p)
	if err == nil {
		return n, nil
	}
	if err == io.EOF {
		if err := b.wire.rest(); err != nil {
			return n, err
		}
	}
	return n, b.blame(err)
}

// Close frees the decoder. It does not close the answer.
func (b *body) Close() { b.close() }

// blame tells an error of the coding from one of the wire under it.
func (b *body) blame(err error) error {
	var known *fault
	switch {
	case err == io.EOF || errors.As(err, &known):
		return err
	case b.wire.err != nil && b.wire.err != io.EOF:
		return b.wire.err
	case errors.Is(err, io.ErrUnexpectedEOF):
		return io.ErrUnexpectedEOF
	}
	return faultf(engine.Decode, "content coding: %s", clip(err.Error(), maxWords))
}

// A source remembers how the wire ended.
type source struct {
	r   io.Reader
	err error
}

func (s *source) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	if err != nil {
		s.err = err
	}
	return n, err
}

// rest reads to the end of the wire: a decoder stops where its format ends,
// and only there is it known whether the answer was whole and its connection
// can be kept.
func (s *source) rest() error {
	if s.err == nil {
		io.Copy(io.Discard, s)
	}
	if s.err == io.EOF {
		return nil
	}
	return s.err
}
