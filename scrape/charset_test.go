package scrape

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestCharset(t *testing.T) {
	far := strings.Repeat(" ", 2*sniffed)
	for _, tc := range []struct{ name, kind, page, want string }{
		{name: "the header says", kind: "text/html; charset=iso-8859-2", page: "\xb9", want: "š"},
		{name: "meta says", page: "<meta charset=koi8-r>\xc1", want: "<meta charset=koi8-r>а"},
		{name: "meta says it the old way", page: `<META HTTP-EQUIV=Content-Type CONTENT="text/html; charset=shift_jis">` + "\x82\xa0", want: `<META HTTP-EQUIV=Content-Type CONTENT="text/html; charset=shift_jis">あ`},
		{name: "the header goes before meta", kind: "text/html; charset=utf-8", page: "<meta charset=koi8-r>а", want: "<meta charset=koi8-r>а"},
		{name: "a mark goes before the header", kind: "text/html; charset=koi8-r", page: "\xef\xbb\xbfа", want: "а"},
		{name: "UTF-16 with its mark", page: "\xff\xfea\x00\xe4\x00", want: "aä"},
		{name: "nothing says, all of it UTF-8", page: "ä", want: "ä"},
		{name: "nothing says, UTF-8 begins late", page: far + "ä", want: far + "ä"},
		{name: "nothing says, not UTF-8", page: "\xe4 \x96", want: "ä –"},
		{name: "nothing says, not UTF-8 late", page: "ä" + far + "\xe4", want: "ä" + far + "\ufffd"},
		{name: "meta says windows-1252 of what could be UTF-8", page: "<meta charset=windows-1252>\xc3\xa4", want: "<meta charset=windows-1252>Ã¤"},
		{name: "the header says UTF-8 of what is not", kind: "text/html; charset=utf-8", page: "a\xe4b", want: "a\ufffdb"},
		{name: "an unknown name says nothing", kind: "text/html; charset=klingon", page: "ä", want: "ä"},
		{name: "plain", page: "abc", want: "abc"},
		{name: "nothing", page: "", want: ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := string(toUTF8([]byte(tc.page), tc.kind)); got != tc.want {
				t.Errorf("toUTF8(%.40q, %q) = %.60q, want %.60q", tc.page, tc.kind, got, tc.want)
			}
		})
	}
}

// Whatever comes in, what comes out is UTF-8 without a mark, and small enough.
func FuzzCharset(f *testing.F) {
	for _, seed := range []string{"", "ä", "\xff\xfea", "\xfe\xff\xd8\x00", "<meta charset=gb18030>\x81\x30", "\xef\xbb\xbf\xef\xbb\xbf", "<meta charset=iso-2022-jp>\x1b$B"} {
		f.Add([]byte(seed), "text/html")
		f.Add([]byte(seed), "text/html; charset=big5")
	}
	f.Fuzz(func(t *testing.T, page []byte, kind string) {
		got := toUTF8(page, kind)
		if !utf8.Valid(got) {
			t.Errorf("toUTF8(%q, %q) = %q, not UTF-8", page, kind, got)
		}
		if len(got) > 4*len(page)+8 {
			t.Errorf("toUTF8 made %d bytes of %d", len(got), len(page))
		}
	})
}
