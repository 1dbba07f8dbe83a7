package ui

import (
	"slices"
	"strings"
)

// A scope is where keys are pressed: on the panels, or in one kind of dialog or
// input. What a key means there, what the last line of the dialog says, and
// what may not be bound to the same key all come from its row in scopes.
type scope uint8

const (
	onPanels   scope = iota
	inDialogs        // every dialog and input
	inNote           // it tells something: any key closes it
	inQuestion       // yes or no
	inQuit           // the question that is asked before leaving
	inOffer          // whether an unfinished run goes on
	inInput          // one line is typed
	inFilter         // likewise: the filter
	inPalette        // likewise: the name of an action
	inHelp           // likewise: what is searched
	inAdd            // the form: URLs, or the interval
	inChoice         // the form: recipe and priority
	inRefused        // the form: its lines that cannot be added
	inColumns
	inLog
	inFacts // about a batch or a host
	scopes
)

// scopeRules say of each scope what it is called, whether letters are text
// there, and which actions it has besides close, interrupt and accept. Those of
// the panels have the keys that they have there.
var scopeRules = [scopes]struct {
	name string
	text bool
	acts []act
}{
	inDialogs:  {name: "dialogs"},
	inNote:     {name: "notes"},
	inQuestion: {name: "questions", acts: []act{actYes, actNo, actBack, actQuit}},
	inQuit:     {name: "the question of quit", acts: []act{actNo, actQuitExport, actQuitDrain, actQuitCancel, actBack, actQuit}},
	inOffer:    {name: "the question about an old run", acts: []act{actYes, actNo, actBack, actQuit}},
	inInput:    {name: "inputs", text: true},
	inFilter:   {name: "the filter", text: true, acts: []act{actComplete, actUp, actDown}},
	inPalette:  {name: "the palette", text: true, acts: []act{actPrevName, actNextName, actUp, actDown, actPageUp, actPageDown}},
	inHelp:     {name: "the help", text: true, acts: []act{actUp, actDown, actPageUp, actPageDown, actHelp}},
	inAdd:      {name: "the form", text: true, acts: []act{actNextField, actPrevField, actNewLine, actRefused}},
	inChoice:   {name: "the form's choices", acts: []act{actNextField, actPrevField, actRefused, actBefore, actAfter}},
	inRefused:  {name: "the form's invalid lines", acts: []act{actRefused, actUp, actDown, actPageUp, actPageDown, actTop, actEnd, actBack}},
	inColumns:  {name: "columns", acts: []act{actColumn, actColumnsUsual, actUp, actDown, actTop, actEnd, actBack, actQuit, actColumns}},
	inLog:      {name: "the log", acts: []act{actUp, actDown, actPageUp, actPageDown, actTop, actEnd, actFollow, actBack, actQuit, actLog}},
	inFacts:    {name: "details", acts: []act{actUp, actDown, actPageUp, actPageDown, actScrollUp, actScrollDown, actTop, actEnd, actBack, actQuit, actDetails}},
}

// arrows move where letters are text, whatever the lists are moved with.
var arrows = map[string]act{"up": actUp, "down": actDown, "pgup": actPageUp, "pgdown": actPageDown}

// acts returns what can be done in a scope.
func (s scope) acts() []act {
	return append([]act{actClose, actInterrupt, actAccept}, scopeRules[s].acts...)
}

// has reports whether a key can mean something in a scope: a letter cannot
// where it is text.
func (s scope) has(name string) bool { return !scopeRules[s].text || !isText(name) }

// isText reports whether a key types something.
func isText(name string) bool { return name == "space" || len([]rune(name)) == 1 }

// meant returns what a key means in a scope, actNone if nothing.
func (k keyMap) meant(s scope, pressed string) act {
	for _, a := range s.acts() {
		if s.has(pressed) && slices.Contains(k.of(a).key.Keys(), pressed) {
			return a
		}
	}
	if a := arrows[pressed]; scopeRules[s].text && slices.Contains(scopeRules[s].acts, a) {
		return a
	}
	return actNone
}

// shownIn returns the key of an act in a scope as it is written, empty if it
// has none there.
func (k keyMap) shownIn(s scope, a act) string {
	key := k.of(a).key
	if !scopeRules[s].text {
		return key.Help().Key
	}
	for _, name := range key.Keys() {
		if s.has(name) {
			return keyText(name)
		}
	}
	for name, of := range arrows {
		if of == a {
			return keyText(name)
		}
	}
	return ""
}

// keyText returns the name of a key as the screen writes it.
func keyText(name string) string { return strings.Replace(name, "pgdown", "pgdn", 1) }
