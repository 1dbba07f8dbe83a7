package ui

import (
	tea "charm.land/bubbletea/v2"
)

// A note says something in a few sentences. Any key closes it.
type note struct {
	title string
	text  []string // a paragraph each
}

func (n *note) Init() tea.Cmd { return nil }

func (n *note) Update(msg tea.Msg) (dialog, tea.Cmd) {
	if _, ok := msg.(tea.KeyPressMsg); ok {
		return nil, nil
	}
	return n, nil
}

func (n *note) View(th Theme, w, h int) string {
	w = min(w-2, 90)
	lines := []row{{drop: 2}}
	for i, text := range n.text {
		style := th.Text
		if i == 0 {
			style = th.Accent
		}
		lines = append(lines, wrap(text, style, w-4)...)
	}
	lines = append(lines, row{drop: 2}, row{text: keys(th, w-4, "any key", "closes"), drop: 1})
	return box(th, n.title, lines, w, h)
}
