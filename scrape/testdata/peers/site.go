package main

import (
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
)

// A size is one of the two kinds of page that are compared.
type size struct {
	name  string
	rows  int // of 4 cells
	about int // bytes of a page
}

var sizes = []size{{"8k", 30, 8 << 10}, {"60k", 200, 60 << 10}}

// variants is how many different pages of a size there are.
const variants = 16

// page returns a page of a rota: navigation, a table of rows of four cells, and
// paragraphs up to its size.
func (s size) page(variant int) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Rota %d</title>\n", variant)
	b.WriteString("<link rel=\"stylesheet\" href=\"/s.css\"></head>\n<body><div id=\"nav\"><ul>")
	for i := range 8 {
		fmt.Fprintf(&b, "<li><a href=\"/ward/%d\">Ward %d</a></li>", i, i)
	}
	b.WriteString("</ul></div>\n<div id=\"main\"><h1>Rota</h1>\n<table class=\"rota\"><thead><tr><th>Date</th><th>Shift</th><th>Person</th><th>Pager</th></tr></thead><tbody>\n")
	for i := range s.rows {
		n := variant*1000 + i
		fmt.Fprintf(&b, "<tr class=\"%s\"><td class=\"date\">2025-11-%02d</td><td class=\"shift\">Early &amp; late %d</td>", []string{"odd", "even"}[i%2], 1+i%30, n%7)
		fmt.Fprintf(&b, "<td><a href=\"/person/%d\">Okafor, <b>Chidi %d</b></a></td><td class=\"pager\"> 555-%04d </td></tr>\n", n, n, n%10000)
	}
	b.WriteString("</tbody></table>\n")
	for b.Len() < s.about-40 {
		b.WriteString("<p>Swaps are agreed with the <em>charge nurse</em> before noon; see the <a href=\"/rules\">rules</a>.</p>\n")
	}
	b.WriteString("</div></body></html>\n")
	return []byte(b.String())
}

// A site serves the pages of every size out of memory, at /SIZE/NUMBER.
type site struct {
	base string
	srv  *http.Server
}

func newSite() (*site, error) {
	mux := http.NewServeMux()
	mux.HandleFunc("/robots.txt", func(w http.ResponseWriter, _ *http.Request) {
		w.Write([]byte("User-agent: *\nDisallow: /private/\n"))
	})
	for _, s := range sizes {
		var pages [variants][]byte
		for i := range pages {
			pages[i] = s.page(i)
		}
		mux.HandleFunc("/"+s.name+"/", func(w http.ResponseWriter, r *http.Request) {
			n, _ := strconv.Atoi(r.URL.Path[len(s.name)+2:])
			body := pages[n%variants]
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			w.Header().Set("Content-Length", strconv.Itoa(len(body)))
			w.Write(body)
		})
	}
	at, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &site{base: "http://" + at.Addr().String(), srv: &http.Server{Handler: mux}}
	go s.srv.Serve(at)
	return s, nil
}

// list returns n URLs of pages of a size, one a line.
func (s *site) list(size string, n int) []byte {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "%s/%s/%d\n", s.base, size, i)
	}
	return []byte(b.String())
}
