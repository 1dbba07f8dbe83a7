package ui

import "weir/engine"

const (
	// textsNew is how many of the newest texts are kept, and textsRead how
	// many of those that were read from the store.
	textsNew  = 4096
	textsRead = 1024
)

// texts are the texts that the screen keeps: of the jobs that wait, which the
// store tells nothing of, of the newest that ended, of some that were read from
// the store, and of all that are on the screen.
type texts struct {
	waits map[uint32]waiting
	fresh ring
	read  ring
	shown map[uint32]text
	spare map[uint32]text // reused by show
}

// A waiting is what is known of a job that has not ended.
type waiting struct {
	text
	reason engine.Reason
}

func newTexts() texts {
	return texts{waits: map[uint32]waiting{}, fresh: newRing(textsNew), read: newRing(textsRead), shown: map[uint32]text{}, spare: map[uint32]text{}}
}

// get returns the text of a slot, and false if it is not kept.
func (t *texts) get(slot uint32) (text, bool) {
	if w, ok := t.waits[slot]; ok {
		return w.text, true
	}
	if tx, ok := t.fresh.get(slot); ok {
		return tx, true
	}
	if tx, ok := t.read.get(slot); ok {
		return tx, true
	}
	tx, ok := t.shown[slot]
	return tx, ok
}

// put takes the text of a new state of a job. One from the store takes the
// place of no other that is newer.
func (t *texts) put(slot uint32, tx text, ended bool, why engine.Reason, stored bool) {
	delete(t.read.at, slot)
	delete(t.shown, slot)
	delete(t.waits, slot)
	switch {
	case !ended:
		delete(t.fresh.at, slot)
		t.waits[slot] = waiting{tx, why}
	case !stored || t.fresh.hasRoom():
		t.fresh.put(slot, tx)
	default:
		delete(t.fresh.at, slot)
	}
}

// show keeps the texts of these slots, in the place of those that were shown
// before.
func (t *texts) show(slots []uint32) {
	clear(t.spare)
	for _, slot := range slots {
		if tx, ok := t.get(slot); ok {
			t.spare[slot] = tx
		}
	}
	t.shown, t.spare = t.spare, t.shown
}

// A ring keeps the texts that were put last. A map of places is a tenth of one of
// texts, and stays in a cache.
type ring struct {
	at   map[uint32]int // where in kept the text of a slot is
	kept []keptText     // in the order in which they are forgotten, from next on
	next int
	most int
}

type keptText struct {
	text
	slot uint32
}

func newRing(most int) ring { return ring{at: map[uint32]int{}, most: most} }

func (r *ring) get(slot uint32) (text, bool) {
	i, ok := r.at[slot]
	if !ok {
		return text{}, false
	}
	return r.kept[i].text, true
}

func (r *ring) put(slot uint32, tx text) {
	i, ok := r.at[slot]
	switch {
	case ok:
		r.kept[i].text = tx
		return
	case r.hasRoom():
		i = len(r.kept)
		r.kept = append(r.kept, keptText{})
	default:
		i = r.next
		r.next = (i + 1) % r.most
		if old := r.kept[i].slot; r.at[old] == i {
			delete(r.at, old)
		}
	}
	r.at[slot], r.kept[i] = i, keptText{tx, slot}
}

// hasRoom reports whether another text takes the place of none.
func (r *ring) hasRoom() bool { return len(r.kept) < r.most }
