package scrape_test

import (
	"bytes"
	"crypto/tls"
	"io"
	"strings"
	"testing"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"weir/scrape"
)

// An h2 is the server's end of an HTTP/2 connection on which one request came.
type h2 struct {
	*http2.Framer
	p      *peer
	stream uint32
	table  *hpack.Encoder
	out    bytes.Buffer // of table
}

// block returns header fields, name and value in turn, as HTTP/2 writes them.
func (h *h2) block(fields ...string) []byte {
	h.out.Reset()
	for i := 0; i < len(fields); i += 2 {
		h.table.WriteField(hpack.HeaderField{Name: fields[i], Value: fields[i+1]})
	}
	return bytes.Clone(h.out.Bytes())
}

// answer begins an answer with a page.
func (h *h2) answer(end bool, more ...string) error {
	return h.WriteHeaders(http2.HeadersFrameParam{
		StreamID: h.stream, EndHeaders: true, EndStream: end,
		BlockFragment: h.block(append([]string{":status", "200", "content-type", "text/html"}, more...)...),
	})
}

// over says goodbye in order and waits until the client has left.
func (h *h2) over() { h.p.hang() }

// forever does what write does until the client has had enough.
func (h *h2) forever(write func() error) {
	for range 1 << 20 {
		if write() != nil {
			return
		}
	}
}

// spoken returns a talk that shakes hands, waits for a request, and then talks.
func spoken(talk func(h *h2)) func(*peer) {
	return func(p *peer) {
		if _, err := io.ReadFull(p.in, make([]byte, len(http2.ClientPreface))); err != nil {
			return
		}
		h := &h2{Framer: http2.NewFramer(p.Conn, p.in), p: p}
		h.table = hpack.NewEncoder(&h.out)
		h.AllowIllegalWrites = true
		if h.WriteSettings() != nil {
			return
		}
		for {
			f, err := h.ReadFrame()
			if err != nil {
				return
			}
			if f.Header().Type == http2.FrameHeaders {
				h.stream = f.Header().StreamID
				talk(h)
				return
			}
		}
	}
}

// http2Faults are those that only a server of HTTP/2 knows.
func http2Faults(t *testing.T) []fault {
	a := newIssuer(t)
	secure := &tls.Config{Certificates: []tls.Certificate{a.issue(nil)}, NextProtos: []string{"h2"}}
	body := func(h *h2) { h.WriteData(h.stream, true, []byte(faultPage)) }
	silent := func(h *h2) { h.over() }
	noThing := make([]byte, 8<<10)
	list := []fault{
		{name: "as it should be", ends: "ok", talk: spoken(func(h *h2) { h.answer(false); body(h); h.over() })},
		{name: "silence after the greeting", ends: "timeout", slow: true, talk: func(p *peer) { p.hang() }},
		{name: "silence after the request", ends: "timeout", slow: true, talk: spoken(silent)},
		{name: "silence in the body", ends: "timeout", slow: true, talk: spoken(func(h *h2) { h.answer(false); h.WriteData(h.stream, false, []byte(faultPage)); h.over() })},
		{name: "silence in a frame", ends: "timeout", slow: true, talk: spoken(func(h *h2) { h.answer(false); h.p.say("\x00\x10\x00\x00\x00\x00\x00\x00\x01"); h.over() })},
		{name: "a stream that is refused", ends: "reset", talk: spoken(func(h *h2) { h.WriteRSTStream(h.stream, http2.ErrCodeRefusedStream); h.over() })},
		{name: "a stream that is cut", ends: "reset", talk: spoken(func(h *h2) {
			h.answer(false)
			h.WriteData(h.stream, false, []byte(faultPage))
			h.WriteRSTStream(h.stream, http2.ErrCodeInternal)
			h.over()
		})},
		{name: "a goodbye in place of an answer", ends: "reset", talk: spoken(func(h *h2) { h.WriteGoAway(0, http2.ErrCodeNo, nil); h.over() })},
		{name: "a goodbye with 16 KiB of words", ends: "reset or protocol", talk: spoken(func(h *h2) {
			h.WriteGoAway(0, http2.ErrCodeEnhanceYourCalm, bytes.Repeat([]byte("\x1b[31m"), 3200))
			h.over()
		})},
		{name: "closed in place of an answer", ends: "reset", talk: spoken(func(h *h2) {})},
		{name: "closed in the body", ends: "truncated or reset", talk: spoken(func(h *h2) { h.answer(false); h.WriteData(h.stream, false, []byte(faultPage)) })},
		{name: "a body without end", ends: "too_large", talk: spoken(func(h *h2) {
			if h.answer(false) == nil {
				h.forever(func() error { return h.WriteData(h.stream, false, noThing) })
			}
		})},
		{name: "a body beyond the window", ends: "too_large", talk: spoken(func(h *h2) {
			h.answer(false)
			for range 600 {
				if h.WriteData(h.stream, false, noThing) != nil {
					return
				}
			}
			h.over()
		})},
		{name: "empty pieces of a body without end", ends: "too_large", talk: spoken(func(h *h2) {
			if h.answer(false) == nil {
				h.forever(func() error { return h.WriteData(h.stream, false, nil) })
			}
		})},
		{name: "settings without end", ends: "too_large", talk: spoken(func(h *h2) { h.forever(func() error { return h.WriteSettings() }) })},
		{name: "pings without end", ends: "too_large", talk: spoken(func(h *h2) { h.forever(func() error { return h.WritePing(false, [8]byte{}) }) })},
		{name: "frames of no kind without end", ends: "too_large", talk: spoken(func(h *h2) { h.forever(func() error { return h.WriteRawFrame(0x42, 0, 0, noThing) }) })},
		{name: "window updates without end", ends: "too_large", talk: spoken(func(h *h2) { h.forever(func() error { return h.WriteWindowUpdate(h.stream, 1) }) })},
		{name: "a window beyond all bounds", ends: "protocol", talk: spoken(func(h *h2) { h.WriteWindowUpdate(0, 1<<31-1); h.over() })},
		{name: "a frame longer than was agreed", ends: "protocol", talk: spoken(func(h *h2) { h.p.say("\xff\xff\xff\x00\x00\x00\x00\x00\x01", string(noThing)); h.over() })},
		{name: "a header that goes on without end", ends: "protocol or too_large", talk: spoken(func(h *h2) {
			h.WriteHeaders(http2.HeadersFrameParam{StreamID: h.stream, BlockFragment: h.block(":status", "200")})
			h.forever(func() error { return h.WriteContinuation(h.stream, false, h.block("x-more", "and more")) })
		})},
		{name: "a header that goes on with nothing", ends: "too_large or protocol", talk: spoken(func(h *h2) {
			h.WriteHeaders(http2.HeadersFrameParam{StreamID: h.stream, BlockFragment: h.block(":status", "200")})
			h.forever(func() error { return h.WriteContinuation(h.stream, false, nil) })
		})},
		{name: "a trailer that is a bomb", ends: "empty", talk: spoken(func(h *h2) {
			h.answer(false, "x-long", strings.Repeat("x", 3000))
			h.WriteHeaders(http2.HeadersFrameParam{StreamID: h.stream, EndHeaders: true, EndStream: true, BlockFragment: bytes.Repeat([]byte{0x80 | 62}, 16000)})
			h.over()
		})},
		{name: "an answer's header that is a bomb", ends: "too_large", talk: spoken(func(h *h2) {
			first := h.block(":status", "200", "x-long", strings.Repeat("x", 3000))
			h.WriteHeaders(http2.HeadersFrameParam{StreamID: h.stream, EndHeaders: true, EndStream: true, BlockFragment: append(first, bytes.Repeat([]byte{0x80 | 62}, 12000)...)})
			h.over()
		})},
		{name: "a header that cannot be read", ends: "protocol", talk: spoken(func(h *h2) {
			h.WriteHeaders(http2.HeadersFrameParam{StreamID: h.stream, EndHeaders: true, BlockFragment: []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}})
			h.over()
		})},
		{name: "an answer without a status", ends: "protocol", talk: spoken(func(h *h2) {
			h.WriteHeaders(http2.HeadersFrameParam{StreamID: h.stream, EndHeaders: true, EndStream: true, BlockFragment: h.block("content-type", "text/html")})
			h.over()
		})},
		{name: "line ends in a header field", ends: "protocol", talk: spoken(func(h *h2) { h.answer(false, "x-evil", "a\r\nb: c"); body(h); h.over() })},
		{name: "early hints without end", ends: "too_large", talk: spoken(func(h *h2) {
			h.forever(func() error {
				return h.WriteHeaders(http2.HeadersFrameParam{StreamID: h.stream, EndHeaders: true, BlockFragment: h.block(":status", "103")})
			})
		})},
		{name: "a page that nobody asked for", ends: "protocol", talk: spoken(func(h *h2) {
			h.WritePushPromise(http2.PushPromiseParam{StreamID: h.stream, PromiseID: 2, EndHeaders: true, BlockFragment: h.block(":method", "GET")})
			h.over()
		})},
		{name: "an answer to another request", ends: "timeout", slow: true, talk: spoken(func(h *h2) { h.stream = 99; h.answer(true); h.over() })},
		{name: "a body before its header", ends: "protocol", talk: spoken(func(h *h2) { body(h); h.over() })},
		{name: "less than the length", ends: "truncated", talk: spoken(func(h *h2) { h.answer(false, "content-length", "100"); body(h); h.over() })},
		{name: "more than the length", ends: "protocol", talk: spoken(func(h *h2) { h.answer(false, "content-length", "3"); body(h); h.over() })},
		{name: "a change of protocol, unasked", ends: "timeout", slow: true, talk: spoken(func(h *h2) {
			h.WriteHeaders(http2.HeadersFrameParam{StreamID: h.stream, EndHeaders: true, BlockFragment: h.block(":status", "101")})
			h.over()
		})},
	}
	for i := range list {
		f := &list[i]
		f.name = "HTTP/2: " + f.name
		f.raw, f.secure, f.memory = true, secure, 8<<20
		f.cfg = func(c *scrape.Config) { c.Roots = a.pool }
	}
	return list
}
