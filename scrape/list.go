package scrape

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"iter"
	"strings"

	"golang.org/x/net/html/charset"

	"weir/engine"
)

const (
	maxLine  = 64 << 10 // bytes of a line that are kept; a URL is at most maxURL
	maxShown = 80       // bytes of a bad line that are shown
)

// A LineError is a line of a list that is no URL. The lines after it are read
// all the same.
type LineError struct {
	Name string // of the list
	Line int    // from 1
	Text string // what stands there, cut to 80 bytes, without a password
	Err  error
}

func (e *LineError) Error() string {
	return fmt.Sprintf("%s:%d: %q: %v", e.Name, e.Line, e.Text, e.Err)
}
func (e *LineError) Unwrap() error { return e.Err }

// List reads a list of URLs, one a line, and yields their jobs in order. Blank
// lines and what follows a # at the beginning of a line or after white space
// are passed over. The list is UTF-8, or UTF-16 with a byte order mark; its
// lines end in LF or CRLF and may have any length.
//
// A line that is no URL yields a *LineError and the zero Job. If in cannot be
// read to its end, its error comes last. The sequence can be ranged over once.
func (s *Scraper) List(name string, in io.Reader) iter.Seq2[engine.Job, error] {
	return s.list(nil, name, in)
}

// ListFor is List for a batch of a recipe in use, whose rules say which of its
// URLs are one page. One that is not in use has no rules.
func (s *Scraper) ListFor(ref engine.RecipeRef, name string, in io.Reader) iter.Seq2[engine.Job, error] {
	r, err := s.recipe(ref)
	if err != nil {
		r = nil
	}
	return s.list(r, name, in)
}

func (s *Scraper) list(r *Recipe, name string, in io.Reader) iter.Seq2[engine.Job, error] {
	return func(yield func(engine.Job, error) bool) {
		lines := bufio.NewReaderSize(in, 32<<10)
		if mark, _ := lines.Peek(3); bytes.Equal(mark, utf8BOM) {
			lines.Discard(3)
		} else if coding := utf16(mark); coding != "" {
			plain, err := charset.NewReaderLabel(coding, lines)
			if err != nil {
				yield(engine.Job{}, fmt.Errorf("scrape: list %s: %w", name, err))
				return
			}
			lines = bufio.NewReaderSize(plain, 32<<10)
		}
		for n := 1; ; n++ {
			text, long, err := readLine(lines)
			if err != nil && err != io.EOF { // the line may have been longer
				yield(engine.Job{}, fmt.Errorf("scrape: list %s: line %d: %w", name, n, err))
				return
			}
			job, bad := s.line(r, text, long)
			switch {
			case bad != nil:
				bad.Name, bad.Line = name, n
				if !yield(engine.Job{}, bad) {
					return
				}
			case job.URL != "":
				if !yield(job, nil) {
					return
				}
			}
			if err != nil {
				return
			}
		}
	}
}

// utf16 names the coding that a byte order mark stands for.
func utf16(mark []byte) string {
	switch {
	case bytes.HasPrefix(mark, []byte{0xff, 0xfe}):
		return "utf-16le"
	case bytes.HasPrefix(mark, []byte{0xfe, 0xff}):
		return "utf-16be"
	}
	return ""
}

// readLine returns the next line without its end. Of a line longer than
// maxLine it returns the beginning and long.
func readLine(r *bufio.Reader) (text string, long bool, err error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		if room := maxLine - len(line); len(part) > room {
			part, long = part[:room], true
		}
		line = append(line, part...)
		if err != bufio.ErrBufferFull {
			return string(line), long, err
		}
	}
}

// line makes a job of one line. A line that holds no URL is the zero Job.
func (s *Scraper) line(r *Recipe, text string, long bool) (engine.Job, *LineError) {
	text = strings.TrimSpace(strings.TrimPrefix(text, "\ufeff")) // of UTF-16, and of lists put together
	for _, mark := range []string{" #", "\t#"} {
		text, _, _ = strings.Cut(text, mark)
	}
	text = strings.TrimSpace(text)
	switch {
	case text == "" || text[0] == '#':
		return engine.Job{}, nil
	case long:
		return engine.Job{}, &LineError{Text: clip(withoutUser(text), maxShown), Err: fmt.Errorf("longer than %s", size(maxLine))}
	}
	job, err := s.listed(text, r)
	if err != nil {
		return engine.Job{}, &LineError{Text: clip(withoutUser(text), maxShown), Err: err}
	}
	return job, nil
}

// withoutUser cuts a URL in which a user stands, perhaps with a password,
// whatever else is wrong with it.
func withoutUser(text string) string {
	scheme, rest, _ := strings.Cut(text, ":")
	if scheme == "mailto" { // an address
		return text
	}
	rest = strings.TrimLeft(rest, `/\`)
	if end := strings.IndexAny(rest, `/\?#`); end >= 0 {
		rest = rest[:end]
	}
	if strings.Contains(rest, "@") {
		return scheme + ":..."
	}
	return text
}
