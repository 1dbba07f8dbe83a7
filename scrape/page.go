package scrape

import (
	"bufio"
	"bytes"
	"io"
	"mime"
	"net/http"
	"strings"
	"sync"

	"weir/engine"
)

// maxKept is the largest body whose room is kept for the next page, in bytes.
const maxKept = 1 << 20

// pages is room for bodies that are done with when their attempt is.
var pages = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// putPage gives room back. No one may look at what is in it any more.
func putPage(room *bytes.Buffer) {
	if room.Cap() <= maxKept {
		room.Reset()
		pages.Put(room)
	}
}

// readPage returns the body of an answer, its content coding undone, and its
// type; the body is read into room. What a recipe for HTML, or for XML, cannot
// read is refused by its Content-Type before it is downloaded, or by its first
// bytes if the type says little.
func (s *Scraper) readPage(resp *http.Response, room *bytes.Buffer, xml bool) (text []byte, kind string, err error) {
	kind, sure, err := readable(resp.Header.Get("Content-Type"), xml)
	if err != nil {
		return nil, "", err
	}
	b, err := newBody(resp, s.cfg.MaxBody)
	if err != nil {
		return nil, "", err
	}
	defer b.Close()
	var in io.Reader = b
	if !sure {
		begin := bufio.NewReaderSize(b, 512)
		in = begin
		head, err := begin.Peek(512) // all that DetectContentType looks at
		if err != nil && err != io.EOF {
			return nil, "", err
		}
		kind, _, _ = strings.Cut(http.DetectContentType(head), ";")
		switch {
		case len(head) == 0:
		case xml && looksXML(head):
			kind = "application/xml"
		case xml:
			return nil, "", faultf(engine.NotHTML, "%s by its first bytes, not XML", kind)
		case kind != "text/html":
			return nil, "", faultf(engine.NotHTML, "%s by its first bytes, not HTML", kind)
		}
	}
	if n := resp.ContentLength; n > 0 && n <= maxKept {
		room.Grow(int(n) + bytes.MinRead) // so that it need not grow to see the end
	}
	_, err = room.ReadFrom(in)
	return room.Bytes(), kind, err
}

// readable returns the media type of a Content-Type and whether it surely is
// one of a page, of XML or HTML; an error if it surely is not.
func readable(value string, xml bool) (media string, sure bool, err error) {
	media, _, err = mime.ParseMediaType(value)
	if err != nil && media == "" { // such as "text/html; charset"
		media, _, _ = strings.Cut(value, ";")
		media = strings.ToLower(strings.TrimSpace(media))
	}
	switch {
	case !xml:
	case isXML(media):
		return media, true, nil
	case mayBeXML(media):
		return media, false, nil
	default:
		return "", false, faultf(engine.NotHTML, "%s, not XML", clip(media, maxShown))
	}
	switch media {
	case "text/html", "application/xhtml+xml":
		return media, true, nil
	case "", "text/plain", "text/xml", "application/xml", "application/octet-stream", "unknown/unknown":
		return media, false, nil
	}
	return "", false, faultf(engine.NotHTML, "%s, not HTML", clip(media, maxShown))
}
