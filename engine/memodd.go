package engine

// A memOdd is what few jobs have, most of it only until they end.
type memOdd struct {
	carry    string
	mark     uint64 // the cancel that took the job
	kept     uint64 // what its store noted of a result that it has though it has not ended
	due      memTime
	attempts int32
	retries  int32
	heaped   bool   // the heap of those due again has it, whatever its place
	reason   uint16 // Job.Class, counted from 1 in Frontier.reasons
	paused   uint16 // by name, counted from 1 in Frontier.pauses
}

// A memOdds is what few jobs have, by job. It is in pages as the jobs are, and
// one of jobs that all have nothing is not there: so a job that is like all
// takes at most 9 bytes in it, and most take none.
type memOdds struct {
	pages []*memOddPage // nil: none of its jobs has anything
	none  memOdd
}

type memOddPage struct {
	odds [len(memPage{})]*memOdd // nil: nothing is set
	n    int                     // that are not nil
}

// of returns what a job has, for reading only.
func (o *memOdds) of(id uint32) *memOdd {
	page, at := memPlace(id)
	if page < len(o.pages) && o.pages[page] != nil && o.pages[page].odds[at] != nil {
		return o.pages[page].odds[at]
	}
	return &o.none
}

// change changes what a job has, and keeps nothing of one that is like all.
func (o *memOdds) change(id uint32, edit func(*memOdd)) {
	odd := o.of(id)
	fresh := odd == &o.none
	if fresh {
		odd = new(memOdd)
	}
	edit(odd)
	switch plain := *odd == (memOdd{}); {
	case plain && !fresh:
		o.drop(id)
	case !plain && fresh:
		o.put(id, odd)
	}
}

// put notes what a job has that had nothing.
func (o *memOdds) put(id uint32, odd *memOdd) {
	page, at := memPlace(id)
	for page >= len(o.pages) {
		o.pages = append(o.pages, nil)
	}
	if o.pages[page] == nil {
		o.pages[page] = new(memOddPage)
	}
	o.pages[page].odds[at] = odd
	o.pages[page].n++
}

// drop forgets what a job has.
func (o *memOdds) drop(id uint32) {
	page, at := memPlace(id)
	p := o.pages[page]
	p.odds[at] = nil
	if p.n--; p.n == 0 {
		o.pages[page] = nil
	}
}
