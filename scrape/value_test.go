package scrape

import (
	"strings"
	"testing"
	"time"
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
		{typeDate, "Sept. 3, 2025", "2025-09-03"},
		{typeDate, "3. November 2025", "2025-11-03"},
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
		{typeStamp, "2025-11-03T07:00", "2025-11-03T07:00"},
		{typeStamp, "2025-11-03 07:00", "2025-11-03T07:00"},
		{typeStamp, "2025-11-03T07:00:30", "2025-11-03T07:00:30"},
		{typeStamp, "2025-11-03T07:00:00", "2025-11-03T07:00:00"},
		{typeStamp, "2025-11-03T07:00:30.250", "2025-11-03T07:00:30.25"},
		{typeStamp, "2025-11-03T07:00Z", "2025-11-03T07:00:00Z"},
		{typeStamp, "2025-11-03T07:00:00-05:00", "2025-11-03T07:00:00-05:00"},
		{typeStamp, "2025-11-03 07:00:00.5+0100", "2025-11-03T07:00:00.5+01:00"},
		{typeStamp, "Mon, 03 Nov 2025 07:00:00 GMT", "2025-11-03T07:00:00Z"},
		{typeStamp, "Mon, 3 Nov 2025 07:00 +0100", "2025-11-03T07:00:00+01:00"},
		{typeStamp, "03 Nov 25 07:00 EST", "2025-11-03T07:00:00-05:00"},
		{typeStamp, "01 Jan 49 00:00 UT", "2049-01-01T00:00:00Z"},
		{typeStamp, "01 Jan 50 00:00 UT", "1950-01-01T00:00:00Z"},
		{typeStamp, "01 Jan 99 00:00 UT", "1999-01-01T00:00:00Z"},
		{typeStamp, "Nov 3, 2025 at 7 pm", "2025-11-03T19:00"},
		{typeStamp, "Monday, November 3rd, 2025 7:30 p.m.", "2025-11-03T19:30"},
		{typeStamp, "7:30pm Mon 3 Nov 2025", "2025-11-03T19:30"},
		{typeStamp, "3.11.2025, 07:00", "2025-11-03T07:00"},
		{typeStamp, "2025-11-03 0700", "2025-11-03T07:00"},
		{typeStamp, "2025-11-03 07:00 UTC", "2025-11-03T07:00:00Z"},
		{typeStamp, "3 Nov 2025 07:00:15 +01:00", "2025-11-03T07:00:15+01:00"},
		{typeStamp, "31 Dec 2025 24:00", "2026-01-01T00:00"},
		{typeStamp, "31 Dec 2025 24:00 GMT", "2026-01-01T00:00:00Z"},
		{typeStamp, "2025-11-03", bad},
		{typeStamp, "3 November 2025", bad},
		{typeStamp, "November 3 2025", bad},
		{typeStamp, "07:00", bad},
		{typeStamp, "Tue, 03 Nov 2025 07:00:00 GMT", bad},
		{typeStamp, "3/4/2025 07:00", bad},
		{typeStamp, "3 Nov 2025 07:00 CET", bad},
		{typeStamp, "3 Nov 2025 25:00", bad},
		{typeStamp, "2025-02-30T07:00", bad},
		{typeStamp, "31 Dec 9999 24:00", bad},
		{typeStamp, "0000-01-01T00:00", bad},
		{typeMoney, "1,234.50 EUR", "1234.50 EUR"},
		{typeMoney, "EUR 5", "5 EUR"},
		{typeMoney, "€5", "5 EUR"},
		{typeMoney, "5 €", "5 EUR"},
		{typeMoney, "£ .50", "0.50 GBP"},
		{typeMoney, "₹1,234", "1234 INR"},
		{typeMoney, "₩1 000", "1000 KRW"},
		{typeMoney, "12 zł", "12 PLN"},
		{typeMoney, "US$3.20", "3.20 USD"},
		{typeMoney, "$5 USD", "5 USD"},
		{typeMoney, "€ 5 EUR", "5 EUR"},
		{typeMoney, "-€5", "-5 EUR"},
		{typeMoney, "€\u22125", "-5 EUR"},
		{typeMoney, "$5", bad},
		{typeMoney, "¥500", bad},
		{typeMoney, "5 kr", bad},
		{typeMoney, "5", bad},
		{typeMoney, "€", bad},
		{typeMoney, "5 eur", bad},
		{typeMoney, "5 ALLES", bad},
		{typeMoney, "5 XQQ", bad},
		{typeMoney, "€ 5 USD", bad},
		{typeMoney, "$5 EUR", bad},
		{typeMoney, "-€-5", bad},
		{typeMoney, "1.234,50 €", bad},
		{typeMoney, "12,50 €", bad},
		{typeMoney, "€5-€7", bad},
		{typeMoney, "from €5", bad},
		{typeMoney, "€5٣", bad},
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
			if got, ok := tc.typ.read(tc.in, setting{base: base}); got != want || ok != wantOK {
				t.Errorf("read(%.40q) = %.40q, %v; want %.40q, %v", tc.in, got, ok, want, wantOK)
			}
		})
	}
}

// Whatever comes in: what cannot be read stays as it was, and what was read
// reads as itself.
func FuzzReadValue(f *testing.F) {
	for _, seed := range []string{"", "-1,234.50", "Mon, Nov 3rd, 2025", "7:30 p.m.", "0730", "24:00", "//a/%zz?\t#", "2025-11-03T07:00:00Z", "\u22121'234", "2.1.2006", "Sat, 3/1", "31", "Mon, 3 Nov 25 07:00 EST", "24:00 31.12.9999", "2025-11-03T24:00Z", "-$ 1,234.50", "5 zł"} {
		f.Add(seed)
	}
	base, err := parser.Parse("https://h.test/d/p?q")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, in string) {
		march := moment{2026, time.March, 0}
		for _, set := range []setting{
			{base: base},
			{base: base, currency: "USD", dates: dateRule{order: "mdy"}},
			{base: base, currency: "JPY", dates: dateRule{order: "dmy", near: &march}},
			{dates: dateRule{order: "ymd", near: &moment{1, time.January, 1}}},
		} {
			for _, name := range valueTypes {
				typ := valueType(name)
				once, ok := typ.read(in, set)
				if !ok && once != in {
					t.Errorf("%s: %q cannot be read and became %q", typ, in, once)
				}
				if twice, again := typ.read(once, set); ok && (!again || twice != once) {
					t.Errorf("%s: %q reads as %q, and that as %q, %v", typ, in, once, twice, again)
				}
			}
		}
	})
}
