package ui

import (
	"testing"
	"time"
)

func TestNumbers(t *testing.T) {
	const ms, s, m, h = time.Millisecond, time.Second, time.Minute, time.Hour
	for _, tc := range []struct {
		name, got, want string
		cells           int
	}{
		{"milliseconds", duration(118 * ms), "118ms", 6},
		{"nothing", duration(0), "0ms", 6},
		{"hundredths", duration(2119 * ms), "2.11s", 6},
		{"tenths", duration(30 * s), "30.0s", 6},
		{"never 60.0s", duration(59*s + 999*ms), "59.9s", 6},
		{"minutes", duration(192 * s), "3m12s", 6},
		{"hours", duration(h + 4*m + 59*s), "1h04m", 6},
		{"days", duration(76*h + 5*m), "3d04h", 6},
		{"a year", duration(365 * 24 * h), "365d", 6},
		{"the longest there is", duration(1<<63 - 1), "9999d", 6},
		{"unknown time", duration(-1), "-", 6},

		{"a countdown in tenths", short(300 * ms), "0.3s", 6},
		{"a long countdown", short(9*m + 2*s), "9m02s", 6},
		{"whole seconds", clock(47*s + 900*ms), "47s", 6},
		{"asked in minutes", round(10 * m), "10m", 6},
		{"asked in seconds", round(10 * s), "10s", 6},
		{"asked in hours", round(2 * h), "2h", 6},
		{"asked in both", round(90 * s), "1m30s", 6},
		{"asked in days", round(48 * h), "2d", 6},
		{"long ago has no seconds", round(31*m + 12*s), "31m", 6},

		{"bytes", size(210), "210 B", 8},
		{"kilobytes", size(8149), "8.1 kB", 8},
		{"tens of them", size(22_000), "22 kB", 8},
		{"never 1000 kB", size(999_999), "1.0 MB", 8},
		{"never 10.0 kB", size(9_960), "10 kB", 8},
		{"the most there is", size(1<<63 - 1), "9.2 EB", 8},
		{"unknown size", size(-1), "-", 8},

		{"hundreds", count(812), "812", 7},
		{"thousands", count(12_345), "12,345", 7},
		{"the last before millions", count(999_999), "999,999", 7},
		{"millions", count(1_239_999), "1.23M", 7},
		{"tens of millions", count(12_399_999), "12.3M", 7},
		{"the most of them", count(uint64(1<<64 - 1)), "18.4E", 7},

		{"a rate", rate(4.93), "4.9/s", 6},
		{"no rate", rate(0), "0/s", 6},
		{"too slow for a decimal", rate(7.0 / 60), "7/min", 6},
		{"hardly any", rate(0.001), "<1/min", 6},
		{"tens", rate(99.94), "99.9/s", 6},
		{"hundreds a second", rate(100), "100/s", 6},
		{"thousands a second", rate(9949), "9.9k/s", 6},
		{"tens of thousands", rate(99_990), "100k/s", 6},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if tc.got != tc.want || width(tc.got) > tc.cells {
				t.Errorf("got %q of %d cells, want %q in at most %d", tc.got, width(tc.got), tc.want, tc.cells)
			}
		})
	}
}

// 100 percent means all.
func TestPercent(t *testing.T) {
	for _, tc := range []struct{ done, all, want int }{
		{0, 0, 0}, {0, 5, 0}, {812, 1255, 64}, {1254, 1255, 99}, {1255, 1255, 100}, {999_999_999, 1_000_000_000, 99},
	} {
		if got := percent(tc.done, tc.all); got != tc.want {
			t.Errorf("percent(%d, %d) = %d, want %d", tc.done, tc.all, got, tc.want)
		}
	}
}

// A full bar means all, as well.
func TestBar(t *testing.T) {
	for _, tc := range []struct {
		done, all int
		want      string
	}{{0, 0, "░░░░"}, {1, 5, "░░░░"}, {2, 5, "█░░░"}, {99, 100, "███░"}, {100, 100, "████"}, {7, 5, "████"}} {
		if got := glyphs.bar(tc.done, tc.all, 4); got != tc.want {
			t.Errorf("bar(%d, %d) = %q, want %q", tc.done, tc.all, got, tc.want)
		}
	}
}

func TestSpark(t *testing.T) {
	for _, tc := range []struct {
		name  string
		rates []float64
		peak  float64
		want  string
	}{
		{"nothing happens", []float64{0, 0}, 0, "▁▁"},
		{"the highest leaves room for a higher one", []float64{1, 2, 4}, 0, "▂▄▇"},
		{"against an earlier peak", []float64{1, 2, 4}, 8, "▁▂▄"},
	} {
		if got := glyphs.spark(tc.rates, tc.peak); got != tc.want {
			t.Errorf("%s: spark(%v, %v) = %q, want %q", tc.name, tc.rates, tc.peak, got, tc.want)
		}
	}
}

// Of a URL that does not fit the middle gives way, so that two pages of a site
// look different in any column.
func TestCutURL(t *testing.T) {
	for _, tc := range []struct {
		cells    int
		in, want string
	}{
		{31, "127.0.0.1:4010/schedule/2025-02", "127.0.0.1:4010/schedule/2025-02"},
		{30, "127.0.0.1:4010/schedule/2025-02", "127.0.0.1:4010/schedu…/2025-02"},
		{25, "127.0.0.1:4010/schedule/2025-02", "127.0.0.1:4010/…/2025-02"},
		{25, "127.0.0.1:4011/ocs?Lo=rv4yak&Month=11-25", "127.0.0.1:4011/…nth=11-25"},
		{22, "/ocs?Lo=rv4yak1p4m&Month=11-25", "/ocs?Lo…&Month=11-25"},
		{41, "127.0.0.1:4014/ocs?Lo=rv4yak1p4m&Month=11-25", "127.0.0.1:4014/…Lo=rv4yak1p4m&Month=11-25"},
		{30, "a-rather-long-name-of-a-host.example.org/schedule/2025-02", "a-rather-long-name-of…/2025-02"},
		{24, "one.test/\u65e5\u672c\u8a9e/\u65e5\u672c\u8a9e/\u65e5\u672c", "one.test/…/\u65e5\u672c\u8a9e/\u65e5\u672c"},
		{20, "nothing-that-has-a-separator-in-it", "nothin…parator-in-it"},
		{9, "127.0.0.1:4010/schedule/2025-02", "127.0.0.…"},
		{0, "127.0.0.1:4010/schedule/2025-02", ""},
	} {
		got := cutURL(tc.in, tc.cells)
		if got != tc.want || width(got) > tc.cells {
			t.Errorf("cutURL(%q, %d) = %q (%d cells), want %q", tc.in, tc.cells, got, width(got), tc.want)
		}
	}
	for cells := range 60 { // whatever it is made of
		for _, in := range []string{"one.test/\u65e5\u672c\u8a9e/\u65e5\u672ca\u8a9e?\u65e5", "e\u0301e\u0301.test/e\u0301/e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301"} {
			if got := padURL(in, cells); width(got) != cells {
				t.Errorf("padURL(%q, %d) is %d cells", in, cells, width(got))
			}
		}
	}
}
