package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime/debug"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/andybalholm/cascadia"
	"golang.org/x/net/html"
)

var (
	rowsSel   = cascadia.MustCompile("table.rota tbody tr")
	fieldSels = []struct {
		name string
		sel  cascadia.Selector
	}{
		{"date", cascadia.MustCompile("td:nth-child(1)")},
		{"shift", cascadia.MustCompile("td.shift")},
		{"person", cascadia.MustCompile("td:nth-child(3) a")},
		{"pager", cascadia.MustCompile("td:nth-child(4)")},
	}
)

// tuned is the bare loop after a day of profiling: selectors compiled once,
// without goquery's selections, a pooled body, JSON written directly, fewer
// garbage cycles.
func tuned(urls []string, workers int, out *os.File) error {
	debug.SetGCPercent(400)
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: workers, DisableCompression: true}}
	w := bufio.NewWriterSize(out, 64<<10)
	var mu sync.Mutex // guards w
	todo := make(chan string, workers)
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			var t tunedWorker
			for url := range todo {
				lines, err := t.one(client, url)
				if err != nil {
					fmt.Fprintln(os.Stderr, err)
					continue
				}
				mu.Lock()
				w.Write(lines)
				mu.Unlock()
			}
		})
	}
	for _, url := range urls {
		todo <- url
	}
	close(todo)
	wg.Wait()
	return w.Flush()
}

// A tunedWorker has the buffers of one goroutine.
type tunedWorker struct {
	body  bytes.Buffer
	text  []byte
	lines []byte
}

func (t *tunedWorker) one(client *http.Client, url string) ([]byte, error) {
	resp, err := client.Get(url)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", url, resp.Status)
	}
	t.body.Reset()
	if _, err := io.Copy(&t.body, resp.Body); err != nil {
		return nil, err
	}
	root, err := html.Parse(bytes.NewReader(t.body.Bytes()))
	if err != nil {
		return nil, err
	}
	t.lines = t.lines[:0]
	for _, row := range cascadia.QueryAll(root, rowsSel) {
		t.lines = append(t.lines, `{"_url":`...)
		t.lines = appendJSON(t.lines, []byte(url))
		for i := range fieldSels {
			f := &fieldSels[i]
			t.text = t.text[:0]
			if n := cascadia.Query(row, f.sel); n != nil {
				t.gather(n)
			}
			t.lines = append(t.lines, ',', '"')
			t.lines = append(t.lines, f.name...)
			t.lines = append(t.lines, '"', ':')
			t.lines = appendJSON(t.lines, bytes.TrimSpace(t.text))
		}
		t.lines = append(t.lines, '}', '\n')
	}
	return t.lines, nil
}

func (t *tunedWorker) gather(n *html.Node) {
	if n.Type == html.TextNode {
		t.text = append(t.text, n.Data...)
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		t.gather(c)
	}
}

func appendJSON(b, s []byte) []byte {
	b = append(b, '"')
	for _, c := range s {
		switch {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c < ' ':
			b = fmt.Appendf(b, "\\u%04x", c)
		default:
			b = append(b, c)
		}
	}
	if !utf8.Valid(s) {
		b = append(b[:0], strings.ToValidUTF8(string(b), "\ufffd")...)
	}
	return append(b, '"')
}
