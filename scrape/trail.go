package scrape

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"

	"weir/engine"
)

// A trail is what a job knows of the way that led to it. It goes with the job
// as [engine.Job].Carry, in JSON with short names since there may be many; the
// empty Carry is the trail of a listed URL and of those that need none.
type trail struct {
	At    []int    `json:"a,omitempty"` // entries of follow whose then led on, from the recipe
	By    int      `json:"b,omitempty"` // entry, from 1, of the present reading that led here; 0: the reading begins here
	Links []int    `json:"n,omitempty"` // links of each entry of the present reading on the way
	Chart int      `json:"m,omitempty"` // sitemaps on the way to a job that is one; chartPage: one listed the page
	From  []string `json:"f,omitempty"` // where the walk began: a listed URL and where that was redirected to

	// Of a page that is joined with rows: their records so far.
	Names []string `json:"c,omitempty"`
	Rows  [][]any  `json:"r,omitempty"`
	Kept  bool     `json:"k,omitempty"` // a page before this one has written them
	Key   string   `json:"h,omitempty"` // tells the rows from others that wait for the same page

	reading *reading // that the page is read by
	depth   int      // links followed to get here, if Links does not count them
}

// chartPage is the Chart of a page that a sitemap lists.
const chartPage = -1

var errTrail = errors.New("what the job carries is not of this recipe")

// trail returns the trail of a job of r.
func (r *Recipe) trail(j engine.Job) (*trail, error) {
	t := &trail{reading: &r.reading, depth: j.Depth}
	if j.Carry == "" {
		return t, nil
	}
	in := json.NewDecoder(strings.NewReader(j.Carry))
	in.UseNumber()
	if err := in.Decode(t); err != nil {
		return nil, errTrail
	}
	for _, i := range t.At {
		if i < 0 || i >= len(t.reading.follow) || t.reading.follow[i].then == nil {
			return nil, errTrail
		}
		t.reading = t.reading.follow[i].then
	}
	if t.By < 0 || t.By > len(t.reading.follow) {
		return nil, errTrail
	}
	for _, row := range t.Rows {
		if len(row) != len(t.Names) {
			return nil, errTrail
		}
		for i, v := range row {
			row[i] = plainList(v)
		}
	}
	return t, nil
}

// plainList makes a list of texts what it was before it was written.
func plainList(v any) any {
	list, ok := v.([]any)
	if !ok {
		return v
	}
	texts := make([]string, len(list))
	for i, item := range list {
		if texts[i], ok = item.(string); !ok {
			return v
		}
	}
	return texts
}

// String writes the trail for a job.
func (t *trail) String() string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(t); err != nil {
		panic(err) // it holds what was read of a page: texts, numbers, booleans and lists of them
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// reach returns how far redirects on the way to the page may lead: as far as
// the link that led here. A listed URL has none.
func (t *trail) reach(r *Recipe) *reach {
	switch by := t.entry(r); {
	case by != nil:
		return &by.reach
	case t.Chart == chartPage && r.sitemap != nil:
		return &r.sitemap.reach
	}
	return new(reach)
}

// entry returns the entry of follow that led here, nil for a listed URL and one
// of a sitemap.
func (t *trail) entry(r *Recipe) *follow {
	if t.By > 0 {
		return &t.reading.follow[t.By-1]
	}
	if len(t.At) == 0 {
		return nil
	}
	from := &r.reading
	for _, i := range t.At[:len(t.At)-1] {
		from = from.follow[i].then
	}
	return &from.follow[t.At[len(t.At)-1]]
}

// walked returns how many links of an entry led to the page in a row.
func (p *Page) walked(entry int) int {
	switch {
	case p.trail == nil:
		return p.Depth
	case entry < len(p.trail.Links):
		return p.trail.Links[entry]
	}
	return p.trail.depth
}

// began returns where the walk to the page began.
func (p *Page) began() []string {
	if p.trail != nil && len(p.trail.From) > 0 {
		return p.trail.From
	}
	if p.URL == nil {
		return nil
	}
	return []string{p.URL.String()}
}

// begin notes where the walk begins: at a listed URL, and where that led.
func (t *trail) begin(url, final string) {
	if t.From = []string{url}; final != url {
		t.From = append(t.From, final)
	}
}

// step returns the trail of the pages that entry leads to from here. Without
// counts or bounds to keep it is empty.
func (t *trail) step(entry int) *trail {
	f := &t.reading.follow[entry]
	next := &trail{From: t.From}
	if f.then != nil {
		next.At = append(slices.Clip(t.At), entry)
		next.reading, next.Links = f.then, make([]int, len(f.then.follow))
		return next
	}
	next.reading = t.reading
	next.Names, next.Rows, next.Kept, next.Key = t.Names, t.Rows, len(t.Rows) > 0, t.Key
	if len(t.At) == 0 && len(next.From) == 0 && t.Links == nil && len(t.reading.follow) == 1 {
		return next // the job's Depth counts
	}
	next.At, next.By = t.At, entry+1
	next.Links = make([]int, len(t.reading.follow))
	for i := range next.Links {
		next.Links[i] = t.depth
		if i < len(t.Links) {
			next.Links[i] = t.Links[i]
		}
	}
	next.Links[entry]++
	return next
}

// A print is a trail written for the jobs that have it.
type print struct {
	carry string
	mark  string // ends their fingerprints: a page that is read in two ways, or for other rows, is read twice
}

func (t *trail) print() print {
	if t.By == 0 && len(t.At) == 0 && len(t.From) == 0 && t.Chart == 0 {
		return print{}
	}
	var mark strings.Builder
	for _, i := range t.At {
		mark.WriteString("." + strconv.Itoa(i))
	}
	if mark.Len() == 0 {
		return print{carry: t.String()}
	}
	return print{t.String(), "#then" + mark.String() + t.Key}
}

// on returns a job with the trail.
func (p print) on(j engine.Job) engine.Job {
	j.Carry = p.carry
	j.Fingerprint += p.mark
	return j
}

// key names rows of a page, for fingerprints: the same rows of the same page
// have the same key, whenever it is read.
func (t *trail) key(page string) string {
	rows, err := json.Marshal(t.Rows)
	if err != nil {
		panic(err) // as in String
	}
	sum := sha256.Sum256(append([]byte(page+"\n"), rows...))
	return "#" + hex.EncodeToString(sum[:8])
}

// anchor reports whether the walks of r, or of what is in it, are bounded by
// where they began.
func (r *reading) anchor() bool {
	for i := range r.follow {
		f := &r.follow[i]
		if f.reach.scope != scopeAny || f.then != nil && f.then.anchor() {
			return true
		}
	}
	return false
}

// nested returns how many readings are inside one another, r among them.
func (r *reading) nested() int {
	deep := 0
	for i := range r.follow {
		if then := r.follow[i].then; then != nil {
			deep = max(deep, then.nested())
		}
	}
	return deep + 1
}

// columns appends the names of the fields of r and of what is in it that are
// not in names.
func (r *reading) columns(names []string) []string {
	for _, name := range r.names() {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	for i := range r.follow {
		if then := r.follow[i].then; then != nil {
			names = then.columns(names)
		}
	}
	return names
}
