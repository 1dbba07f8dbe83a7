package cli

import (
	"testing"
	"time"
)

func TestSize(t *testing.T) {
	for _, tc := range []struct {
		name, in string
		want     int64 // 0: refused
	}{
		{name: "binary", in: "10MiB", want: 10 << 20},
		{name: "decimal", in: "10MB", want: 10_000_000},
		{name: "either k", in: "2kB", want: 2000},
		{name: "bare bytes", in: "512", want: 512},
		{name: "a space", in: "1 GiB", want: 1 << 30},
		{name: "none", in: "0"},
		{name: "below none", in: "-1"},
		{name: "over the most", in: "2GiB"},
		{name: "over an int64", in: "99999999999999999999B"},
		{name: "overflowing product", in: "9223372036854775807MiB"},
		{name: "half", in: "1.5MiB"},
		{name: "bits", in: "10Mb"},
		{name: "unit alone", in: "MiB"},
		{name: "nothing", in: ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := parseSize(tc.in)
			if got != tc.want || (err != nil) != (tc.want == 0) {
				t.Errorf("parseSize(%q) = %d, %v; want %d", tc.in, got, err, tc.want)
			}
		})
	}
}

// What is shown as a default can be typed: the help never lies.
func FuzzShownValuesCanBeTyped(f *testing.F) {
	f.Add(int64(10<<20), int64(time.Second))
	f.Add(int64(1), int64(90*time.Minute))
	f.Add(int64(1_000_000), int64(24*time.Hour))
	f.Fuzz(func(t *testing.T, size, nanos int64) {
		if size >= 1 && size <= 1<<30 {
			if got, err := parseSize(showSize(size)); got != size {
				t.Errorf("parseSize(%q) = %d, %v; want %d", showSize(size), got, err, size)
			}
		}
		if d := time.Duration(nanos); d >= 0 && d <= longest {
			if got, err := parseInterval(showDuration(d)); got != d {
				t.Errorf("parseInterval(%q) = %v, %v; want %v", showDuration(d), got, err, d)
			}
		}
	})
}

func TestShare(t *testing.T) {
	for _, tc := range []struct {
		in   string
		want float64 // below zero: refused
	}{
		{"off", 0},
		{"1%", 0.01},
		{"50%", 0.5},
		{"100%", 1},
		{"0%", -1},
		{"101%", -1},
		{"356%", -1},
		{"-5%", -1},
		{"12.5%", -1},
		{"50", -1},
		{"0.5", -1},
		{"%", -1},
		{"", -1},
	} {
		got, err := parseShare(tc.in)
		if (err != nil) != (tc.want < 0) || err == nil && got != tc.want {
			t.Errorf("parseShare(%q) = %g, %v; want %g", tc.in, got, err, tc.want)
		}
		if err == nil && showShare(got) != tc.in {
			t.Errorf("showShare(%g) = %q, want %q", got, showShare(got), tc.in)
		}
	}
}

func TestShowDuration(t *testing.T) {
	for _, tc := range []struct {
		in   time.Duration
		want string
	}{
		{0, "0s"},
		{500 * time.Millisecond, "500ms"},
		{30 * time.Second, "30s"},
		{time.Minute, "1m"},
		{100 * time.Second, "1m40s"},
		{10 * time.Minute, "10m"},
		{2 * time.Hour, "2h"},
		{20*time.Hour + 10*time.Minute, "20h10m"},
		{time.Hour + time.Second, "1h0m1s"},
	} {
		if got := showDuration(tc.in); got != tc.want {
			t.Errorf("showDuration(%d) = %q, want %q", tc.in, got, tc.want)
		}
	}
}

func TestHeader(t *testing.T) {
	for _, tc := range []struct {
		name, in, want string // "": refused
	}{
		{name: "as typed", in: "Accept-Language: de", want: "Accept-Language: de"},
		{name: "no space", in: "X-Team:night", want: "X-Team: night"},
		{name: "a colon in the value", in: "Referer: https://one.test/", want: "Referer: https://one.test/"},
		{name: "no value", in: "X-Empty:", want: "X-Empty: "},
		{name: "no colon", in: "X-Team"},
		{name: "no name", in: ": x"},
		{name: "a second header", in: "X-A: b\r\nX-C: d"},
		{name: "a space in the name", in: "X Team: night"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := parseHeader(tc.in)
			if got != tc.want || (err != nil) != (tc.want == "") {
				t.Errorf("parseHeader(%q) = %q, %v; want %q", tc.in, got, err, tc.want)
			}
		})
	}
}

func TestAllow(t *testing.T) {
	for _, tc := range []struct{ name, in, want string }{
		{name: "range", in: "10.0.0.0/8", want: "10.0.0.0/8"},
		{name: "bits beyond the mask", in: "10.1.2.3/8", want: "10.0.0.0/8"},
		{name: "one address", in: "127.0.0.1", want: "127.0.0.1/32"},
		{name: "one of the others", in: "fd00::1", want: "fd00::1/128"},
		{name: "a name", in: "localhost", want: "invalid Prefix"},
		{name: "a zone", in: "fe80::1%eth0", want: "invalid Prefix"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := parsePrefix(tc.in)
			if got.String() != tc.want || (err == nil) != got.IsValid() {
				t.Errorf("parsePrefix(%q) = %v, %v; want %s", tc.in, got, err, tc.want)
			}
		})
	}
}

func TestAddress(t *testing.T) {
	for _, tc := range []struct{ name, in, want string }{
		{name: "as typed", in: "0.0.0.0:9090", want: "0.0.0.0:9090"},
		{name: "a name", in: "localhost:9090", want: "localhost:9090"},
		{name: "one of the others", in: "[::1]:9090", want: "[::1]:9090"},
		{name: "a port is of this machine only", in: "9090", want: "127.0.0.1:9090"},
		{name: "so it is behind a colon", in: ":9090", want: "127.0.0.1:9090"},
		{name: "any port that is free", in: "0", want: "127.0.0.1:0"},
		{name: "no port", in: "localhost"},
		{name: "no number", in: "localhost:http"},
		{name: "no port has that number", in: "65536"},
		{name: "no brackets", in: "::1"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := parseAddress(tc.in)
			if got != tc.want || (err != nil) != (tc.want == "") {
				t.Errorf("parseAddress(%q) = %q, %v; want %q", tc.in, got, err, tc.want)
			}
		})
	}
}

func TestPlainText(t *testing.T) {
	in := "a\x1b]0;t\a b\u202e\n\tc\u200bd \U000e0041é漢"
	want := "a\ufffd]0;t\ufffd b\ufffd c\ufffdd \ufffdé漢"
	if got := plainText(in); got != want {
		t.Errorf("plainText(%q) = %q, want %q", in, got, want)
	}
}
