package ui

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/exp/golden"
)

func unfinished() Offer {
	return Offer{Run: "7", At: noon, Left: 465, Of: 1255, Sources: "urls.txt, 3 URLs", More: 2}
}

func TestOfferView(t *testing.T) {
	for name, size := range map[string][2]int{"120x36": {120, 36}, "80x24": {80, 24}, "50x12": {50, 12}, "20x5": {20, 5}} {
		t.Run(name, func(t *testing.T) {
			m := newAsking(unfinished(), noon.Add(23*time.Hour))
			m.Update(tea.WindowSizeMsg{Width: size[0], Height: size[1]})
			view := ansi.Strip(m.View().Content)
			golden.RequireEqual(t, view)
		})
	}
}

// No line is wider than the terminal, whatever its size and whatever a list
// was called.
func TestOfferFits(t *testing.T) {
	hostile := Offer{Run: evil, Left: 1 << 40, Of: 1 << 50, Sources: evil, More: 1 << 30}
	for _, o := range []Offer{unfinished(), hostile} {
		for _, ascii := range []bool{false, true} {
			o.ASCII = ascii
			m := newAsking(o, noon)
			for w := 1; w < 90; w += 1 + w/20 {
				for _, h := range []int{1, 2, 3, 4, 5, 8, 15, 30} {
					m.Update(tea.WindowSizeMsg{Width: w, Height: h})
					view := m.View().Content
					checkSize(t, view, w, h)
					if got := strange(view, ascii); got != "" {
						t.Errorf("%q came out", got)
					}
					if t.Failed() {
						t.Fatalf("at %dx%d", w, h)
					}
				}
			}
		}
	}
}

// What is said of when a run was left.
func TestOfferWhen(t *testing.T) {
	for _, tc := range []struct {
		ago  time.Duration
		want string
	}{
		{90 * time.Second, "Run 7 was left at 12:00, 1m30s ago."},
		{-time.Hour, "Run 7 was left at 12:00, just now."}, // the clock went back
		{50 * time.Hour, "Run 7 was left on 23 Nov 2026 at 12:00, 2d02h ago."},
	} {
		m := newAsking(unfinished(), noon.Add(tc.ago))
		m.Update(tea.WindowSizeMsg{Width: 100, Height: 30})
		if got := ansi.Strip(m.View().Content); !strings.Contains(got, tc.want) {
			t.Errorf("after %v the screen says\n%s\nwant %q", tc.ago, got, tc.want)
		}
	}
}

// Every key has its answer; keys of the first 300 ms have none.
func TestOfferAsk(t *testing.T) {
	for _, tc := range []struct {
		early, late string
		want        Answer
	}{
		{"", "\r", AnswerResume},
		{"", "y", AnswerResume},
		{"", "n", AnswerNew},
		{"", "\x1b", AnswerNew},
		{"", "q", AnswerLeave},
		{"", "\x03", AnswerLeave},
		{"\r", "n", AnswerNew},
		{"q", "xj\r", AnswerResume},
	} {
		synctest.Test(t, func(t *testing.T) {
			in, keys := io.Pipe()
			defer keys.Close()
			go func() {
				time.Sleep(grace - 20*time.Millisecond)
				io.WriteString(keys, tc.early)
				time.Sleep(40 * time.Millisecond)
				io.WriteString(keys, tc.late)
			}()
			got, err := unfinished().Ask(t.Context(), tea.WithInput(in), tea.WithOutput(new(bytes.Buffer)), tea.WithWindowSize(80, 24), tea.WithoutSignalHandler())
			if got != tc.want || err != nil {
				t.Errorf("%q, then %q: answer %v, %v, want %v", tc.early, tc.late, got, err, tc.want)
			}
		})
	}
}

// A signal ends the question, and loses nothing.
func TestOfferEndsWithContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gone := errors.New("gone")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Minute, func() { cancel(gone) })
		got, err := unfinished().Ask(ctx, tea.WithInput(nil), tea.WithOutput(new(bytes.Buffer)), tea.WithWindowSize(80, 24), tea.WithoutSignalHandler())
		if got != AnswerLeave || !errors.Is(err, gone) {
			t.Errorf("answer %v, %v; want to leave, and why", got, err)
		}
	})
}
