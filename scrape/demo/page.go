package demo

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// A page is what stands behind a path: the same bytes for a seed, always.
type page struct {
	status   int
	ctype    string // Content-Type
	location string // of a redirect
	body     []byte
}

//go:embed pages/*.html
var files embed.FS

var templates = template.Must(template.ParseFS(files, "pages/*.html"))

// draw executes a template of ours with data of ours: that it cannot fail is
// what the tests show.
func draw(name string, data any) page {
	var out bytes.Buffer
	if err := templates.ExecuteTemplate(&out, name, data); err != nil {
		panic(fmt.Sprintf("demo: page %s: %v", name, err))
	}
	return page{status: http.StatusOK, ctype: "text/html; charset=utf-8", body: out.Bytes()}
}

// note draws a page that says one thing.
func (h *host) note(status int, title, text string) page {
	p := draw("note.html", struct{ Org, Title, Text string }{h.org, title, text})
	p.status = status
	return p
}

func (h *host) missing() page {
	return h.note(http.StatusNotFound, "Not here", "There is no such page.")
}

// redirect returns where a path leads on to, and whether on another host.
func redirect(path string) (to string, elsewhere, ok bool) {
	switch first, n := split(path); {
	case n == 0:
	case first == "go":
		return "/a/" + strconv.Itoa(n), false, true
	case first == "moved":
		return "/a/" + strconv.Itoa(n), true, true
	case first == "loop":
		return "/loop/" + strconv.Itoa(1+n%2), false, true
	}
	return "", false, false
}

// split takes a path like /staff/12 apart; n is 0 if no number from 1 follows.
func split(path string) (first string, n int) {
	first, rest, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	n, err := strconv.Atoi(rest)
	if err != nil || n < 1 || strconv.Itoa(n) != rest {
		return first, 0
	}
	return first, n
}

// page returns what stands behind u. base and other are scheme and authority
// of the host and of the one that some of its pages moved to.
func (h *host) page(u *url.URL, base, other string, bare bool) page {
	if to, elsewhere, ok := redirect(u.Path); ok {
		if elsewhere {
			to = other + to
		}
		return page{status: http.StatusMovedPermanently, location: to}
	}
	switch first, n := split(u.Path); {
	case u.Path == "/":
		return h.index(base)
	case u.Path == "/robots.txt" && h.robots != robotsNone:
		return page{status: http.StatusOK, ctype: "text/plain; charset=utf-8", body: []byte(h.robots)}
	case u.Path == "/ocs":
		return h.gridPage(u.Query())
	case u.Path == "/files/rota.pdf":
		return page{status: http.StatusOK, ctype: "application/pdf", body: []byte("%PDF-1.4\n%\xe2\xe3\xcf\xd3\n% no page can be read from this\n%%EOF\n")}
	case first == "private":
		return h.note(http.StatusOK, "For the ward only", "robots.txt asks that programs do not read this.")
	case first == "schedule":
		if m, ok := parseMonth(strings.TrimPrefix(u.Path, "/schedule/")); ok {
			return h.schedulePage(m, base, bare)
		}
	case first == "staff" && 0 < n && n <= staffSize:
		return h.staffPage(n, base)
	case first == "a" && 0 < n && n <= articles:
		return h.articlePage(n, base)
	}
	return h.missing()
}

// index draws the way in: a link for each kind of page.
func (h *host) index(base string) page {
	type link struct{ Path, Text string }
	return draw("index.html", struct {
		Org, Base string
		Links     []link
	}{h.org, base, []link{
		{"/schedule/" + firstListed.String(), "Schedule"},
		{h.gridPath(0), "On-call grid"},
		{"/staff/1", "Staff"},
		{"/a/1", "Archive"},
	}})
}
