package scrape

import (
	"strings"
	"testing"
)

func TestReadValue(t *testing.T) {
	base, err := parser.Parse("https://h.test/d/p?q")
	if err != nil {
		t.Fatal(err)
	}
	const bad = "\x00" // wanted: not readable, and as it was
	for _, tc := range []struct {
		typ      valueType
		in, want string
	}{
		{typeString, "=1", "=1"},
		{typeInt, "0", "0"},
		{typeInt, "007", "7"},
		{typeInt, "-0", "0"},
		{typeInt, "+12", "12"},
		{typeInt, "-1,234,567", "-1234567"},
		{typeInt, "\u22127", "-7"},
		{typeInt, "1 234", "1234"},
		{typeInt, "1'234", "1234"},
		{typeInt, "12345678901234567890123", "12345678901234567890123"},
		{typeInt, "12,34", bad},
		{typeInt, "1234,567", bad},
		{typeInt, ",123", bad},
		{typeInt, "1,234 567", bad},
		{typeInt, "1.0", bad},
		{typeInt, "12 h", bad},
		{typeInt, "--1", bad},
		{typeInt, "١٢", bad},
		{typeInt, strings.Repeat("1", 101), bad},
		{typeFloat, "1", "1"},
		{typeFloat, "-1,234.50", "-1234.50"},
		{typeFloat, ".5", "0.5"},
		{typeFloat, "00.5", "0.5"},
		{typeFloat, "1.", bad},
		{typeFloat, "1e5", bad},
		{typeFloat, "NaN", bad},
		{typeFloat, "1,5", bad},
		{typeFloat, "1.234.567", bad},
		{typeFloat, ".", bad},
		{typeDate, "2025-11-03", "2025-11-03"},
		{typeDate, "2025-1-3", "2025-01-03"},
		{typeDate, "2025/11/03", "2025-11-03"},
		{typeDate, "3.11.2025", "2025-11-03"},
		{typeDate, "3 November 2025", "2025-11-03"},
		{typeDate, "3 nov 2025", "2025-11-03"},
		{typeDate, "3rd November, 2025", "2025-11-03"},
		{typeDate, "Nov. 3, 2025", "2025-11-03"},
		{typeDate, "03-Nov-2025", "2025-11-03"},
		{typeDate, "Mon, Nov 3, 2025", "2025-11-03"},
		{typeDate, "Monday 3 November 2025", "2025-11-03"},
		{typeDate, "Sun, Jan 10, 2016", "2016-01-10"},
		{typeDate, "2025-11-03T23:30:00-05:00", "2025-11-03"},
		{typeDate, "2025-11-03 07:00", "2025-11-03"},
		{typeDate, "2024-02-29", "2024-02-29"},
		{typeDate, "2025-02-29", bad},
		{typeDate, "Tue, Nov 3, 2025", bad},
		{typeDate, "3/4/2025", bad},
		{typeDate, "3 November", bad},
		{typeDate, "2025-13-01", bad},
		{typeDate, "Mon", bad},
		{typeDate, ",", bad},
		{typeDate, "2025-11-03 or so", bad},
		{typeTime, "07:00", "07:00"},
		{typeTime, "7:00", "07:00"},
		{typeTime, "07:00:30", "07:00:30"},
		{typeTime, "0730", "07:30"},
		{typeTime, "7:30 pm", "19:30"},
		{typeTime, "7:30p.m.", "19:30"},
		{typeTime, "7 a.m.", "07:00"},
		{typeTime, "7p", "19:00"},
		{typeTime, "12 am", "00:00"},
		{typeTime, "24:00", "24:00"},
		{typeTime, "24:01", bad},
		{typeTime, "2400", bad},
		{typeTime, "7:60", bad},
		{typeTime, "19:00-07:00", bad},
		{typeTime, "13 pm", bad},
		{typeTime, "7", bad},
		{typeTime, "a", bad},
		{typeTime, "noon", bad},
		{typeURL, "x y?a=b#c", "https://h.test/d/x%20y?a=b#c"},
		{typeURL, "//o.test", "https://o.test/"},
		{typeURL, "?", "https://h.test/d/p?"},
		{typeURL, "mailto:a@b.test", "mailto:a@b.test"},
		{typeURL, "http://[", bad},
		{typeURL, strings.Repeat("a", longestURL+1), bad},
	} {
		t.Run(string(tc.typ)+" "+tc.in[:min(len(tc.in), 30)], func(t *testing.T) {
			want, wantOK := tc.want, tc.want != bad
			if !wantOK {
				want = tc.in
			}
			if got, ok := tc.typ.read(tc.in, base); got != want || ok != wantOK {
				t.Errorf("read(%.40q) = %.40q, %v; want %.40q, %v", tc.in, got, ok, want, wantOK)
			}
		})
	}
}

// Whatever comes in: what cannot be read stays as it was, and what was read
// reads as itself.
func FuzzReadValue(f *testing.F) {
	for _, seed := range []string{"", "-1,234.50", "Mon, Nov 3rd, 2025", "7:30 p.m.", "0730", "24:00", "//a/%zz?\t#", "2025-11-03T07:00:00Z", "\u22121'234", "2.1.2006"} {
		f.Add(seed)
	}
	base, err := parser.Parse("https://h.test/d/p?q")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, in string) {
		for _, name := range valueTypes {
			typ := valueType(name)
			once, ok := typ.read(in, base)
			if !ok && once != in {
				t.Errorf("%s: %q cannot be read and became %q", typ, in, once)
			}
			if twice, again := typ.read(once, base); ok && (!again || twice != once) {
				t.Errorf("%s: %q reads as %q, and that as %q, %v", typ, in, once, twice, again)
			}
		}
	})
}
