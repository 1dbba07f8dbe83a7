package sqlite

import (
	"sort"
	"sync"
	"time"

	"weir/engine"
)

// A recent has the results that were committed last, as Finish was given them.
// Files of results are written right behind the commits: without it, all that
// is written would be read back from the disk and parsed once more, which costs
// more than to write it.
type recent struct {
	mu    sync.Mutex
	after uint64 // the file's results with a higher Num are all here
	rs    []engine.Result
	bytes []int // that each takes in the file, lists only
	sum   int   // of them
}

const (
	recentResults = 1024
	recentBytes   = 4 << 20 // about: two results that are larger do not fit
)

// add takes what was committed.
func (r *recent) add(group []entry) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range group {
		if e, ok := e.(*ended); ok {
			r.put(e)
		}
	}
	if len(r.rs) <= recentResults && r.sum <= recentBytes {
		return
	}
	// The older half, and more if that is not enough.
	n, sum := 0, r.sum
	for ; n < len(r.rs) && (n < recentResults/2 && len(r.rs) > recentResults || sum > recentBytes/2); n++ {
		sum -= r.bytes[n]
	}
	r.after = r.rs[n-1].Num
	r.rs, r.bytes, r.sum = append([]engine.Result(nil), r.rs[n:]...), append([]int(nil), r.bytes[n:]...), sum
}

func (r *recent) put(e *ended) {
	last := r.after
	if n := len(r.rs); n > 0 {
		last = r.rs[n-1].Num
	}
	if e.was > r.after || e.Num <= last {
		// One of these is gone, or they do not come in their order: what
		// comes next begins anew.
		r.after, r.rs, r.bytes, r.sum = max(last, e.Num), nil, nil, 0
		return
	}
	n := e.lists.size()
	r.rs, r.bytes, r.sum = append(r.rs, e.given), append(r.bytes, n), r.sum+n
}

// results returns up to limit results behind a Num, all for zero, if they are
// here.
func (r *recent) results(after uint64, limit int) (out []engine.Result, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if after < r.after {
		return nil, false
	}
	i := sort.Search(len(r.rs), func(i int) bool { return r.rs[i].Num > after })
	n := len(r.rs) - i
	if limit > 0 {
		n = min(n, limit)
	}
	return append(out, r.rs[i:i+n]...), true
}

// given returns a result as a store returns it. URL and host are those of its
// job.
func given(r *engine.Result, url, host string) engine.Result {
	out := *r
	out.URL, out.Host, out.Links, out.Fill, out.Carry = url, host, nil, nil, ""
	if out.FetchedAt = r.FetchedAt.UTC().Round(0); out.FetchedAt.IsZero() {
		out.FetchedAt = time.Time{}
	}
	return out
}
