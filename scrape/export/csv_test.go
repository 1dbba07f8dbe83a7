package export

import "testing"

func TestNeutral(t *testing.T) {
	for _, tc := range []struct{ name, in, want string }{
		{"text", "Okafor, Chidi", "Okafor, Chidi"},
		{"empty", "", ""},
		{"equals", "=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"},
		{"plus", "+1+1", "'+1+1"},
		{"a phone number", "+49 30 1234", "'+49 30 1234"},
		{"minus", "-1+1", "'-1+1"},
		{"at", "@SUM(A1)", "'@SUM(A1)"},
		{"after spaces", "  =1", "'  =1"},
		{"after a no-break space", "\u00a0=1", "'\u00a0=1"},
		{"after an invisible character", "\ufeff\u200b=1", "'\ufeff\u200b=1"},
		{"after a zero byte", "\x00=1", "'\x00=1"},
		{"full width", "＝1", "'＝1"},
		{"tab", "\tx", "'\tx"},
		{"carriage return", "\rx", "'\rx"},
		{"line feed", "\nx", "'\nx"},
		{"tab after a space", " \tx", "' \tx"},
		{"a plain negative number", "-12", "-12"},
		{"with decimals", "-1.50", "-1.50"},
		{"a negative number after a space is none", " -12", "' -12"},
		{"almost a number", "-1.", "'-1."},
		{"two signs", "--1", "'--1"},
		{"minus alone", "-", "'-"},
		{"an exponent", "-1e5", "'-1e5"},
		{"later in the text", "a=1", "a=1"},
		{"an apostrophe", "'=1", "'=1"},
		{"broken UTF-8", "\xff=1", "\xff=1"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := neutral(tc.in)
			if got != tc.want {
				t.Errorf("neutral(%q) = %q, want %q", tc.in, got, tc.want)
			}
			if again := neutral(got); again != got {
				t.Errorf("neutralised twice, it becomes %q", again)
			}
		})
	}
}
