package scrape

import (
	"bytes"
	"unicode/utf8"

	"golang.org/x/net/html/charset"
)

// sniffed is how much of a page its charset is guessed from (HTML, section
// 13.2.3.2). In bytes.
const sniffed = 1024

var utf8BOM = []byte("\xef\xbb\xbf")

// toUTF8 returns a page as valid UTF-8 without a byte order mark. Its charset
// is, in this order, what a byte order mark says, the Content-Type, a meta
// element, UTF-8 if all of it is that, and windows-1252.
func toUTF8(page []byte, contentType string) []byte {
	enc, name, certain := charset.DetermineEncoding(page, contentType)
	if name == "windows-1252" && !certain && utf8.Valid(page) && !metaSays1252(page) {
		name = "utf-8" // charset looked at the beginning only
	}
	if name != "utf-8" {
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
