package ui

import tea "charm.land/bubbletea/v2"

// A factsDialog tells about one thing of the run as it is in the last view:
// facts on top, and below them a list that scrolls.
type factsDialog struct {
	boxed
	scroll
	of facts
}

// facts are those of a batch or a host.
type facts interface {
	// title names what they are about; it is false if the view has that no
	// more.
	title() (name string, ok bool)
	// head draws the facts in w cells, fewer of them where there is no room
	// for all.
	head(th Theme, w int, roomy bool) []row
	// list draws the lines that scroll, and what stands above them.
	list(th Theme, w int) (heading, lines []row)
}

func newFacts(of facts) *factsDialog { return &factsDialog{boxed: boxed{scope: inFacts}, of: of} }

func (d *factsDialog) Init() tea.Cmd { return nil }

func (d *factsDialog) Update(msg tea.Msg) (dialog, tea.Cmd) {
	if wheel, ok := msg.(wheelMsg); ok {
		d.move(wheel.by)
	}
	switch a := d.asked(msg); a {
	case actClose, actInterrupt, actAccept, actBack, actQuit, actDetails:
		return nil, nil
	default:
		d.do(a)
	}
	return d, nil
}

func (d *factsDialog) View(th Theme, w, h int) string {
	name, ok := d.of.title()
	if !ok || tooSmall(w, h) {
		return ""
	}
	w = min(w-2, 96)
	roomy := h >= 15 // else the list has the room
	var blank []row
	if roomy {
		blank = []row{{drop: 3}}
	}
	rows := append(blank, d.of.head(th, w-4, roomy)...)
	heading, lines := d.of.list(th, w-4)
	rows = append(rows, heading...)
	from, to := d.show(len(lines), max(min(h, 19)-len(rows)-len(blank)-3, 1))
	rows = append(append(rows, lines[from:to]...), blank...)
	hints := []hint{{act: actClose}}
	if d.more() {
		hints = []hint{{act: actDown, also: actUp, word: "scroll"}, {act: actClose}}
	}
	foot := d.foot(th, w-4, hints...)
	foot.drop = 1
	return d.box(th, name, append(rows, foot), w, h)
}
