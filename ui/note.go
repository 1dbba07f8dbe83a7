package ui

import (
	tea "charm.land/bubbletea/v2"
)

// A note says something in a few sentences. Any key closes it.
type note struct {
	boxed
	title string
	text  []string // a paragraph each
}

func newNote(title string, text []string) *note {
	return &note{boxed: boxed{scope: inNote}, title: title, text: text}
}

func (n *note) Init() tea.Cmd { return nil }

func (n *note) Update(msg tea.Msg) (dialog, tea.Cmd) {
	switch msg.(type) {
	case tea.KeyPressMsg, hitMsg:
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
	foot := row{text: th.Accent.Render("any key") + " closes", drop: 1, spots: []spot{{to: len("any key closes"), act: actClose}}}
	lines = append(lines, row{drop: 2}, foot)
	return n.box(th, n.title, lines, w, h)
}
