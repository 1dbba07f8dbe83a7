package ui

import (
	"context"
	"fmt"
	"mime"
	"net/http"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"weir/engine"
)

const (
	// bodyMost is how many bytes of a body are read and shown.
	bodyMost = 1 << 20

	// hexMost is how many are shown of one that is no text.
	hexMost = 4 << 10
)

// A keptBody is what the details show of a body.
type keptBody struct {
	num  uint64 // of the result that it was asked for
	leaf leaf   // nil: it is being read
}

// bodyMsg brings a body.
type bodyMsg struct {
	id   engine.JobID
	body keptBody
}

// askBody reads the body of the page if it is to be shown and has not been
// asked for.
func (d *detail) askBody() tea.Cmd {
	if d.part != bodyPart || d.bodies == nil || d.result == nil || d.body.num == d.result.Num {
		return nil
	}
	id, num, bodies, r := d.row.id, d.result.Num, d.bodies, d.result
	d.body, d.at = keptBody{num: num}, lineAt{}
	return d.call(func(ctx context.Context) tea.Msg {
		l := readBody(ctx, bodies, r)
		return bodyMsg{id, keptBody{num, l}}
	})
}

// readBody returns the body of a page as a leaf, or why there is none. It does
// I/O and takes time for a large one.
func readBody(ctx context.Context, bodies Bodies, r *fetched) leaf {
	b, kept, err := bodies.Body(ctx, r.page, bodyMost)
	switch {
	case err != nil:
		return told{words: []string{clean(err.Error(), urlBytes)}, bad: true}
	case !kept && r.Status == 0:
		return told{words: []string{"no body of this page is kept: no answer came"}}
	case !kept:
		return told{words: []string{"no body of this page is kept: those are of pages that a recipe could read"}}
	}
	title := titleOf(b, r)
	switch {
	case b.Size == 0:
		title.note = "it is empty"
		return &source{title: title}
	case !textual(b):
		title.note = "no text: its first bytes"
		return &hexView{title, b.Raw[:min(len(b.Raw), hexMost)]}
	}
	s := newSource(string(b.Text))
	s.title = title
	return s
}

// A bodyTitle is the lines above a body.
type bodyTitle struct {
	facts []string // most important first
	note  string
}

// titleOf says what a body is, how large, when it was kept, and how much of it
// is shown.
func titleOf(b Body, r *fetched) bodyTitle {
	var t bodyTitle
	at := b.At.Local()
	when := at.Format(time.TimeOnly)
	if y, m, day := at.Date(); !r.FetchedAt.IsZero() {
		if fy, fm, fday := r.FetchedAt.Local().Date(); y != fy || m != fm || day != fday {
			when = at.Format(time.DateTime)
		}
	}
	if n := int64(len(b.Raw)); n < b.Size {
		t.facts = append(t.facts, "first "+size(n)+" of "+size(b.Size))
	} else {
		t.facts = append(t.facts, size(b.Size))
	}
	if kind := clean(b.Type, whyBytes); kind != "" {
		t.facts = append(t.facts, kind)
	}
	t.facts = append(t.facts, "kept "+when)
	if began := r.FetchedAt.Truncate(time.Millisecond); b.At.Before(began) { // as exactly as that is kept
		t.facts[len(t.facts)-1] += ": not by this attempt"
	}
	return t
}

func (t bodyTitle) lines(th Theme, w int) []string {
	if t.facts == nil {
		return nil
	}
	lines := []string{th.Muted.Render(joined(t.facts, w))}
	if t.note != "" {
		lines = append(lines, th.Muted.Render(cut(t.note, w)))
	}
	return lines
}

// joined writes parts in w cells. Those that do not fit are dropped whole, from
// the end.
func joined(parts []string, w int) string {
	for n := len(parts); n > 0; n-- {
		if text := strings.Join(parts[:n], " "+glyphs.Dot+" "); n == 1 || width(text) <= w {
			return cut(text, w)
		}
	}
	return ""
}

// textual tells text by its first bytes, as browsers do, and where these say
// nothing by what the server says.
func textual(b Body) bool {
	sniffed := http.DetectContentType(b.Raw)
	if strings.HasPrefix(sniffed, "text/") {
		return true
	}
	kind, _, _ := mime.ParseMediaType(b.Type)
	says := strings.HasPrefix(kind, "text/") || strings.HasSuffix(kind, "json") || strings.HasSuffix(kind, "xml") || strings.HasSuffix(kind, "javascript")
	return says && sniffed == "application/octet-stream"
}

// A told is sentences as a leaf, each in lines of its own.
type told struct {
	words []string
	bad   bool // something went wrong
}

func (l told) head(Theme, int) []string { return nil }
func (l told) count() int               { return len(l.words) }
func (l told) rows(i, w int) int        { return rowsOf(l.words[i], w) }

func (l told) draw(lines []string, th Theme, i, from, end, w int) []string {
	style := th.Muted
	if l.bad {
		style = th.Bad
	}
	for _, text := range folded(l.words[i], w)[from:end] {
		lines = append(lines, style.Render(text))
	}
	return lines
}

// A hexView is bytes as a leaf: sixteen to a block, and eight to a line where there
// is no room for more.
type hexView struct {
	title bodyTitle
	raw   []byte
}

const (
	hexBlock = 16
	hexWide  = 8 + 2 + 3*hexBlock + 1 + hexBlock // cells of a line of sixteen
)

// per returns how many bytes stand on a line.
func (h *hexView) per(w int) int {
	for n := hexBlock; n > 2; n /= 2 {
		if hexWide-(hexBlock-n)*4 <= w {
			return n
		}
	}
	return 2
}

func (h *hexView) head(th Theme, w int) []string { return h.title.lines(th, w) }
func (h *hexView) count() int                    { return (len(h.raw) + hexBlock - 1) / hexBlock }

func (h *hexView) rows(i, w int) int {
	n := h.per(w)
	return (len(h.block(i)) + n - 1) / n
}

func (h *hexView) block(i int) []byte {
	return h.raw[i*hexBlock : min((i+1)*hexBlock, len(h.raw))]
}

func (h *hexView) draw(lines []string, th Theme, i, from, end, w int) []string {
	n := h.per(w)
	for row := from; row < end; row++ {
		block := h.block(i)
		at := row * n
		block = block[at:min(at+n, len(block))]
		l := newLine(w, false).paint(th.Muted, fmt.Sprintf("%08x  ", i*hexBlock+at))
		l.put(pad(fmt.Sprintf("% x", block), 3*n+1))
		var text strings.Builder
		for _, c := range block {
			if c < ' ' || c > '~' {
				c = '.'
			}
			text.WriteByte(c)
		}
		lines = append(lines, l.put(text.String()).end())
	}
	return lines
}
