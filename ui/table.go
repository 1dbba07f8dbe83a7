package ui

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"weir/engine"
)

// A jobRow is what the screen keeps of one job, cleaned. It is not changed once
// it is in the table: a new state of the job is a new row. So a list can be
// made off the loop while states go on coming.
type jobRow struct {
	id     engine.JobID
	num    uint64 // order of ending; 0: has not ended
	url    string
	host   string
	why    string
	title  string
	class  engine.Class
	reason engine.Reason
	time   time.Duration // of the last attempt
	bytes  int64

	slot     int32 // in table.all
	batch    engine.BatchID
	records  int32
	findings int32
	tries    int32
	status   int16
	place    engine.Place
	outcome  engine.Outcome

	gone bool // there is a newer row; belongs to the loop
}

// state returns the word of the outcome column.
func (r *jobRow) state() string {
	if r.place == engine.Ended {
		return r.outcome.String()
	}
	return r.place.String()
}

// paused reports whether the job was paused by name.
func (r *jobRow) paused() bool {
	_, paused := r.reason.(engine.Paused)
	return paused
}

// A show says which jobs the results panel lists.
type show uint8

const (
	showEnded show = iota
	showWaiting
	showAll
)

func (s show) String() string { return [...]string{"ended", "waiting", "all"}[s] }

// A column is one that rows are sorted by.
type column uint8

const (
	byNum column = iota
	byOutcome
	byCode
	byTime
	bySize
	byRows
	byTry
	byURL
	byWhy
	columns
)

func (c column) String() string {
	return [...]string{"#", "outcome", "code", "time", "size", "rows", "try", "url", "why"}[c]
}

// A want says which rows are listed, and how.
type want struct {
	show   show
	filter filter
	by     column
	turned bool // the other way round than usual for the column
}

// down reports whether the largest comes first: the newest, the slowest.
func (w want) down() bool {
	usual := w.by == byNum && w.show != showWaiting || byTime <= w.by && w.by <= byTry
	return usual != w.turned
}

func (w want) match(r *jobRow) bool {
	switch w.show {
	case showEnded:
		if r.place != engine.Ended {
			return false
		}
	case showWaiting:
		if r.place == engine.Ended {
			return false
		}
	}
	return w.filter.match(r)
}

// order returns how want compares two rows, smallest first. No two rows are
// equal.
func (w want) order() func(a, b *jobRow) int {
	num := func(r *jobRow) uint64 {
		if r.num == 0 && r.place != engine.Ended {
			return math.MaxUint64 // has not ended: after all that have
		}
		return r.num // 0 if it was cancelled: then it ended as none
	}
	rest := func(a, b *jobRow) int { return cmp.Or(cmp.Compare(num(a), num(b)), cmp.Compare(a.id, b.id)) }
	by := func(key func(*jobRow) int64) func(a, b *jobRow) int {
		return func(a, b *jobRow) int { return cmp.Or(cmp.Compare(key(a), key(b)), rest(a, b)) }
	}
	switch w.by {
	case byOutcome:
		return by(func(r *jobRow) int64 {
			return [...]int64{5, 4, 1, 0, 2, 3}[r.outcome] // failed, empty, skipped, cancelled, ok, none yet
		})
	case byCode:
		return by(func(r *jobRow) int64 { return int64(r.status) })
	case byTime:
		return by(func(r *jobRow) int64 { return int64(r.time) })
	case bySize:
		return by(func(r *jobRow) int64 { return r.bytes })
	case byRows:
		return by(func(r *jobRow) int64 { return int64(r.records) })
	case byTry:
		return by(func(r *jobRow) int64 { return int64(r.tries) })
	case byURL:
		return func(a, b *jobRow) int { return cmp.Or(cmp.Compare(bare(a.url), bare(b.url)), rest(a, b)) }
	case byWhy:
		return func(a, b *jobRow) int { return cmp.Or(cmp.Compare(a.why, b.why), rest(a, b)) }
	}
	return rest
}

// list returns the rows of all that want asks for, smallest first.
func (w want) list(all []*jobRow) []*jobRow {
	var list []*jobRow
	for _, r := range all {
		if w.match(r) {
			list = append(list, r)
		}
	}
	slices.SortFunc(list, w.order())
	return list
}

// A table holds the newest row of every job that the screen has heard of, and
// the list of those that are wanted.
type table struct {
	byID map[engine.JobID]*jobRow
	all  []*jobRow // one for each job

	want  want
	has   want // what rows is: want, unless a list is being made
	less  func(a, b *jobRow) int
	rows  []*jobRow // smallest first
	made  int       // counts the lists; one that was overtaken is dropped
	fresh []*jobRow // came while a list is being made
	busy  bool      // one is being made

	ended  int               // rows of jobs that ended
	newest uint64            // highest Num there was
	hosts  map[string]string // one string for each host
	counts map[engine.Class]int
}

func newTable() *table {
	t := &table{}
	t.clear()
	return t
}

// clear forgets all jobs, and keeps what is wanted.
func (t *table) clear() {
	t.byID, t.all, t.rows, t.fresh = map[engine.JobID]*jobRow{}, nil, nil, nil
	t.ended, t.newest = 0, 0
	t.hosts, t.counts = map[string]string{}, map[engine.Class]int{}
	t.has, t.less = t.want, t.want.order()
	t.made++
	t.busy = false
}

func (t *table) count() int { return len(t.rows) }

// at returns the row on line i of the list.
func (t *table) at(i int) *jobRow {
	if t.has.down() {
		i = len(t.rows) - 1 - i
	}
	return t.rows[i]
}

func (t *table) keyAt(i int) engine.JobID { return t.at(i).id }

// find returns the line of a job, below zero if it is not listed.
func (t *table) find(id engine.JobID) int {
	r := t.byID[id]
	if r == nil {
		return -1
	}
	i, ok := slices.BinarySearchFunc(t.rows, r, t.less)
	switch {
	case !ok:
		return -1
	case t.has.down():
		return len(t.rows) - 1 - i
	}
	return i
}

// put takes rows that are newer than what the table has of their jobs, and
// returns how many of them are in the list and were not before.
func (t *table) put(rows []*jobRow) int {
	dropped, listed := false, 0
	for _, r := range rows {
		old := t.byID[r.id]
		t.byID[r.id] = r
		if host, ok := t.hosts[r.host]; ok {
			r.host = host
		} else {
			t.hosts[r.host] = r.host
		}
		wanted := t.want.match(r)
		if old == nil {
			r.slot = int32(len(t.all))
			t.all = append(t.all, r)
		} else {
			old.gone = true
			r.slot = old.slot
			t.all[r.slot] = r
			t.tally(old, -1)
			if t.want.match(old) {
				dropped = true
				listed--
			}
		}
		t.tally(r, 1)
		if wanted {
			t.fresh = append(t.fresh, r)
			listed++
		}
	}
	if !t.busy {
		t.merge(dropped)
	}
	return max(listed, 0)
}

func (t *table) tally(r *jobRow, by int) {
	if r.place == engine.Ended {
		t.ended += by
	}
	t.newest = max(t.newest, r.num)
	if r.class != "" {
		t.counts[r.class] += by
	}
}

// oldest returns the lowest Num there is, the highest possible without one.
func (t *table) oldest() uint64 {
	least := uint64(math.MaxUint64)
	for _, r := range t.all {
		if r.num > 0 {
			least = min(least, r.num)
		}
	}
	return least
}

// classes returns the classes that rows have, in the order of their names.
func (t *table) classes() []string {
	var names []string
	for _, c := range slices.Sorted(maps.Keys(t.counts)) {
		if t.counts[c] > 0 {
			names = append(names, string(c))
		}
	}
	return names
}

// merge brings the fresh rows into the list. Rows that end come at its end, so
// that in the usual order this is an append.
func (t *table) merge(dropped bool) {
	gone := func(r *jobRow) bool { return r.gone }
	if dropped {
		t.rows = slices.DeleteFunc(t.rows, gone)
		t.fresh = slices.DeleteFunc(t.fresh, gone)
	}
	if len(t.fresh) == 0 {
		return
	}
	slices.SortFunc(t.fresh, t.less)
	end := len(t.rows)
	t.rows = append(t.rows, t.fresh...)
	for j := len(t.fresh) - 1; j >= 0; j-- { // from the end; what lies between two moves as a block
		at, _ := slices.BinarySearchFunc(t.rows[:end], t.fresh[j], t.less)
		copy(t.rows[at+j+1:], t.rows[at:end])
		t.rows[at+j] = t.fresh[j]
		end = at
	}
	t.fresh = t.fresh[:0]
}

// A listing is a list that is being made off the loop.
type listing struct {
	made int
	want want
	all  []*jobRow
}

// listedMsg brings a list that was made.
type listedMsg struct {
	made int
	rows []*jobRow
}

// listAtOnce is how many jobs are listed within a frame.
const listAtOnce = 4000

// relist changes what is wanted. A long list is made elsewhere: then the old
// one stays until listed, and relist returns what to make.
func (t *table) relist(w want) *listing {
	t.want = w
	t.made++
	if len(t.all) <= listAtOnce {
		t.has, t.less = w, w.order()
		t.rows, t.fresh, t.busy = w.list(t.all), nil, false
		return nil
	}
	t.fresh, t.busy = nil, true
	return &listing{made: t.made, want: w, all: slices.Clone(t.all)}
}

// make makes the list.
func (l *listing) make() listedMsg { return listedMsg{l.made, l.want.list(l.all)} }

// listed takes a list that was made, unless it was overtaken, and says so.
func (t *table) listed(msg listedMsg) bool {
	if msg.made != t.made {
		return false
	}
	t.has, t.less = t.want, t.want.order()
	t.rows, t.busy = msg.rows, false
	t.merge(true)
	return true
}

// bare returns a URL without its scheme, as lists show it.
func bare(url string) string {
	if _, rest, ok := strings.Cut(url, "://"); ok {
		return rest
	}
	return url
}
