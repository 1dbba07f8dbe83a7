package engine

import (
	"math"
	"slices"
	"strings"
	"time"
)

// This file is what a Frontier keeps of a job. A run may have millions, so a
// job is 32 bytes without a pointer in it, besides its URL: what it has in common
// with others is kept once, and what few jobs have is kept for those few.

// A memJob is one job. The place of a leased one is InFlight.
type memJob struct {
	at    int64    // since when it waits, a memTime; of one that has ended, what its store noted of the result
	id    uint32   // also its place in the pages
	next  uint32   // the job behind it in its lane; 0: none
	site  uint32   // by number, in Frontier.sites; 0: there is no such job
	depth int32    // links followed
	url   memRef40 // in Frontier.urls
	place Place
	was   Outcome // of its result
	flags memFlags
}

// The memFlags of a job are these.
type memFlags uint8

const (
	memFresh  memFlags = 1 << iota // it is still being told of: a change passes over it
	memInLane                      // a lane still has it, whatever its place
)

func (j *memJob) is(flag memFlags) bool { return j.flags&flag != 0 }

// A memPage is jobs side by side. Pages stay where they are, so that a
// *memJob does, and the books grow without copying.
type memPage [256]memJob

// memPlace returns the page that has a job, and where in it.
func memPlace(id uint32) (page, at int) {
	i := id - 1
	return int(i / uint32(len(memPage{}))), int(i % uint32(len(memPage{})))
}

// job returns the job of that number.
func (f *Frontier) job(id uint32) *memJob {
	page, at := memPlace(id)
	return &f.pages[page][at]
}

// known returns the job of that id, nil if there is none.
func (f *Frontier) known(id JobID) *memJob {
	if id < 1 || id > JobID(f.last) {
		return nil
	}
	if j := f.job(uint32(id)); j.site != 0 {
		return j
	}
	return nil // a store has lost it
}

// open puts a new job of b on the books, still to be told of.
func (f *Frontier) open(b *memBatch, j *Job) *memJob {
	mj := f.place(f.last+1, b, j)
	mj.flags |= memFresh
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
	site := f.site(b, j.Host, j.Origin)
	if site.first == "" {
		site.first = strings.Clone(j.URL) // it may be a part of a page
	}
	*mj = memJob{
		at: int64(f.since(j.Waited)), id: id, site: site.number, depth: int32(j.Depth),
		url: f.urls.put(site.first, j.URL, j.Fingerprint).short(), place: InFlight,
	}
	if j.Depth == 0 && site.listed == 0 {
		site.listed = id
	}
	if j.Carry != "" {
		f.odds.change(id, func(o *memOdd) { o.carry = j.Carry })
	}
	f.tried(mj, j)
	return mj
}

// full returns a job as it was given to the store, and has become.
func (f *Frontier) full(j *memJob) Job {
	out := f.bare(j)
	out.URL, out.Fingerprint = f.urls.both(f.origin(j).first, j.url.ref())
	return out
}

// bare returns that without its URL and fingerprint, which never change.
func (f *Frontier) bare(j *memJob) Job {
	site, odd := f.origin(j), f.odd(j)
	b := site.lane.batch
	out := Job{
		ID: JobID(j.id), Batch: b.ID, Host: site.lane.host, Origin: site.origin,
		Depth: int(j.depth), Priority: b.Priority, Waited: f.time(j.waited()),
		Carry: odd.carry, Attempts: int(odd.attempts), Retries: int(odd.retries), Due: f.time(odd.due),
	}
	if odd.reason > 0 {
		out.Class = f.reasons[odd.reason-1]
	}
	return out
}

// url returns the URL of a job.
func (f *Frontier) url(j *memJob) string { return f.urls.url(f.origin(j).first, j.url.ref()) }

// origin, lane and of return what a job belongs to: the last is its batch.
func (f *Frontier) origin(j *memJob) *memSite { return f.sites[j.site-1] }
func (f *Frontier) lane(j *memJob) *memLane   { return f.origin(j).lane }
func (f *Frontier) of(j *memJob) *memBatch    { return f.lane(j).batch }

// waited returns since when a job waits; one that has ended does not.
func (j *memJob) waited() memTime {
	if j.place == Ended {
		return 0
	}
	return memTime(j.at)
}

// kept returns what a store noted of the result that a job has; 0: it has none.
// It keeps it until the next one, also while it waits for that.
func (f *Frontier) kept(j *memJob) uint64 {
	if j.place == Ended {
		return uint64(j.at)
	}
	return f.odd(j).kept
}

// ended puts a job at its end, with what was noted of its result.
func (f *Frontier) ended(b *memBatch, j *memJob, kept uint64) {
	f.move(b, j, Ended)
	j.at = int64(kept)
	f.setKept(j, 0)
}

// reopen puts a job that has ended back, to wait from then on.
func (f *Frontier) reopen(b *memBatch, j *memJob, since memTime) {
	f.setKept(j, f.kept(j))
	f.move(b, j, Backlog)
	j.at = int64(since)
}

// odd returns what few jobs have of a job, for reading only.
func (f *Frontier) odd(j *memJob) *memOdd { return f.odds.of(j.id) }

func (f *Frontier) setKept(j *memJob, kept uint64) {
	if f.odd(j).kept != kept {
		f.odds.change(j.id, func(o *memOdd) { o.kept = kept })
	}
}

func (f *Frontier) setMark(j *memJob, mark uint64) {
	if f.odd(j).mark != mark {
		f.odds.change(j.id, func(o *memOdd) { o.mark = mark })
	}
}

// paused reports whether a job was paused by name.
func (f *Frontier) paused(j *memJob) bool { return f.odd(j).paused != 0 }

// setPaused pauses a job by name, as one of Frontier.pauses; 0: it is not.
func (f *Frontier) setPaused(j *memJob, n uint16) {
	if f.odd(j).paused != n {
		f.odds.change(j.id, func(o *memOdd) { o.paused = n })
	}
}

// setHeaped notes whether the heap has a job. Only one with a time is in it.
func (f *Frontier) setHeaped(j *memJob, heaped bool) {
	if f.odd(j).heaped != heaped {
		f.odds.change(j.id, func(o *memOdd) { o.heaped = heaped })
	}
}

// tried notes what came of the attempts at a job so far, as r has it.
func (f *Frontier) tried(j *memJob, r *Job) {
	due, reason := f.since(r.Due), uint16(0)
	if r.Class != "" {
		f.reasons, reason = number(f.reasons, r.Class)
	}
	if f.odd(j) != &f.odds.none || r.Attempts != 0 || r.Retries != 0 || due != 0 || reason != 0 {
		f.odds.change(j.id, func(o *memOdd) {
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

// waits reports whether a lane may hand out j.
func (f *Frontier) waits(j *memJob) bool {
	odd := f.odd(j)
	return (j.place == Backlog || j.place == Deferred) && odd.mark == 0 && odd.paused == 0
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
