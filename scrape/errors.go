package scrape

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"weir/engine"
)

// A fault is an error whose class is known where it happens.
type fault struct {
	class engine.Class
	err   error
}

func (f *fault) Error() string { return f.err.Error() }
func (f *fault) Unwrap() error { return f.err }

func faultf(class engine.Class, format string, args ...any) error {
	return &fault{class, fmt.Errorf(format, args...)}
}

// errTimeout is the cause of an attempt's context whose time ran out.
var errTimeout = errors.New("the attempt's time ran out")

// errEnough is the cause of an attempt's context that the attempt ended itself:
// what it wanted to know it knows, and the rest is not worth waiting for.
var errEnough = errors.New("the rest of the answer is not wanted")

// dialError gives the error of a dial its class: dns, blocked, or connect.
func dialError(err error) error {
	var known *fault
	var dns *net.DNSError
	switch {
	case errors.As(err, &known):
		return known // the address policy, from inside a *net.OpError
	case errors.As(err, &dns):
		return &fault{engine.DNS, err}
	}
	return &fault{engine.Connect, err}
}

// classOf returns the class of an error between a request and its answer's
// header. body says that it came while the body was read.
func classOf(err error, body bool) engine.Class {
	var known *fault
	var op *net.OpError
	var record tls.RecordHeaderError
	switch {
	case errors.As(err, &known):
		return known.class
	case errors.As(err, &op) && op.Op == "remote error": // an alert after the handshake: TLS 1.3 asks for certificates late
		return engine.TLS
	case errors.As(err, &record): // or noise
		return engine.TLS
	case body && errors.Is(err, io.ErrUnexpectedEOF):
		return engine.Truncated
	case errors.As(err, &op), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF),
		errors.Is(err, io.ErrClosedPipe), errors.Is(err, net.ErrClosed):
		return engine.Reset
	}
	if class, ok := http2Class(err); ok {
		return class
	}
	if strings.Contains(err.Error(), "response headers exceeded") { // net/http has no type for it
		return engine.TooLarge
	}
	return engine.Protocol
}

// cutShort reports whether the status line that an error calls malformed may be
// the beginning of a good one, so that a connection that has ended explains it.
// Whatever else is malformed may be.
func cutShort(err error) bool {
	text := err.Error()
	if _, line, ok := strings.Cut(text, "malformed HTTP response "); ok {
		line = strings.Trim(line, `"`)
		return strings.HasPrefix("HTTP/1.1", line[:min(len(line), len("HTTP/1."))])
	}
	if _, status, ok := strings.Cut(text, "malformed HTTP status code "); ok {
		status = strings.Trim(status, `"`)
		return len(status) < 3 && (status == "" || allDigits(status))
	}
	return true
}

// words returns the text of an error, free of what a log reader knows anyway
// and of more than a short cut of what the server sent.
func words(err error) string {
	text := err.Error()
	for _, prefix := range []string{"scrape: ", "net/http: ", "http: ", "HTTP/1.x transport connection broken: ", "readLoopPeekFailLocked: "} {
		text = strings.TrimPrefix(text, prefix)
	}
	if text == "%!w(<nil>)" { // net/http's own slip
		text = "the server spoke before it was asked"
	}
	return clip(text, maxWords)
}
