package ui

import (
	tea "charm.land/bubbletea/v2"
)

// A note says something in a few sentences. Any key closes it; where they do not
// fit, any but those that scroll.
type note struct {
	boxed
	scroll
	title string
	text  []string // a paragraph each
}

func newNote(title string, text []string) *note {
	return &note{boxed: boxed{scope: inNote}, title: title, text: text}
}

func (n *note) Init() tea.Cmd { return nil }

func (n *note) Update(msg tea.Msg) (dialog, tea.Cmd) {
	switch msg := msg.(type) {
	case wheelMsg:
		n.move(msg.by)
	case tea.KeyPressMsg, hitMsg:
		if !n.do(n.asked(msg)) {
			return nil, nil
		}
	}
	return n, nil
}

func (n *note) View(th Theme, w, h int) string {
	w = min(w-2, 90)
	var lines []row
	for i, text := range n.text {
		style := th.Text
		if i == 0 {
			style = th.Accent
		}
		lines = append(lines, wrap(text, style, w-4)...)
	}
	from, to := n.show(len(lines), h-3) // its frame and the last line
	if n.more() {
		n.scope = inFacts
		foot := n.foot(th, w-4, hint{act: actDown, also: actUp, word: "more"}, hint{act: actClose})
		foot.drop = 1
		return n.box(th, n.title, append(lines[from:to:to], foot), w, h)
	}
	n.scope = inNote
	foot := row{text: th.Accent.Render("any key") + " closes", drop: 1, spots: []spot{{to: len("any key closes"), act: actClose}}}
	return n.box(th, n.title, append(append([]row{{drop: 2}}, lines...), row{drop: 2}, foot), w, h)
}
