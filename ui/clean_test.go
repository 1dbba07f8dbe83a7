package ui

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

func TestClean(t *testing.T) {
	for _, tc := range []struct {
		name, in string
		most     int
		want     string
	}{
		{"plain text stays", "Rota 2025-02", 100, "Rota 2025-02"},
		{"escape sequences lose what makes them one", "a\x1b[31mred\x1b[0m", 100, "a[31mred[0m"},
		{"a window title stays readable", "\x1b]0;owned\x07x", 100, "]0;ownedx"},
		{"device control and its end", "\x1bP1$r\x1b\\x\u0090q\u009c", 100, "P1$r\\xq"},
		{"escape in a C1 rune", "\u009b31mx", 100, "31mx"},
		{"escape in a C1 byte is broken UTF-8", "\x9b31mx", 100, "\uFFFD31mx"},
		{"white space is one space", " a\r\n\tb\u00a0\u2003\u2028c ", 100, "a b c"},
		{"bidirectional overrides go", "a\u202egpj.exe\u202c", 100, "agpj.exe"},
		{"zero width goes", "a\u200bb\u200dc\u2060d\ufeffe", 100, "abcde"},
		{"tag characters go", "x\U000E0041\U000E007F", 100, "x"},
		{"private use goes", "x\uE000\U000F0000", 100, "x"},
		{"selectors go", "\u2764\ufe0f x\U000E0100", 100, "\u2764 x"},
		{"letters of other scripts stay", "Dienstplan für 東京", 100, "Dienstplan für 東京"},
		{"four marks stay on one letter", "e\u0301\u0301\u0301\u0301\u0301\u0301x", 100, "e\u0301\u0301\u0301\u0301x"},
		{"a mark with nothing under it goes", "\u0301a \u0301b", 100, "a b"},
		{"a family is its first member", "\U0001F468\u200d\U0001F469\u200d\U0001F467", 100, "\U0001F468\U0001F469\U0001F467"},
		{"a flag is a question mark", "\U0001F1E9\U0001F1EA!", 100, "?!"},
		{"cut in bytes, never in a character", "aaaé", 4, "aaa…"},
		{"nothing is left", "\x1b\x07\u200b", 100, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := clean(tc.in, tc.most); got != tc.want {
				t.Errorf("clean(%q, %d) = %q, want %q", tc.in, tc.most, got, tc.want)
			}
		})
	}
}

// Whatever comes in: what comes out is printable, bounded, of one width by any
// way of counting, and clean already.
func FuzzClean(f *testing.F) {
	for _, seed := range []string{
		"plain", "\x1b]8;;http://x\x1b\\y", "\u202e\u0301\u200d", "\xff\xfe\x80", "क्षि கொ กำ", "\U0001F1E9\U0001F1EA\U0001F468\u200d\U0001F469",
		"1\ufe0f\u20e3", "\u1100\u1161\u11a8", "\u1100\u1161\u11a8\uac01", "ﷺ", "\U0001F44D\U0001F3FD", "a\u0300\u0301\u0302\u0303\u0304\u0305",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		const most = 64
		got := clean(in, most)
		if !utf8.ValidString(got) || len(got) > 3*most+len("…") {
			t.Fatalf("clean(%q) = %q: broken or %d bytes long", in, got, len(got))
		}
		marks := 0
		for _, r := range got {
			if !unicode.IsPrint(r) || ignorable(r) {
				t.Errorf("clean(%q) = %q has %U", in, got, r)
			}
			if marks++; !unicode.Is(unicode.M, r) {
				marks = 0
			}
			if marks > maxMarks {
				t.Errorf("clean(%q) = %q has more than %d marks on one character", in, got, maxMarks)
			}
		}
		if wc, cells := ansi.WcWidth.StringWidth(got), ansi.GraphemeWidth.StringWidth(got); wc != cells {
			t.Errorf("clean(%q) = %q is %d cells wide by characters and %d by clusters", in, got, wc, cells)
		}
		if strings.Contains(got, "  ") {
			t.Errorf("clean(%q) = %q has two spaces", in, got)
		}
		if again := clean(got, 4*most); again != got {
			t.Errorf("clean(%q) = %q, and clean of that is %q", in, got, again)
		}
	})
}
