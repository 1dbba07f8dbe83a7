package engine

import (
	"math"
	"slices"
	"strings"
	"time"
)

// This file is what a Frontier keeps of a job. A run may have millions, so a
// job is 64 bytes and its URL's: what it has in common with others is kept
// once, and what few jobs have is kept for those few.

// A memJob is one job. The place of a leased one is InFlight.
type memJob struct {
	url    memRef // in Frontier.urls
	site   *memSite
	odd    *memOdd // nil: nothing in it is set
	kept   uint64  // what its store noted of its result, until the next one; 0: it has none
	waited memTime
	id     uint32 // also its place in the pages
	next   uint32 // the job behind it in its lane; 0: none
	depth  int32
	place  Place
	was    Outcome // of its result
	fresh  bool    // it is still being told of: a change passes over it
	inLane bool    // a lane still has it, whatever its place
}

// A memOdd is what few jobs have, most of it only until they end.
type memOdd struct {
	carry    string
	mark     uint64 // the cancel that took the job
	due      memTime
	attempts int32
	retries  int32
	heaped   bool   // the heap of those due again has it, whatever its place
	reason   uint16 // Job.Class, counted from 1 in Frontier.reasons
	paused   uint16 // by name, counted from 1 in Frontier.pauses
}

// A memPage is jobs side by side. Pages stay where they are, so that a
// *memJob does, and the books grow without copying.
type memPage [256]memJob

// job returns the job of that number.
func (f *Frontier) job(id uint32) *memJob {
	i := id - 1
	return &f.pages[i/uint32(len(memPage{}))][i%uint32(len(memPage{}))]
}

// known returns the job of that id, nil if there is none.
func (f *Frontier) known(id JobID) *memJob {
	if id < 1 || id > JobID(f.last) {
		return nil
	}
	if j := f.job(uint32(id)); j.site != nil {
		return j
	}
	return nil // a store has lost it
}

// open puts a new job of b on the books, still to be told of.
func (f *Frontier) open(b *memBatch, j *Job) *memJob {
	mj := f.place(f.last+1, b, j)
	mj.fresh = true
	b.added.New++
	b.counts[InFlight]++
	if f.journal != nil {
		full := f.bare(mj)
		full.URL, full.Fingerprint = j.URL, j.Fingerprint
		f.journal.Opened(full)
	}
	return mj
}

// place makes the job of an id, for now in flight.
func (f *Frontier) place(id uint32, b *memBatch, j *Job) *memJob {
	for int(id-1) >= len(f.pages)*len(memPage{}) {
		f.pages = append(f.pages, new(memPage))
	}
	f.last = max(f.last, id)
	mj := f.job(id)
	*mj = memJob{
		site: b.site(j.Host, j.Origin), waited: f.since(j.Waited), id: id, depth: int32(j.Depth), place: InFlight,
	}
	if j.Depth == 0 && mj.site.listed == 0 {
		mj.site.listed = mj.id
	}
	if mj.site.first == "" {
		mj.site.first = strings.Clone(j.URL) // it may be a part of a page
	}
	mj.url = f.urls.put(mj.site.first, j.URL, j.Fingerprint)
	if j.Carry != "" {
		mj.change(func(o *memOdd) { o.carry = j.Carry })
	}
	f.tried(mj, j)
	return mj
}

// full returns a job as it was given to the store, and has become.
func (f *Frontier) full(j *memJob) Job {
	out := f.bare(j)
	out.URL, out.Fingerprint = f.urls.both(j.site.first, j.url)
	return out
}

// bare returns that without its URL and fingerprint, which never change.
func (f *Frontier) bare(j *memJob) Job {
	l := j.site.lane
	out := Job{
		ID: JobID(j.id), Batch: l.batch.ID, Host: l.host, Origin: j.site.origin,
		Depth: int(j.depth), Priority: l.batch.Priority, Waited: f.time(j.waited),
	}
	if j.odd != nil {
		out.Carry = j.odd.carry
		out.Attempts, out.Retries, out.Due = int(j.odd.attempts), int(j.odd.retries), f.time(j.odd.due)
		if n := j.odd.reason; n > 0 {
			out.Class = f.reasons[n-1]
		}
	}
	return out
}

func (j *memJob) batch() *memBatch { return j.site.lane.batch }

// url returns the URL of a job.
func (f *Frontier) url(j *memJob) string { return f.urls.url(j.site.first, j.url) }

// mark returns the cancel that took the job by itself; 0: none did.
func (j *memJob) mark() uint64 {
	if j.odd == nil {
		return 0
	}
	return j.odd.mark
}

func (j *memJob) setMark(mark uint64) {
	if j.mark() != mark {
		j.change(func(o *memOdd) { o.mark = mark })
	}
}

// paused reports whether the job was paused by name.
func (j *memJob) paused() bool { return j.odd != nil && j.odd.paused != 0 }

// setPaused pauses the job by name, as one of Frontier.pauses; 0: it is not.
func (j *memJob) setPaused(n uint16) {
	if n != 0 || j.paused() {
		j.change(func(o *memOdd) { o.paused = n })
	}
}

// heaped reports whether the heap has the job. Only one with a time is in it.
func (j *memJob) heaped() bool { return j.odd != nil && j.odd.heaped }

func (j *memJob) setHeaped(heaped bool) {
	if j.heaped() != heaped {
		j.change(func(o *memOdd) { o.heaped = heaped })
	}
}

func (j *memJob) due() memTime {
	if j.odd == nil {
		return 0
	}
	return j.odd.due
}

// tried notes what came of the attempts at a job so far, as r has it.
func (f *Frontier) tried(j *memJob, r *Job) {
	due, reason := f.since(r.Due), uint16(0)
	if r.Class != "" {
		f.reasons, reason = number(f.reasons, r.Class)
	}
	if j.odd != nil || r.Attempts != 0 || r.Retries != 0 || due != 0 || reason != 0 {
		j.change(func(o *memOdd) {
			o.attempts, o.retries, o.due, o.reason = int32(r.Attempts), int32(r.Retries), due, reason
		})
	}
}

// number returns where v is in list, counted from 1, and the list with it. A
// list holds as many as can be counted; of those that come then it says the
// last one.
func number[T comparable](list []T, v T) ([]T, uint16) {
	if i := slices.Index(list, v); i >= 0 {
		return list, uint16(i + 1)
	}
	if len(list) < math.MaxUint16 {
		list = append(list, v)
	}
	return list, uint16(len(list))
}

// change changes what few jobs have, and keeps nothing of a job like all.
func (j *memJob) change(edit func(*memOdd)) {
	if j.odd == nil {
		j.odd = new(memOdd)
	}
	if edit(j.odd); *j.odd == (memOdd{}) {
		j.odd = nil
	}
}

// waits reports whether a lane may hand out j.
func (j *memJob) waits() bool {
	return (j.place == Backlog || j.place == Deferred) && j.mark() == 0 && !j.paused()
}

// A memTime is a moment in nanoseconds since the Frontier was made, less by one
// for those at and after that; zero is the zero time. It keeps what the
// monotonic clock said, and reaches 292 years either way.
type memTime int64

func (f *Frontier) since(t time.Time) memTime {
	if t.IsZero() {
		return 0
	}
	d := t.Sub(f.epoch)
	if d >= 0 && d < math.MaxInt64 {
		d++
	}
	return memTime(d)
}

func (f *Frontier) time(t memTime) time.Time {
	if t == 0 {
		return time.Time{}
	}
	if t > 0 {
		t--
	}
	return f.epoch.Add(time.Duration(t))
}
