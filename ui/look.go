package ui

import (
	"fmt"
	"slices"
)

// A Look is what an operator has chosen of the screen. It is plain data, to be
// kept from one start to the next. The zero Look is what weir comes with.
type Look struct {
	Theme   string  `json:"theme,omitzero"`
	Results Sorting `json:"results,omitzero"`
	Hosts   Sorting `json:"hosts,omitzero"`
	Columns string  `json:"columns,omitzero"` // of Results, their names; empty: the usual ones
	Sizes   Sizes   `json:"sizes,omitzero"`
	NoMouse bool    `json:"no_mouse,omitzero"`
}

// A Sorting is the order of a panel.
type Sorting struct {
	By     string `json:"by,omitzero"` // what its heading or its title says; empty: the usual order
	Turned bool   `json:"turned,omitzero"`
}

// Sizes say how much larger panels are than usual, below zero how much smaller.
// They hold in a terminal of any size, as far as there is room.
type Sizes struct {
	Top     int `json:"top,omitzero"`     // rows of Batches and Workers
	Hosts   int `json:"hosts,omitzero"`   // rows
	Batches int `json:"batches,omitzero"` // cells, at the cost of Workers
	Details int `json:"details,omitzero"` // cells, at the cost of Hosts and Results
}

// sizeStep is how many cells a panel becomes wider at a time.
const sizeStep = 2

// resized returns the sizes with the focused panel, or the open details, larger
// or smaller by a step. What another panel has no room for is not done: then
// they are as they were.
func (m *Model) resized(a act) Sizes {
	by := m.look.Sizes
	details := m.results.open != 0
	rows, cells := 1, sizeStep
	if a == actFlatter {
		rows = -1
	}
	if a == actNarrower {
		cells = -sizeStep
	}
	switch wide := a == actWider || a == actNarrower; {
	case wide && details:
		by.Details += cells
	case wide && m.focus == batchesPanel:
		by.Batches += cells
	case wide && m.focus == workersPanel:
		by.Batches -= cells
	case wide: // the others are as wide as the screen
	case m.focus == hostsPanel:
		by.Hosts += rows
	case m.focus == resultsPanel: // what is below hosts
		by.Hosts -= rows
	default:
		by.Top += rows
	}
	was, wasDetail := m.places(details, m.look.Sizes)
	if is, detail := m.places(details, by); is == was && detail == wasDetail {
		return m.look.Sizes
	}
	return by
}

// whyNotResize says why a panel stays as large as it is.
func (m *Model) whyNotResize(a act) string {
	switch {
	case formOf(m.w, m.h) != wideForm:
		return "panels have sizes where all four are shown: from 100x28 on"
	case m.resized(a) != m.look.Sizes:
		return ""
	case m.results.open == 0 && m.focus >= hostsPanel && (a == actWider || a == actNarrower):
		return m.focus.String() + " is as wide as the screen"
	case a == actTaller, a == actWider:
		return "there is no more room"
	}
	return "it is as small as it can be"
}

// sizeMost bounds what is believed of a kept size.
const sizeMost = 1000

// known returns the look without what this screen does not know, and a line
// about each of that.
func (l Look) known() (Look, []string) {
	var lines []string
	drop := func(what, name string) {
		lines = append(lines, fmt.Sprintf("the kept screen has an unknown %s %q: not used", what, clean(name, whyBytes)))
	}
	if l.Theme != "" && !slices.Contains(ThemeNames(), l.Theme) {
		drop("theme", l.Theme)
		l.Theme = ""
	}
	if _, ok := columnOf(l.Results.By); !ok {
		drop("order of results", l.Results.By)
		l.Results = Sorting{}
	}
	if _, ok := hostSortOf(l.Hosts.By); !ok {
		drop("order of hosts", l.Hosts.By)
		l.Hosts = Sorting{}
	}
	c, unknown := parseColumns(l.Columns)
	for _, name := range unknown {
		drop("column", name)
	}
	l.Columns = c.String()
	for _, n := range []*int{&l.Sizes.Top, &l.Sizes.Hosts, &l.Sizes.Batches, &l.Sizes.Details} {
		*n = max(-sizeMost, min(*n, sizeMost))
	}
	return l, lines
}

// columnOf returns the column of results of that name, the usual one for none.
func columnOf(name string) (column, bool) {
	for c := range columns {
		if c.String() == name || name == "" {
			return c, true
		}
	}
	return 0, false
}

// hostSortOf returns the order of hosts of that name, the usual one for none.
func hostSortOf(name string) (hostSort, bool) {
	for h := range hostSorts {
		if h.String() == name || name == "" {
			return h, true
		}
	}
	return 0, false
}

// wear gives the screen a look at its start, and logs what it does not know of
// it.
func (m *Model) wear(l Look) {
	look, lines := l.known()
	for _, line := range slices.Concat(m.deps.Notes, lines) {
		m.log.add(logLine{at: m.deps.Now(), text: clean(line, 2*whyBytes)})
	}
	m.look = look
	if m.deps.Theme == "" {
		m.th = m.th.Called(look.Theme)
	}
	w := m.results.table.want
	w.by, _ = columnOf(look.Results.By)
	w.turned = look.Results.Turned
	m.results.relist(w)
	m.results.columns, _ = parseColumns(look.Columns)
	m.hosts.by, _ = hostSortOf(look.Hosts.By)
	m.hosts.turned = look.Hosts.Turned
}

// sorted notes the orders of the panels, as the operator has set them.
func (m *Model) sorted() {
	w := m.results.table.want
	m.look.Results, m.look.Hosts = Sorting{Turned: w.turned}, Sorting{Turned: m.hosts.turned}
	if w.by != 0 {
		m.look.Results.By = w.by.String()
	}
	if m.hosts.by != 0 {
		m.look.Hosts.By = m.hosts.by.String()
	}
}
