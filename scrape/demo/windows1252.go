package demo

import "strconv"

// The letters that windows-1252 has between 0x80 and 0x9f; zero: none.
// Source: the index of the WHATWG Encoding Standard.
var upper1252 = [32]rune{
	'\u20ac', 0, '\u201a', '\u0192', '\u201e', '\u2026', '\u2020', '\u2021', '\u02c6', '\u2030', '\u0160', '\u2039', '\u0152', 0, '\u017d', 0,
	0, '\u2018', '\u2019', '\u201c', '\u201d', '\u2022', '\u2013', '\u2014', '\u02dc', '\u2122', '\u0161', '\u203a', '\u0153', 0, '\u017e', '\u0178',
}

// windows1252 returns UTF-8 text in that charset. A letter that it does not
// have becomes a numeric character reference.
func windows1252(text []byte) []byte {
	out := make([]byte, 0, len(text))
	for _, c := range string(text) {
		if c < 0x80 || 0xa0 <= c && c <= 0xff {
			out = append(out, byte(c))
			continue
		}
		if b, ok := upperByte(c); ok {
			out = append(out, b)
			continue
		}
		out = append(out, "&#"...)
		out = strconv.AppendInt(out, int64(c), 10)
		out = append(out, ';')
	}
	return out
}

func upperByte(c rune) (byte, bool) {
	for i, u := range upper1252 {
		if u == c {
			return byte(0x80 + i), true
		}
	}
	return 0, false
}
