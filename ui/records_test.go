package ui

import (
	"testing"

	"weir/engine"
)

func TestCellText(t *testing.T) {
	for _, tc := range []struct {
		name string
		in   any
		want string
	}{
		{"not there", nil, unknown},
		{"blank", "", ""},
		{"text is cleaned", "a\x1b[31mb", clean("a\x1b[31mb", valueBytes)},
		{"a number to its last digit", engine.Number("-12345678901234567890.50"), "-12345678901234567890.50"},
		{"true", true, "true"},
		{"false", false, "false"},
		{"a list", []string{"a", "b"}, "a, b"},
		{"a list of numbers and what is none", []any{engine.Number("1"), "x"}, "1, x"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := cellText(tc.in); got != tc.want {
				t.Errorf("cellText(%v) = %q, want %q", tc.in, got, tc.want)
			}
		})
	}
}
