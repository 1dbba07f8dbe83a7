package scrape

import (
	"bytes"
	"mime"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/charset"
	"golang.org/x/text/encoding"
)

const (
	sniffed = 1024     // bytes of a page that its charset is guessed from (HTML, section 13.2.3.2)
	hinted  = 64 << 10 // bytes that are looked through for a hint
)

var utf8BOM = []byte("\xef\xbb\xbf")

// toUTF8 returns a page as valid UTF-8 without a byte order mark. Its charset
// is, in this order, what a byte order mark says, the Content-Type, a meta
// element, UTF-16 if every other byte is zero, UTF-8 if all of it is that, a
// hint (see there), and windows-1252.
func toUTF8(page []byte, contentType string) []byte {
	if enc := charsetOf(page, contentType); enc != encoding.Nop {
		if text, err := enc.NewDecoder().Bytes(page); err == nil {
			page = text
		}
	}
	page = bytes.TrimPrefix(page, utf8BOM)
	if !utf8.Valid(page) {
		page = bytes.ToValidUTF8(page, []byte(string(utf8.RuneError)))
	}
	return page
}

// charsetOf returns how a page is to be read; encoding.Nop means UTF-8.
func charsetOf(page []byte, contentType string) encoding.Encoding {
	enc, name, certain := charset.DetermineEncoding(page, plainType(contentType))
	if name == "windows-1252" && !certain && !metaSays1252(page) { // it says nothing
		enc = guess(page)
	} else if name == "utf-8" {
		enc = encoding.Nop
	}
	return enc
}

// guess returns the charset of a page that does not declare one.
func guess(page []byte) encoding.Encoding {
	label := wide(page)
	if label == "" {
		if utf8.Valid(page) { // package charset looked at the beginning only
			return encoding.Nop
		}
		if label = hint(page); label == "" {
			label = "windows-1252"
		}
	}
	enc, name := charset.Lookup(label)
	if name == "utf-8" {
		return encoding.Nop
	}
	return enc
}

// plainType returns a Content-Type in a form that mime.ParseMediaType takes: it
// gives up all parameters for one that is broken, or that comes twice.
func plainType(value string) string {
	if _, _, err := mime.ParseMediaType(value); err == nil {
		return value
	}
	if label := known(afterCharset(value)); label != "" {
		return "text/html; charset=" + label
	}
	return ""
}

// wide names the UTF-16 that a page without a mark is in: two ASCII characters
// begin it.
func wide(page []byte) string {
	if len(page) < 4 {
		return ""
	}
	plain := func(c byte) bool { return c > 0 && c < utf8.RuneSelf }
	switch {
	case plain(page[0]) && page[1] == 0 && plain(page[2]) && page[3] == 0:
		return "utf-16le"
	case page[0] == 0 && plain(page[1]) && page[2] == 0 && plain(page[3]):
		return "utf-16be"
	}
	return ""
}

// metaSays1252 tells a page that declares windows-1252 from one that declares
// nothing. Package charset reports both alike, but it takes what declares
// nothing and begins with UTF-8 for UTF-8.
func metaSays1252(page []byte) bool {
	head := bytes.Map(func(r rune) rune {
		if r >= utf8.RuneSelf {
			return '?'
		}
		return r
	}, page[:min(len(page), sniffed)])
	_, name, _ := charset.DetermineEncoding(append([]byte("\u00e9"), head...), "")
	return name == "windows-1252"
}

// hint returns the first charset that a meta element names in a way that is no
// declaration: too late in the page (browsers heed it all the same), inside a
// script, without the http-equiv that a content needs, or misspelt. It is asked
// only where nothing else is left but to assume windows-1252; "" is no hint.
func hint(page []byte) string {
	z := html.NewTokenizer(bytes.NewReader(page[:min(len(page), hinted)]))
	for {
		switch z.Next() {
		case html.ErrorToken:
			return ""
		case html.StartTagToken, html.SelfClosingTagToken:
			name, more := z.TagName()
			meta := string(name) == "meta"
			for meta && more {
				var key, value []byte
				key, value, more = z.TagAttr()
				label := ""
				switch string(key) {
				case "charset":
					label = known(string(value))
				case "content":
					label = known(afterCharset(string(value)))
				}
				if label != "" {
					return label
				}
			}
			z.NextIsNotRawText() // the standard's scan knows no scripts
		}
	}
}

// known returns the label that was meant, or "".
func known(label string) string {
	label = strings.Trim(label, "\"' \t\r\n\f")
	for _, l := range [...]string{label, strings.ReplaceAll(label, "_", "-")} {
		if enc, name := charset.Lookup(l); enc != nil {
			if strings.HasPrefix(name, "utf-16") {
				return "utf-8" // or it could not have been read
			}
			return name
		}
	}
	return ""
}

// afterCharset returns what follows charset= in a content or a Content-Type
// (HTML, section 2.4.1), "" if nothing does.
func afterCharset(s string) string {
	for lower := strings.ToLower(s); ; {
		i := strings.Index(lower, "charset")
		if i < 0 {
			return ""
		}
		lower = strings.TrimLeft(lower[i+len("charset"):], " \t\r\n\f")
		if lower == "" || lower[0] != '=' {
			continue
		}
		lower = strings.TrimLeft(lower[1:], " \t\r\n\f")
		if lower != "" && (lower[0] == '"' || lower[0] == '\'') {
			value, _, closed := strings.Cut(lower[1:], lower[:1])
			if !closed {
				return ""
			}
			return value
		}
		if end := strings.IndexAny(lower, "; \t\r\n\f"); end >= 0 {
			lower = lower[:end]
		}
		return lower
	}
}
