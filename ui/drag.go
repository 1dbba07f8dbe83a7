package ui

// A drag is the edge of panels that the mouse holds.
type drag uint8

const (
	dragNothing drag = iota
	dragTop          // below batches and workers
	dragHosts        // below hosts
	dragBatches      // between batches and workers
	dragDetails      // left of the details
)

// A pointer is the mouse between two of its messages.
type pointer struct {
	holds drag
	x, y  int // where it was
}

// edgeAt returns the edge of panels at a cell.
func (m *Model) edgeAt(x, y int) drag {
	if formOf(m.w, m.h) != wideForm {
		return dragNothing
	}
	details := m.results.open != 0
	panels, d := m.places(details, m.look.Sizes)
	hosts, results, workers := panels[hostsPanel], panels[resultsPanel], panels[workersPanel]
	switch {
	case details && y >= hosts.y && (x == d.x || x == d.x-1):
		return dragDetails
	case y == hosts.y || y == hosts.y-1:
		return dragTop
	case (y == results.y || y == results.y-1) && x < hosts.w:
		return dragHosts
	case y < hosts.y && (x == workers.x || x == workers.x-1):
		return dragBatches
	}
	return dragNothing
}

// dragged moves the edge that the mouse holds.
func (m *Model) dragged(x, y int) {
	by, details := m.look.Sizes, m.results.open != 0
	dx, dy := x-m.pointer.x, y-m.pointer.y
	switch m.pointer.holds {
	case dragNothing:
		return
	case dragTop:
		by.Top += dy
	case dragHosts:
		by.Hosts += dy
	case dragBatches:
		by.Batches += dx
	case dragDetails:
		by.Details -= dx
	}
	was, wasDetail := m.places(details, m.look.Sizes)
	if is, detail := m.places(details, by); is == was && detail == wasDetail {
		return // no room: the edge stays until the mouse comes back to it
	}
	m.pointer.x, m.pointer.y = x, y
	m.look.Sizes = by
	m.resize()
}
