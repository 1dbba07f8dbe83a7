package ui

import (
	"slices"
	"strings"

	"charm.land/bubbles/v2/key"
)

// A panel is one of the four lists of the screen; its number is its key.
type panel uint8

const (
	batchesPanel panel = 1 + iota
	workersPanel
	hostsPanel
	resultsPanel
)

var panelNames = [...]string{"", "Batches", "Workers", "Hosts", "Results"}

func (p panel) String() string { return panelNames[p] }

// An act names one thing that an operator can do.
type act uint8

const (
	actNone act = iota

	actAdd
	actCancel
	actCancelAll
	actPause
	actPauseAll
	actRetry
	actRetryAll
	actExclude
	actSlower
	actFaster
	actInterval
	actLower
	actHigher
	actMore
	actFewer
	actUndo

	actUp
	actDown
	actPageUp
	actPageDown
	actTop
	actEnd
	actPanel // 1 to 4: the key says which
	actNextPanel
	actPrevPanel
	actMark
	actMarkAll
	actOpen
	actBack
	actFilter
	actSort
	actTurn
	actShow
	actFollow
	actHost
	actBatch

	actWhy
	actWhyRun
	actDetails
	actScrollDown
	actScrollUp
	actCopy
	actCopyJSON
	actExport
	actBrowser
	actColumns
	actFreeze
	actMouse
	actTaller
	actFlatter
	actWider
	actNarrower
	actUsual
	actLog
	actTheme        // the next one
	actThemeDefault // and those that follow, in the order of themes
	actThemeHigh
	actThemeBlind
	actThemeMono
	actPalette
	actHelp
	actQuit
	actInterrupt
	actSuspend

	// In dialogs and inputs.
	actClose
	actAccept
	actYes
	actNo
	actQuitExport
	actQuitDrain
	actQuitCancel
	actColumn
	actColumnsUsual
	actNextField
	actPrevField
	actNewLine
	actRefused
	actBefore
	actAfter
	actPrevName
	actNextName
	actComplete
)

// moves reports whether an act only goes to another row or panel.
func (a act) moves() bool { return actUp <= a && a <= actPrevPanel }

// A group is a heading of the help.
type group string

const (
	groupLists group = "Lists"
	groupSteer group = "Steer"
	groupLook  group = "Look"
)

// An action is one binding: what the footer, the help and the palette know of
// an act. There is no other list of keys.
type action struct {
	act   act
	id    string      // in the configuration
	key   key.Binding // Help holds the key as it is written and its word in the footer
	fixed bool        // its keys are not to be changed
	name  string      // in the palette: an imperative of a few words
	does  string      // a sentence for the palette

	group group
	// pair and word are its entry in the help. An empty pair is told by
	// the entry before it: x and X share a line.
	pair, word string

	panels []panel // where it does something; none: everywhere
	in     scope   // the dialogs that it is for; none: the panels
}

// actMsg asks the root to do an act, as if its key had been pressed.
type actMsg struct{ act act }

// keyMap is every binding, in the order of the help; those of dialogs come last.
type keyMap []action

// find returns the action that a key pressed on a panel stands for, nil without
// one. One that does nothing there is found if no other has the key.
func (k keyMap) find(pressed string, on panel) *action {
	var elsewhere *action
	for i := range k {
		if k[i].in != onPanels || !slices.Contains(k[i].key.Keys(), pressed) {
			continue
		}
		if k[i].on(on) {
			return &k[i]
		}
		elsewhere = &k[i]
	}
	return elsewhere
}

// changes reports whether an action changes the run: somebody who only watches
// it cannot do that.
func (a *action) changes() bool { return a.group == groupSteer }

// on reports whether an action does something on a panel.
func (a *action) on(p panel) bool { return len(a.panels) == 0 || slices.Contains(a.panels, p) }

// shown returns the keys of acts as they are written, with sep between them.
// Acts without a key are left out.
func (k keyMap) shown(sep string, acts ...act) string {
	var keys []string
	for _, a := range acts {
		if key := k.of(a).key.Help().Key; key != "" {
			keys = append(keys, key)
		}
	}
	return strings.Join(keys, sep)
}

// say returns text with the keys of acts in the places of its %s. It is empty if
// one of them has no key: there is nothing to say then.
func (k keyMap) say(text string, acts ...act) string {
	for _, a := range acts {
		key := k.of(a).key.Help().Key
		if key == "" {
			return ""
		}
		text = strings.Replace(text, "%s", key, 1)
	}
	return text
}

// capitals reports whether, of the actions on what is selected, a capital is the
// key of the same on everything.
func (k keyMap) capitals() bool {
	for one, all := range map[act]act{actCancel: actCancelAll, actPause: actPauseAll, actRetry: actRetryAll} {
		if k.shown("", all) != strings.ToUpper(k.shown("", one)) {
			return false
		}
	}
	return true
}

// watching returns the keys without those of actions that change the run.
func (k keyMap) watching() keyMap {
	k = slices.Clone(k)
	for i := range k {
		if k[i].changes() {
			k[i].key = key.NewBinding()
		}
	}
	return k
}

// of returns the action of an act. Every act has one.
func (k keyMap) of(a act) *action {
	for i := range k {
		if k[i].act == a {
			return &k[i]
		}
	}
	return &action{act: a}
}

func bind(shown, word string, keys ...string) key.Binding {
	return key.NewBinding(key.WithKeys(keys...), key.WithHelp(shown, word))
}

var (
	onRows    = []panel{workersPanel, hostsPanel, resultsPanel}
	onResults = []panel{resultsPanel}
	onSorted  = []panel{hostsPanel, resultsPanel}
)

// newKeys returns the bindings of SCREEN: a lower case key acts on what is
// selected or marked, a capital on everything.
func newKeys() keyMap {
	return keyMap{
		{act: actUp, id: "up", key: bind("k", "up", "k", "up"), name: "up", does: "move the cursor up", group: groupLists, pair: "j k ↑ ↓", word: "move"},
		{act: actDown, id: "down", key: bind("j", "down", "j", "down"), name: "down", does: "move the cursor down", group: groupLists},
		{act: actTop, id: "top", key: bind("g", "top", "g", "home"), name: "top", does: "go to the first row", group: groupLists, pair: "g G", word: "top, end"},
		{act: actEnd, id: "end", key: bind("G", "end", "G", "end"), name: "end", does: "go to the last row", group: groupLists},
		{act: actPageUp, id: "page-up", key: bind("pgup", "page up", "pgup", "ctrl+b"), name: "page up", does: "one screen up", group: groupLists, pair: "pgup pgdn", word: "page"},
		{act: actPageDown, id: "page-down", key: bind("pgdn", "page down", "pgdown", "ctrl+f"), name: "page down", does: "one screen down", group: groupLists},
		{act: actNextPanel, id: "next-panel", key: bind("tab", "panel", "tab", "right"), name: "next panel", does: "go to the next panel", group: groupLists, pair: "tab 1-4", word: "panel"},
		{act: actPrevPanel, id: "previous-panel", key: bind("shift+tab", "panel", "shift+tab", "left"), name: "previous panel", does: "go to the panel before", group: groupLists},
		{act: actPanel, id: "panel", key: bind("1-4", "panel", "1", "2", "3", "4"), fixed: true, name: "panel by number", does: "1 batches, 2 workers, 3 hosts, 4 results", group: groupLists},
		{act: actMark, id: "mark", key: bind("space", "mark", "space"), name: "mark", does: "for actions on several rows at once", group: groupLists, pair: "space", word: "mark", panels: onResults},
		{act: actMarkAll, id: "mark-all", key: bind("*", "mark all", "*"), name: "mark all shown", does: "mark every row that the filter shows", group: groupLists, pair: "*", word: "mark all shown", panels: onResults},
		{act: actOpen, id: "open", key: bind("enter", "open", "enter"), name: "open", does: "a result's details; the results of a batch, host or worker", group: groupLists, pair: "enter", word: "open"},
		{act: actBack, id: "back", key: bind("esc", "back", "esc"), name: "back", does: "close details, drop the marks, clear the filter", group: groupLists, pair: "esc", word: "back"},
		{act: actFilter, id: "filter", key: bind("/", "filter", "/"), name: "filter results", does: "by text, outcome:failed code:5xx host: batch: class:", group: groupLists, pair: "/", word: "filter"},
		{act: actSort, id: "sort", key: bind("s", "sort", "s"), name: "sort by the next column", does: "sort by the next column", group: groupLists, pair: "s S", word: "sort, turn", panels: onSorted},
		{act: actTurn, id: "turn", key: bind("S", "turn", "S"), name: "turn the order", does: "sort the other way round", group: groupLists, panels: onSorted},
		{act: actFollow, id: "follow", key: bind("f", "follow", "f"), name: "follow the newest", does: "back to the newest result, and stay there", group: groupLists, pair: "f", word: "follow", panels: onResults},
		{act: actShow, id: "show", key: bind("v", "ended, waiting, all", "v"), name: "show ended, waiting or all", does: "what Results shows: jobs that ended, that wait, or all", group: groupLists, pair: "v", word: "ended, waiting", panels: onResults},
		{act: actHost, id: "host", key: bind("h", "its host", "h"), name: "to its host", does: "to the row's host on panel 3", group: groupLists, pair: "h b", word: "its host, batch", panels: []panel{workersPanel, resultsPanel}},
		{act: actBatch, id: "batch", key: bind("b", "its batch", "b"), name: "to its batch", does: "to the row's batch on panel 1", group: groupLists, panels: []panel{workersPanel, resultsPanel}},

		{act: actAdd, id: "add", key: bind("a", "add", "a"), name: "add a batch", does: "paste or type URLs, name a file, or a range of months", group: groupSteer, pair: "a", word: "add"},
		{act: actCancel, id: "cancel", key: bind("x", "cancel", "x"), name: "cancel selected", does: "the batch, the host's jobs or the URL; undo brings them back", group: groupSteer, pair: "x X", word: "cancel"},
		{act: actCancelAll, id: "cancel-all", key: bind("X", "cancel all", "X"), name: "cancel the run", does: "every job that has not ended; undo brings them back", group: groupSteer},
		{act: actPause, id: "pause", key: bind("p", "pause", "p"), name: "pause or resume selected", does: "the batch, host or URLs; a host that cannot be reached is probed", group: groupSteer, pair: "p P", word: "pause"},
		{act: actPauseAll, id: "pause-all", key: bind("P", "pause all", "P"), name: "pause or resume the run", does: "no new request starts; what is in flight ends", group: groupSteer},
		{act: actRetry, id: "retry", key: bind("r", "retry", "r"), name: "retry selected", does: "what failed or came back empty", group: groupSteer, pair: "r R", word: "retry"},
		{act: actRetryAll, id: "retry-all", key: bind("R", "retry all", "R"), name: "retry all failed and empty", does: "of the whole run", group: groupSteer},
		{act: actSlower, id: "slower", key: bind("<", "slower", "<", "["), name: "host slower", does: "the next longer interval", group: groupSteer, pair: "< >", word: "slower, faster (host)"},
		{act: actFaster, id: "faster", key: bind(">", "faster", ">", "]"), name: "host faster", does: "the next shorter interval", group: groupSteer},
		{act: actInterval, id: "interval", key: bind("=", "interval", "="), name: "set the interval", does: "type the time between two requests to the host", group: groupSteer, pair: "=", word: "type its interval"},
		{act: actLower, id: "priority-down", key: bind("(", "priority down", "("), name: "lower the priority", does: "of the batch", group: groupSteer, pair: "( )", word: "priority"},
		{act: actHigher, id: "priority-up", key: bind(")", "priority up", ")"), name: "raise the priority", does: "of the batch", group: groupSteer},
		{act: actMore, id: "worker-more", key: bind("+", "worker more", "+"), name: "one worker more", does: "at once", group: groupSteer, pair: "+ -", word: "workers"},
		{act: actFewer, id: "worker-fewer", key: bind("-", "worker fewer", "-"), name: "one worker fewer", does: "its request in flight is not cut", group: groupSteer},
		{act: actUndo, id: "undo", key: bind("u", "undo", "u", "z", "ctrl+_"), name: "undo", does: "take back the last change", group: groupSteer, pair: "u", word: "undo"},
		{act: actExclude, id: "exclude", key: bind("E", "exclude", "E"), name: "exclude waiting URLs", does: "by a pattern, of the run or on panel 1 of the batch; shows how many first", group: groupSteer, pair: "E", word: "exclude"},

		{act: actWhy, id: "why", key: bind("w", "why", "w"), name: "why the row waits", does: "why the selected row waits or ended so", group: groupLook, pair: "w W", word: "why"},
		{act: actWhyRun, id: "why-run", key: bind("W", "why the run", "W"), name: "why the run waits", does: "what limits the run now, with numbers", group: groupLook},
		{act: actDetails, id: "details", key: bind("d", "details", "d"), name: "details", does: "of a URL: attempts, headers, findings, records; of a batch: how its fields are filled; of a host: how its pace has changed", group: groupLook, pair: "d", word: "details"},
		{act: actScrollDown, id: "scroll-down", key: bind("J", "scroll", "J"), name: "scroll details down", does: "the open details, a screen down", group: groupLook, pair: "J K", word: "scroll details", panels: onResults},
		{act: actScrollUp, id: "scroll-up", key: bind("K", "scroll", "K"), name: "scroll details up", does: "the open details, a screen up", group: groupLook, panels: onResults},
		{act: actCopy, id: "copy", key: bind("y", "copy", "y"), name: "copy URL", does: "of the row, or of the marked", group: groupLook, pair: "y Y", word: "copy URL, record", panels: onRows},
		{act: actCopyJSON, id: "copy-json", key: bind("Y", "copy JSON", "Y"), name: "copy as JSON", does: "the result with its records", group: groupLook, panels: onResults},
		{act: actExport, id: "export", key: bind("e", "export", "e"), name: "export", does: "what the filter shows, or the marked, to a file", group: groupLook, pair: "e", word: "export"},
		{act: actBrowser, id: "browser", key: bind("o", "browser", "o"), name: "open in the browser", does: "the page of the row", group: groupLook, pair: "o", word: "browser", panels: onRows},
		{act: actLog, id: "log", key: bind("l", "log", "l"), name: "log", does: "everything that happened, newest last", group: groupLook, pair: "l", word: "log"},
		{act: actColumns, id: "columns", key: bind("C", "columns", "C"), name: "choose columns", does: "of Results: size, rows, try, why, batch, host, ended, title, fields of recipes", group: groupLook, pair: "C", word: "columns", panels: onResults},
		{act: actFreeze, id: "freeze", key: bind("F", "freeze", "F"), name: "freeze the display", does: "or let it go on; collecting goes on all the while, and acting thaws it", group: groupLook, pair: "F", word: "freeze"},
		{act: actTheme, id: "theme", key: bind("t", "theme", "t"), name: "next theme", does: "other colours: default, high-contrast, colour-blind, mono", group: groupLook, pair: "t", word: "theme"},
		{act: actThemeDefault, id: "theme-default", key: bind("", "theme"), name: "theme default", does: "the usual colours, for a dark or light terminal", group: groupLook},
		{act: actThemeHigh, id: "theme-high-contrast", key: bind("", "theme"), name: "theme high-contrast", does: "colours that stand out more", group: groupLook},
		{act: actThemeBlind, id: "theme-colour-blind", key: bind("", "theme"), name: "theme colour-blind", does: "colours that differ without telling red from green, or blue from yellow", group: groupLook},
		{act: actThemeMono, id: "theme-mono", key: bind("", "theme"), name: "theme mono", does: "no colours: bold and underline", group: groupLook},
		{act: actMouse, id: "mouse", key: bind("m", "mouse", "m"), name: "mouse on or off", does: "off, the terminal selects text; kept for next time", group: groupLook, pair: "m", word: "mouse"},
		{act: actTaller, id: "panel-taller", key: bind("ctrl+up", "taller", "ctrl+up"), name: "panel taller", does: "one row more for this panel; kept for next time", group: groupLook, pair: "ctrl+arrows", word: "panel sizes"},
		{act: actFlatter, id: "panel-flatter", key: bind("ctrl+down", "flatter", "ctrl+down"), name: "panel flatter", does: "one row less for this panel", group: groupLook},
		{act: actWider, id: "panel-wider", key: bind("ctrl+right", "wider", "ctrl+right"), name: "panel wider", does: "two cells more for this panel, or the details", group: groupLook},
		{act: actNarrower, id: "panel-narrower", key: bind("ctrl+left", "narrower", "ctrl+left"), name: "panel narrower", does: "two cells less for this panel, or the details", group: groupLook},
		{act: actUsual, id: "panels-usual", key: bind("", "usual"), name: "panels as usual", does: "all sizes as weir comes with them", group: groupLook},
		{act: actPalette, id: "actions", key: bind(":", "actions", ":", "ctrl+p"), name: "every action", does: "find an action by its name", group: groupLook, pair: ":", word: "every action by name"},
		{act: actHelp, id: "help", key: bind("?", "help", "?", "f1"), name: "help", does: "every key", group: groupLook, pair: "?", word: "help"},
		{act: actQuit, id: "quit", key: bind("q", "quit", "q"), name: "quit", does: "leave; asks when work is left or results would be lost", group: groupLook, pair: "q", word: "quit"},
		{act: actInterrupt, id: "interrupt", key: bind("ctrl+c", "quit", "ctrl+c"), fixed: true, name: "quit at once", does: "once asks, twice leaves: a run that is not kept is cancelled", group: groupLook},
		{act: actSuspend, id: "suspend", key: bind("ctrl+z", "suspend", "ctrl+z"), name: "suspend", does: "back to the shell; fg returns", group: groupLook},

		{act: actClose, id: "close", in: inDialogs, key: bind("esc", "close", "esc"), fixed: true, name: "close", does: "leave things as they were"},
		{act: actAccept, id: "accept", in: inDialogs, key: bind("enter", "take it", "enter"), fixed: true, name: "accept", does: "take what was typed or chosen"},
		{act: actYes, id: "yes", in: inQuestion, key: bind("y", "yes", "y", "Y"), name: "yes", does: "do what is asked about"},
		{act: actNo, id: "no", in: inQuestion, key: bind("n", "no", "n", "N"), name: "no", does: "do not"},
		{act: actQuitExport, id: "quit-export", in: inQuit, key: bind("e", "export", "e"), name: "export first", does: "ask again when the results are written"},
		{act: actQuitDrain, id: "quit-drain", in: inQuit, key: bind("d", "drain", "d"), name: "drain", does: "finish what is queued and in flight, then leave"},
		{act: actQuitCancel, id: "quit-cancel", in: inQuit, key: bind("x", "cancel", "x"), name: "cancel and leave", does: "what is left is not fetched"},
		{act: actColumn, id: "column", in: inColumns, key: bind("space", "show or hide", "space", "x"), name: "show or hide the column", does: "under the cursor"},
		{act: actColumnsUsual, id: "columns-usual", in: inColumns, key: bind("u", "as usual", "u"), name: "columns as usual", does: "those that weir comes with"},
		{act: actNextField, id: "next-field", in: inAdd, key: bind("tab", "next field", "tab"), name: "next field", does: "list, recipe, priority, interval"},
		{act: actPrevField, id: "previous-field", in: inAdd, key: bind("shift+tab", "field before", "shift+tab"), name: "field before", does: "the other way round"},
		{act: actNewLine, id: "new-line", in: inAdd, key: bind("ctrl+j", "new line", "ctrl+j", "shift+enter", "alt+enter"), name: "new line", does: "in the list of URLs"},
		{act: actRefused, id: "refused-lines", in: inAdd, key: bind("ctrl+o", "only show invalid", "ctrl+o"), name: "lines that cannot be added", does: "in the place of the list, or the list again"},
		{act: actBefore, id: "choice-before", in: inChoice, key: bind("left", "choose", "left", "up"), name: "choice before", does: "of recipes or priorities"},
		{act: actAfter, id: "choice-after", in: inChoice, key: bind("right", "choose", "right", "down", "space"), name: "next choice", does: "of recipes or priorities"},
		{act: actPrevName, id: "previous-name", in: inPalette, key: bind("ctrl+p", "name before", "ctrl+p"), name: "name before", does: "as the key of up"},
		{act: actNextName, id: "next-name", in: inPalette, key: bind("ctrl+n", "next name", "ctrl+n"), name: "next name", does: "as the key of down"},
		{act: actComplete, id: "complete", in: inFilter, key: bind("tab", "complete", "tab"), name: "complete", does: "the word that is typed; again: the next way to"},
	}
}
