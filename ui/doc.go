// Package ui is the screen of weir: engine state in, cells out.
//
// [Run] shows a run in the terminal until the operator leaves; [Plain] writes
// it as lines. Both know the run only through [Deps]: an engine.Controller to
// watch and steer, a [Planner] that reads what was pasted, an [Exporter].
//
// One message a frame brings what changed (feed.go); the root model
// (model.go) hands it to the panels, which are components alike (component.go:
// SetSize, SetFocus, Update, View) and draw lines (batches.go, workers.go,
// hosts.go, results.go) that layout.go puts in their places. Keys are listed
// once (keys.go, and scope.go for those of dialogs): footers, help, palette and
// every sentence that names a key are made from that list, act.go and steer.go
// do what they say. Meanings become colours in theme.go, numbers become columns
// in format.go, URLs in link.go, and nothing that a page wrote is drawn before
// clean.go has seen it.
//
// Of the jobs, of which there may be millions, the screen keeps small records
// (index.go) and the list of those that are wanted (table.go, ranking.go,
// order.go, filter.go). Long lists are made beside the loop (listing.go); texts
// that are not at hand (texts.go) are read from the store when they are on the
// screen (asktexts.go), and so are results that no view has brought (older.go)
// and what recipes found (firsts.go).
//
// The details of a URL are leaves (leaf.go), drawn where they are seen: the
// time line, headers, findings.go, records.go, and the page as it was kept
// (body.go, source.go).
//
// The package starts no goroutine: what may block is a tea.Cmd. Update and
// View do no I/O and have no clock; the time is that of the last view.
package ui
