package ui

import (
	"fmt"
	"iter"
	"slices"
	"strings"

	"weir/engine"
)

// A search is what a list of URLs by the line asks for.
type search struct {
	n      int // so many of them
	filter filter
	want   want // the order
	sorted bool // that was asked for
}

// The words of an order: that of the screen's column, or the other way round.
const (
	orderWord = "sort:"
	turnWord  = "turn:"
)

// search reads a number, an order and a filter, or says what is wrong with them.
func (p *plain) search(command string, args []string) (q search, ok bool) {
	names := make([]string, columns)
	for c := range columns {
		names[c] = c.String()
	}
	by, turned, words, err := parseOrder(args, names)
	if err != nil {
		p.say(command + ": " + err.Error())
		return q, false
	}
	n, rest, ok := number(words, plainTold)
	if !ok {
		p.usage(command)
		return q, false
	}
	q = search{n: n, filter: parseFilter(strings.Join(rest, " ")), sorted: by >= 0}
	if q.sorted {
		q.want = want{by: column(by), turned: turned}
	}
	return q, true
}

// parseOrder takes the order out of words: which of the names it has, below zero for
// none, and whether it is turned.
func parseOrder(words, names []string) (by int, turned bool, rest []string, err error) {
	by = -1
	for _, word := range words {
		lower := strings.ToLower(word)
		name, sorts := strings.CutPrefix(lower, orderWord)
		turn := false
		if !sorts {
			name, turn = strings.CutPrefix(lower, turnWord)
		}
		if !sorts && !turn {
			rest = append(rest, word)
			continue
		}
		if by, turned = slices.Index(names, name), turn; by < 0 {
			return by, turned, rest, fmt.Errorf("%s is no order: %sthere are %s", word, meant("", nearest(name, names), " "), strings.Join(names, " "))
		}
	}
	return by, turned, rest, nil
}

// words says in which order how many are told.
func (q search) words(n int) string {
	if !q.sorted || n == 0 {
		return ""
	}
	down, up := "highest first", "lowest first"
	switch {
	case q.want.by == byOutcome:
		down, up = "failed last", "failed first"
	case q.want.by.textual():
		down, up = "z before a", "a before z"
	case q.want.by == byNum:
		down, up = "newest first", "oldest first"
	}
	if q.want.down() {
		up = down
	}
	return fmt.Sprintf("; the first %s by %s, %s", count(n), q.want.by, up)
}

// pick returns of some states those that are asked for, and how many there are: the
// first n in the order of the search, or, if it has none, the last or first n as
// they come. With an order it passes over them twice, and keeps of all of them what
// the screen's index does.
func (q search) pick(some func() iter.Seq2[*engine.JobState, error], last bool) (states []engine.JobState, found int, err error) {
	o := order{by: q.want.by, x: newIndex()}
	var slots []uint32
	for state, err := range some() {
		if err != nil {
			return nil, 0, err
		}
		found++
		switch {
		case q.sorted && fits(state):
			slot := uint32(state.ID)
			o.x.set(slot, o.x.record(state))
			if o.by.textual() {
				text := newText(state)
				o.texts.put(slot, o.by.key(&text))
			}
			slots = append(slots, slot)
		case q.sorted:
		case len(states) < q.n:
			states = append(states, *state)
		case last:
			states = append(states[1:], *state)
		}
	}
	if !q.sorted {
		return states, found, nil
	}
	o.sort(slots)
	slots = slices.Compact(slots) // one that ended anew meanwhile came twice
	if q.want.down() {
		slices.Reverse(slots)
	}
	slots = slots[:min(len(slots), q.n)]
	rows := make(map[uint32]engine.JobState, len(slots))
	for _, slot := range slots {
		rows[slot] = engine.JobState{}
	}
	for state, err := range some() {
		if err != nil {
			return nil, 0, err
		}
		if _, is := rows[uint32(state.ID)]; is {
			rows[uint32(state.ID)] = *state
		}
	}
	for _, slot := range slots {
		if state := rows[slot]; state.ID != 0 { // else it ended or began meanwhile
			states = append(states, state)
		}
	}
	return states, found, nil
}
