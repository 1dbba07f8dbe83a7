package engine_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"weir/engine"
)

// A paper is the simplest store on disk: it does what a Frontier tells it, job
// by job, and knows nothing else.
type paper struct {
	engine.Refill
	jobs map[engine.JobID]engine.RefillJob
}

func (p *paper) Added(b engine.Batch) { p.Batches = append(p.Batches, engine.KeptBatch{Batch: b}) }

func (p *paper) Read(engine.BatchID) {}

func (p *paper) Refused(b engine.BatchID, why engine.Class) {
	if why == engine.Duplicate {
		p.Batches[b-1].Counts.Duplicate++
	} else {
		p.Batches[b-1].Counts.Invalid++
	}
}

func (p *paper) Opened(j engine.Job) { p.Returned(j) }

func (p *paper) Returned(j engine.Job) {
	j.Waited, j.Due = j.Waited.Round(0), j.Due.Round(0) // a disk knows no monotonic clock
	p.edit(j.ID, func(k *engine.RefillJob) { k.Job = j })
}

func (p *paper) edit(id engine.JobID, f func(*engine.RefillJob)) {
	k := p.jobs[id]
	f(&k)
	p.jobs[id] = k
}

func (p *paper) Moved(m engine.Moved) {
	for _, id := range m.Batches {
		b := &p.Batches[id-1]
		switch m.Kind {
		case engine.ChangeCancel:
			b.Mark = m.Mark
		case engine.ChangeRestore:
			b.Mark = 0
		case engine.ChangePause:
			b.Paused = m.Paused
		case engine.ChangeResume:
			b.Paused = engine.Paused{}
		case engine.ChangePriority:
			b.Priority = m.Priority
		}
	}
	for _, id := range m.Jobs {
		p.edit(id, func(k *engine.RefillJob) {
			switch m.Kind {
			case engine.ChangeCancel:
				k.Mark = m.Mark
			case engine.ChangeRestore:
				k.Mark = 0
			case engine.ChangePause:
				k.Paused = &m.Paused
			case engine.ChangeResume:
				k.Paused = nil
			case engine.ChangeRetry:
				k.Ended, k.Waited = false, m.At
			}
		})
	}
	for _, id := range m.Back {
		p.edit(id, func(k *engine.RefillJob) { k.Ended, k.Paused = true, nil })
	}
}

func (p *paper) Noted(news engine.State) {
	if news.Run != nil {
		p.State.Run = news.Run
	}
	p.State.Hosts = append(p.State.Hosts, news.Hosts...)
	p.State.Origins = append(p.State.Origins, news.Origins...)
}

// keep is Finish's.
func (p *paper) keep(r *engine.Result, _ uint64) uint64 {
	p.edit(r.Job, func(k *engine.RefillJob) {
		j := k.Job
		j.Attempts, j.Retries, j.Due, j.Class = 0, 0, time.Time{}, ""
		*k = engine.RefillJob{Job: j, Ended: true, Outcome: r.Outcome, Note: r.Num}
	})
	p.Num = max(p.Num, r.Num)
	p.Batches[r.Batch-1].Totals.Count(r)
	return r.Num
}

func (p *paper) list() iter.Seq2[*engine.RefillJob, error] {
	return func(yield func(*engine.RefillJob, error) bool) {
		for _, id := range slices.Sorted(maps.Keys(p.jobs)) {
			j := p.jobs[id]
			if !yield(&j, nil) {
				return
			}
		}
	}
}

// A hand does to a Frontier what an engine and an operator may do.
type hand struct {
	*testing.T
	*rand.Rand
	front  *engine.Frontier
	paper  *paper
	now    time.Time
	leased []engine.Job
	num    uint64
	mark   uint64
}

func (h *hand) job() engine.Job {
	i := h.IntN(40)
	j := engine.Job{URL: fmt.Sprintf("http://h%d.test/%d", i%3, i), Host: fmt.Sprintf("h%d.test", i%3), Waited: h.now}
	j.Fingerprint = j.URL
	if i%4 == 0 {
		j.Origin, j.Fingerprint, j.Carry = "http://"+j.Host, "f"+j.URL, "c"
	}
	return j
}

func (h *hand) step() {
	h.now = h.now.Add(time.Duration(h.IntN(10)) * time.Second)
	ids := func() (out []engine.JobID) {
		for range 1 + h.IntN(5) {
			out = append(out, engine.JobID(1+h.IntN(60)))
		}
		return out
	}
	sel := []engine.Selector{
		{All: true}, {Batch: engine.BatchID(1 + h.IntN(4))}, {Host: fmt.Sprintf("h%d.test", h.IntN(3))}, {Jobs: ids()},
	}
	change := func(sel engine.Selector, ch engine.Change) {
		_, _ = h.front.Change(h.Context(), sel, ch) // a batch that is not there
	}
	switch h.IntN(14) {
	case 0:
		h.add(engine.BatchID(h.IntN(4)))
	case 1, 2, 3, 4:
		jobs, err := h.front.Next(h.Context(), 1+h.IntN(4), engine.Want{Now: h.now})
		if err != nil {
			h.Fatal(err)
		}
		h.leased = append(h.leased, jobs...)
	case 5, 6:
		for i := range h.leased {
			j := &h.leased[i]
			if j.Due = (time.Time{}); h.IntN(2) == 0 {
				j.Due, j.Class, j.Waited = h.now.Add(time.Minute), engine.Timeout, h.now
				j.Attempts, j.Retries = j.Attempts+1, j.Retries+h.IntN(2)
			}
		}
		if err := h.front.Release(h.Context(), h.leased); err != nil {
			h.Fatal(err)
		}
		h.leased = nil
	case 7, 8:
		h.finish()
	case 9:
		h.mark++
		change(sel[h.IntN(len(sel))], engine.Change{Kind: engine.ChangeCancel, Mark: h.mark})
	case 10:
		restore := engine.Selector{Mark: uint64(h.IntN(int(h.mark) + 2))}
		if h.IntN(4) == 0 {
			restore = engine.Selector{All: true}
		}
		change(restore, engine.Change{Kind: engine.ChangeRestore})
	case 11:
		kind := []engine.ChangeKind{engine.ChangePause, engine.ChangeResume}[h.IntN(2)]
		change([]engine.Selector{sel[1], sel[3]}[h.IntN(2)], engine.Change{Kind: kind, Paused: engine.Paused{At: h.now, What: "x"}})
	case 12:
		change(sel[1], engine.Change{Kind: engine.ChangePriority, Priority: engine.Priority(h.IntN(3) - 1)})
	case 13:
		h.mark++
		change(sel[h.IntN(len(sel))], engine.Change{Kind: engine.ChangeRetry, Mark: h.mark * uint64(h.IntN(2)), At: h.now})
	}
}

var errGone = errors.New("gone")

func (h *hand) add(id engine.BatchID) {
	ctx, cancel := context.WithCancelCause(h.Context())
	defer cancel(nil)
	_, err := h.front.AddBatch(ctx, engine.Batch{ID: id, Name: "b", Text: "t"}, func(yield func(engine.Job, error) bool) {
		for range h.IntN(15) {
			var bad error
			if h.IntN(50) == 0 {
				cancel(errGone)
			}
			if h.IntN(8) == 0 {
				bad = fmt.Errorf("no URL")
			}
			if !yield(h.job(), bad) {
				return
			}
		}
	}, nil)
	if err != nil && id == 0 && !errors.Is(err, errGone) {
		h.Fatal(err)
	}
}

func (h *hand) finish() {
	var rs []engine.Result
	for _, j := range h.leased {
		h.num++
		r := engine.Result{Job: j.ID, Batch: j.Batch, Num: h.num, Outcome: engine.Outcome(1 + h.IntN(4)), Records: make([]engine.Record, h.IntN(3))}
		if h.IntN(3) == 0 {
			r.Links = []engine.Job{h.job(), h.job()}
		}
		rs = append(rs, r)
	}
	h.leased = nil
	if err := h.front.Finish(rs, h.paper.keep, nil, nil); err != nil {
		h.Fatal(err)
	}
}

// What a Frontier tells its Journal is all that the next one must know.
func TestFrontierIsRefilled(t *testing.T) {
	for seed := range uint64(400) {
		p := &paper{jobs: make(map[engine.JobID]engine.RefillJob)}
		h := &hand{
			T: t, Rand: rand.New(rand.NewPCG(seed, 5)), front: engine.NewFrontier(p), paper: p,
			now: time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC),
		}
		h.add(0)
		for range 20 + h.IntN(150) {
			h.step()
		}
		state := engine.State{Run: &engine.RunNotes{Workers: 3}, Hosts: []engine.HostState{{Host: "h1.test", Good: 1}}}
		if err := h.front.Keep(t.Context(), state); err != nil {
			t.Fatal(err)
		}
		h.front.Still(func(batch func(engine.BatchID) engine.KeptBatch) {
			for i := range p.Batches {
				k, b := &p.Batches[i], batch(p.Batches[i].ID)
				k.Read, k.Cut = b.Read, b.Cut
				if got, want := fmt.Sprint(b.Totals, b.Mark, b.Paused.What), fmt.Sprint(k.Totals, k.Mark, k.Paused.What); got != want {
					t.Errorf("seed %d: batch %d is %s, want %s", seed, b.ID, got, want)
				}
			}
		})
		next := engine.NewFrontier(nil)
		if err := next.Refill(p.Refill, p.list()); err != nil {
			t.Fatalf("seed %d: Refill: %v", seed, err)
		}
		same(t, h, next, seed)
		if t.Failed() {
			return
		}
	}
}

// same checks that a Frontier and the one that it was made of are one, but for
// the order in which jobs of a host come and for what undoes a retry.
func same(t *testing.T, h *hand, next *engine.Frontier, seed uint64) {
	t.Helper()
	var told [2]struct {
		Kept      engine.Kept
		Counts    []engine.Counts
		Cancelled []engine.Result
		Left      []engine.Job
		Paused    []engine.Job // with their batch
	}
	for i, f := range []*engine.Frontier{h.front, next} {
		g := &told[i]
		k, err := f.Load(t.Context(), h.now)
		if err != nil {
			t.Fatal(err)
		}
		for b := range k.Batches {
			slices.SortFunc(k.Batches[b].Hosts, func(a, b engine.KeptHost) int { return cmp.Compare(a.Host, b.Host) })
		}
		slices.Sort(k.Listed)
		g.Kept = k
		g.Kept.Mark = 0
		for id := range engine.BatchID(len(k.Batches) + 1) {
			c, err := f.Count(t.Context(), engine.Query{Batch: id})
			if err != nil || !c.Balanced() {
				t.Errorf("seed %d: batch %d: %+v, %v; want it to balance", seed, id, c, err)
			}
			g.Counts = append(g.Counts, c)
		}
		g.Cancelled = f.Cancelled(engine.Query{})
		next := func() []engine.Job {
			jobs, err := f.Next(t.Context(), 1000, engine.Want{Now: h.now.Add(time.Hour)})
			if err != nil {
				t.Fatal(err)
			}
			slices.SortFunc(jobs, func(a, b engine.Job) int { return cmp.Compare(a.ID, b.ID) })
			return jobs
		}
		g.Left = next()
		if _, err := f.Change(t.Context(), engine.Selector{All: true}, engine.Change{Kind: engine.ChangeResume}); err != nil {
			t.Fatal(err)
		}
		g.Paused = next()
	}
	a, b := reflect.ValueOf(told[0]), reflect.ValueOf(told[1])
	for i := range a.NumField() {
		was, err := json.Marshal(a.Field(i).Interface())
		is, e := json.Marshal(b.Field(i).Interface())
		if err != nil || e != nil || string(was) != string(is) {
			t.Errorf("seed %d: %s was\n%s, %v, and is\n%s, %v", seed, a.Type().Field(i).Name, was, err, is, e)
		}
	}
}

func TestRefillRefuses(t *testing.T) {
	batch := engine.KeptBatch{Batch: engine.Batch{ID: 1}}
	job := func(id engine.JobID, edit func(*engine.RefillJob)) engine.RefillJob {
		j := engine.RefillJob{Job: engine.Job{ID: id, Batch: 1, URL: fmt.Sprint(id), Fingerprint: fmt.Sprint(id), Host: "h"}}
		edit(&j)
		return j
	}
	as := func(*engine.RefillJob) {}
	for _, tc := range []struct {
		name    string
		batches []engine.KeptBatch
		jobs    []engine.RefillJob
		says    string
	}{
		{"a batch that is missing", []engine.KeptBatch{{Batch: engine.Batch{ID: 2}}}, nil, "batch 2 comes where batch 1"},
		{"a job without a batch", []engine.KeptBatch{batch}, []engine.RefillJob{job(1, func(j *engine.RefillJob) { j.Batch = 3 })}, "job 1 is of batch 3"},
		{"an id of nothing", []engine.KeptBatch{batch}, []engine.RefillJob{job(0, as)}, "id 0"},
		{"an id that is too high", []engine.KeptBatch{batch}, []engine.RefillJob{job(1<<32, as)}, "id 4294967296"},
		{"two jobs", []engine.KeptBatch{batch}, []engine.RefillJob{job(7, as), job(7, as)}, "two jobs with the id 7"},
		{"an end without an outcome", []engine.KeptBatch{batch}, []engine.RefillJob{job(1, func(j *engine.RefillJob) { j.Ended = true })}, "job 1 has ended"},
		{"an outcome that is none", []engine.KeptBatch{batch}, []engine.RefillJob{job(1, func(j *engine.RefillJob) { j.Outcome = 9 })}, "outcome 9"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			err := engine.NewFrontier(nil).Refill(engine.Refill{Batches: tc.batches}, func(yield func(*engine.RefillJob, error) bool) {
				for i := range tc.jobs {
					if !yield(&tc.jobs[i], nil) {
						return
					}
				}
			})
			if err == nil || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("Refill = %v, want %q", err, tc.says)
			}
		})
	}
}

// A job that a store has lost is not there, and its id is not used again.
func TestRefillWithGaps(t *testing.T) {
	p := &paper{jobs: make(map[engine.JobID]engine.RefillJob)}
	f := engine.NewFrontier(p)
	if _, err := f.AddBatch(t.Context(), engine.Batch{}, listed(1000, 3), nil); err != nil {
		t.Fatal(err)
	}
	lost := []engine.JobID{1, 2, 300, 301, 302, 700}
	for _, id := range lost {
		delete(p.jobs, id)
	}
	f = engine.NewFrontier(nil)
	if err := f.Refill(p.Refill, p.list()); err != nil {
		t.Fatal(err)
	}
	for _, kind := range []engine.ChangeKind{engine.ChangeCancel, engine.ChangePause, engine.ChangeRetry} {
		for _, sel := range []engine.Selector{{Jobs: lost}, {Host: "none.test"}} {
			got, err := f.Change(t.Context(), sel, engine.Change{Kind: kind, Mark: 1})
			if err != nil || len(got.Batches) > 0 || len(got.Jobs) > 0 {
				t.Errorf("Change %d = %+v, %v; want nothing", kind, got, err)
			}
		}
	}
	if _, _, ok := f.Find(300); ok {
		t.Error("there is a job that was lost")
	}
	if url, host, ok := f.Find(3); !ok || url != p.jobs[3].URL || host != p.jobs[3].Host {
		t.Errorf("Find = %q, %q, %v; want %+v", url, host, ok, p.jobs[3])
	}
	jobs, err := f.Next(t.Context(), 2000, engine.Want{})
	if err != nil || len(jobs) != 1000-len(lost) {
		t.Errorf("Next = %d jobs, %v; want %d", len(jobs), err, 1000-len(lost))
	}
	// One that was lost is new again when it is listed again.
	_, err = f.AddBatch(t.Context(), engine.Batch{ID: 1}, listed(1000, 3), func(j engine.Job, why engine.Class) {
		if why == "" && j.ID <= 1000 {
			t.Errorf("id %d is used again", j.ID)
		}
	})
	if c, _ := f.Count(t.Context(), engine.Query{}); err != nil || c.Submitted != 2000-len(lost) || c.Duplicate != 1000-len(lost) {
		t.Errorf("Count = %+v, %v", c, err)
	}
}
