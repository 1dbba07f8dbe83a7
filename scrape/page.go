package scrape

import (
	"bufio"
	"io"
	"mime"
	"net/http"
	"strings"

	"weir/engine"
)

// readPage returns the body of an answer, its content coding undone, and its
// type. What no recipe can read is refused by its Content-Type before it is
// downloaded, or by its first bytes if the type says little.
func (s *Scraper) readPage(resp *http.Response) (text []byte, kind string, err error) {
	kind, sure, err := readable(resp.Header.Get("Content-Type"))
	if err != nil {
		return nil, "", err
	}
	b, err := newBody(resp, s.cfg.MaxBody)
	if err != nil {
		return nil, "", err
	}
	defer b.Close()
	in := bufio.NewReader(b)
	if !sure {
		head, err := in.Peek(512) // all that DetectContentType looks at
		if err != nil && err != io.EOF {
			return nil, "", err
		}
		kind, _, _ = strings.Cut(http.DetectContentType(head), ";")
		if len(head) > 0 && kind != "text/html" {
			return nil, "", faultf(engine.NotHTML, "%s by its first bytes, not HTML", kind)
		}
	}
	text, err = io.ReadAll(in)
	return text, kind, err
}

// readable returns the media type of a Content-Type and whether it surely is
// one of a page; an error if it surely is not.
func readable(value string) (media string, sure bool, err error) {
	media, _, err = mime.ParseMediaType(value)
	if err != nil && media == "" { // such as "text/html; charset"
		media, _, _ = strings.Cut(value, ";")
		media = strings.ToLower(strings.TrimSpace(media))
	}
	switch media {
	case "text/html", "application/xhtml+xml":
		return media, true, nil
	case "", "text/plain", "text/xml", "application/xml", "application/octet-stream", "unknown/unknown":
		return media, false, nil
	}
	return "", false, faultf(engine.NotHTML, "%s, not HTML", clip(media, maxShown))
}
