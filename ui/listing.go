package ui

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync/atomic"

	"weir/engine"
)

const (
	// readPage is how many states are asked of the store at once, and
	// stepReads how many are read before the screen is told how far it is.
	readPage  = 1000
	stepReads = 20_000

	// partMost is how long a part of a list may be that is shown before the
	// rest of it: more is of use to nobody yet.
	partMost = 5000
)

// A reader reads states from the store.
type reader func(ctx context.Context, q engine.Query) ([]engine.JobState, error)

// A listing is a list that is being made beside the loop, of a snapshot of the
// index. What needs no text is done in one step; else the texts are read from
// the store in many, and after each the screen is told how far it is, and first
// of all which rows come first. It belongs to the loop between two steps.
type listing struct {
	want    want
	x       *index
	waits   map[uint32]waiting
	read    reader
	few     int         // rows that fill the screen
	dropped atomic.Bool // something else is wanted now

	begun bool
	rows  []uint32  // of the records that match, in the order in which they are read
	seen  int       // of them, that were
	found []uint32  // of them, those with the words
	told  int       // of these, how many the screen was told of
	texts sortTexts // for a textual column
}

// listedMsg brings a list, or a part of it.
type listedMsg struct {
	*listing
	rows  *ranking // nil if there are none to show yet
	texts sortTexts
	share int // how much of it is made, in percent
	done  bool
	err   error // of the store: what was not read is missing
}

func newListing(t *table, w want) *listing {
	l := &listing{want: w, x: t.x.snapshot(), read: t.read, few: max(t.few, 1)}
	if w.show != showEnded && l.reads() {
		l.waits = make(map[uint32]waiting, len(t.texts.waits))
		maps.Copy(l.waits, t.texts.waits)
	}
	return l
}

// reads reports whether the list needs texts.
func (l *listing) reads() bool { return l.want.by.textual() || len(l.want.filter.words) > 0 }

func (l *listing) order() *order { return &order{by: l.want.by, x: l.x, texts: l.texts} }

// step goes on with the list.
func (l *listing) step(ctx context.Context) listedMsg {
	if !l.begun {
		l.begin()
		if !l.reads() {
			return listedMsg{listing: l, rows: newRanking(l.rows, l.order()), done: true}
		}
	}
	for end := l.seen + stepReads; l.seen < len(l.rows) && !l.dropped.Load(); {
		page := l.rows[l.seen:min(l.seen+readPage, len(l.rows))]
		if err := l.readPage(ctx, page); err != nil {
			return l.end(err)
		}
		l.seen += len(page)
		if l.seen >= end || l.told < l.few && len(l.found) >= l.few && !l.want.by.textual() {
			break
		}
	}
	if l.seen == len(l.rows) {
		return l.end(nil)
	}
	msg := listedMsg{listing: l, share: percent(l.seen, len(l.rows))}
	if n := len(l.found); n > l.told && n <= partMost && !l.want.by.textual() {
		l.told = n
		msg.rows = newRanking(l.ascending(), l.order())
	}
	return msg
}

// begin finds the records that match, and puts them in order if that needs no
// text.
func (l *listing) begin() {
	l.begun = true
	test := l.want.test(l.x)
	for slot, r := range l.x.all() {
		if test(r) {
			l.rows = append(l.rows, slot)
		}
	}
	if l.want.by.textual() || l.dropped.Load() {
		return
	}
	l.order().sort(l.rows)
	if l.reads() && l.want.down() { // what is shown first is read first
		slices.Reverse(l.rows)
	}
}

// end returns the list when all was read, or no more can be.
func (l *listing) end(err error) listedMsg {
	rows, o := l.ascending(), l.order()
	if l.want.by.textual() {
		o.sort(rows)
	}
	return listedMsg{listing: l, rows: newRanking(rows, o), texts: l.texts, done: true, err: err}
}

// ascending returns what was found, smallest first, in memory of its own.
func (l *listing) ascending() []uint32 {
	rows := slices.Clone(l.found)
	if l.want.down() && !l.want.by.textual() {
		slices.Reverse(rows)
	}
	return rows
}

// readPage reads the texts of rows and takes those that have the words.
func (l *listing) readPage(ctx context.Context, page []uint32) error {
	texts, err := readTexts(ctx, l.read, needed(l.x, page))
	if err != nil {
		return err
	}
	for _, slot := range page {
		if w, ok := l.waits[slot]; ok && !l.x.at(slot).ended() {
			texts[slot] = w.text
		}
	}
	var all strings.Builder // the keys of the page have their memory together
	for _, slot := range page {
		tx, ok := texts[slot]
		if !ok || !l.want.filter.finds(&tx) {
			continue
		}
		l.found = append(l.found, slot)
		if l.want.by.textual() {
			all.WriteString(l.want.by.key(&tx))
		}
	}
	if !l.want.by.textual() {
		return nil
	}
	rest := all.String()
	for _, slot := range page {
		if tx, ok := texts[slot]; ok && l.want.filter.finds(&tx) {
			n := len(l.want.by.key(&tx))
			l.texts.put(slot, rest[:n])
			rest = rest[n:]
		}
	}
	return nil
}
