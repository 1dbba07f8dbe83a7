package ui

import (
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// This file is how a column shows a value that is a URL. The row of a table has
// a dozen cells for it, and scheme and host are what all its rows have in common.

// originOf returns scheme and host of a page, "http://one.test:80"; empty if it
// has none.
func originOf(page string) string {
	if !isLink(page) {
		return ""
	}
	host := strings.Index(page, "://") + len("://")
	if end := strings.IndexAny(page[host:], "/?#"); end >= 0 {
		return page[:host+end]
	}
	return page
}

// isLink reports whether a value is a URL and nothing else.
func isLink(s string) bool {
	return (strings.HasPrefix(s, "http://") || strings.HasPrefix(s, "https://")) && !strings.ContainsAny(s, " \t\n")
}

// linkText returns a URL as a column shows it: the path of one that leads to the
// origin of its page, else without its scheme. Any other text stays as it is.
func linkText(s, origin string) string {
	if !isLink(s) {
		return s
	}
	if path, ok := strings.CutPrefix(s, origin); ok {
		switch {
		case path == "":
			return "/"
		case path[0] == '/':
			return path
		case path[0] == '?' || path[0] == '#':
			return "/" + path
		}
	}
	return bare(s)
}

// padLink returns what linkText has made in exactly so many cells. Where even a
// host has no room, only the end stays: that tells it from the next one.
func padLink(link string, cells int) string {
	if all := width(link); all > cells && 1 < cells && cells < 16 {
		link = glyphs.More + ansi.TruncateLeft(link, all-cells+width(glyphs.More), "")
	}
	return padURL(link, cells)
}
