package sqlite_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
	"time"

	"weir/engine"
	"weir/engine/sqlite"
)

// A pair is a run in memory and the same on disk, to which the same is done.
type pair struct {
	*testing.T
	*rand.Rand
	mem    *engine.MemStore
	disk   *sqlite.Store
	now    time.Time
	leased []engine.Job
	num    uint64
	mark   uint64
}

// both does one thing to both stores, and checks that they say the same of it.
func both[V any](p *pair, what string, f func(s engine.Store) (V, error)) V {
	p.Helper()
	a, aerr := f(p.mem)
	b, berr := f(p.disk)
	if plain(p.T, a) != plain(p.T, b) || (aerr == nil) != (berr == nil) {
		p.Fatalf("%s = %s, %v on disk; want as in memory\n%s, %v", what, plain(p.T, b), berr, plain(p.T, a), aerr)
	}
	return a
}

func plain(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	check(t, err)
	return string(b)
}

func (p *pair) job() engine.Job {
	i := p.IntN(40)
	j := engine.Job{URL: fmt.Sprintf("http://h%d.test/%d", i%3, i), Host: fmt.Sprintf("h%d.test", i%3), Waited: p.now}
	j.Fingerprint = j.URL
	if i%4 == 0 {
		j.Origin, j.Fingerprint, j.Carry = "http://"+j.Host, "f\x00\xff"+j.URL, "c\x00\xff"
	}
	return j
}

func (p *pair) jobs(n int) (out []engine.Job) {
	for range n {
		out = append(out, p.job())
	}
	return out
}

func (p *pair) add(id engine.BatchID) {
	list, stop := p.jobs(p.IntN(15)), -1
	if p.IntN(8) == 0 {
		stop = p.IntN(15)
	}
	b := engine.Batch{ID: id, Name: "b\x00", Recipe: engine.RecipeRef{Name: "r", Hash: fmt.Sprint(id)}, Text: fmt.Sprint("text ", id), Added: p.now, Interval: -1}
	both(p, "AddBatch", func(s engine.Store) (engine.Added, error) {
		ctx, cancel := context.WithCancelCause(p.Context())
		defer cancel(nil)
		return s.AddBatch(ctx, b, func(yield func(engine.Job, error) bool) {
			for i, j := range list {
				if i == stop {
					cancel(errors.New("gone"))
				}
				if !yield(j, map[bool]error{true: errors.New("no URL")}[i%7 == 6]) {
					return
				}
			}
		}, nil)
	})
}

func (p *pair) finish() {
	var rs []engine.Result
	for _, j := range p.leased {
		p.num++
		r := engine.Result{
			Job: j.ID, Batch: j.Batch, URL: j.URL, Host: j.Host, Num: p.num, Outcome: engine.Outcome(1 + p.IntN(4)),
			Title: "t\x00\xff", FetchedAt: p.now, Attempts: 1,
		}
		for i := range p.IntN(3) {
			r.Records = append(r.Records, engine.Record{{Name: "a", Value: fmt.Sprint(i)}})
			r.Fill = []engine.FieldFill{{Field: "a", Filled: i, Records: i + 1}}
		}
		if r.Outcome == engine.Failed {
			r.Class, r.Error = engine.Timeout, "no answer"
		}
		if p.IntN(3) == 0 {
			r.Links = p.jobs(2)
		}
		rs = append(rs, r)
	}
	p.leased = nil
	both(p, "Finish", func(s engine.Store) (told []engine.Job, err error) {
		err = s.Finish(p.Context(), slices.Clone(rs), func(j engine.Job, _ engine.Class) { told = append(told, j) })
		return told, err
	})
}

func (p *pair) step() {
	p.now = p.now.Add(time.Duration(p.IntN(10)) * time.Second)
	change := func(sel engine.Selector, ch engine.Change) {
		both(p, "Change", func(s engine.Store) (engine.Changed, error) { return s.Change(p.Context(), sel, ch) })
	}
	ids := make([]engine.JobID, 1+p.IntN(5))
	for i := range ids {
		ids[i] = engine.JobID(1 + p.IntN(60))
	}
	sel := []engine.Selector{{All: true}, {Batch: engine.BatchID(1 + p.IntN(4))}, {Host: fmt.Sprintf("h%d.test", p.IntN(3))}, {Jobs: ids}}
	switch p.IntN(15) {
	case 0:
		p.add(engine.BatchID(p.IntN(4)))
	case 1, 2, 3, 4:
		n := 1 + p.IntN(4)
		for _, j := range both(p, "Next", func(s engine.Store) ([]engine.Job, error) {
			return s.Next(p.Context(), n, engine.Want{Now: p.now})
		}) {
			j.Waited, j.Due = j.Waited.Round(0), j.Due.Round(0) // the stores' monotonic clocks differ
			p.leased = append(p.leased, j)
		}
	case 5, 6:
		for i := range p.leased {
			j := &p.leased[i]
			if j.Due = (time.Time{}); p.IntN(2) == 0 {
				j.Due, j.Class, j.Waited = p.now.Add(time.Minute), engine.Timeout, p.now
				j.Attempts, j.Retries = j.Attempts+1, j.Retries+p.IntN(2)
			}
		}
		both(p, "Release", func(s engine.Store) (any, error) { return nil, s.Release(p.Context(), p.leased) })
		p.leased = nil
	case 7, 8:
		p.finish()
	case 9:
		p.mark++
		change(sel[p.IntN(len(sel))], engine.Change{Kind: engine.ChangeCancel, Mark: p.mark})
	case 10:
		restore := engine.Selector{Mark: uint64(p.IntN(int(p.mark) + 2))}
		if p.IntN(4) == 0 {
			restore = engine.Selector{All: true}
		}
		change(restore, engine.Change{Kind: engine.ChangeRestore})
	case 11:
		kind := []engine.ChangeKind{engine.ChangePause, engine.ChangeResume}[p.IntN(2)]
		change([]engine.Selector{sel[1], sel[3]}[p.IntN(2)], engine.Change{Kind: kind, Paused: engine.Paused{At: p.now, What: "x"}})
	case 12:
		change(sel[1], engine.Change{Kind: engine.ChangePriority, Priority: engine.Priority(p.IntN(3) - 1)})
	case 13:
		p.mark++
		change(sel[p.IntN(len(sel))], engine.Change{Kind: engine.ChangeRetry, Mark: p.mark * uint64(p.IntN(2)), At: p.now})
	case 14:
		news := engine.State{
			Run:     &engine.RunNotes{At: p.now, Workers: p.IntN(9)},
			Hosts:   []engine.HostState{{Host: fmt.Sprintf("h%d.test", p.IntN(3)), Good: p.IntN(9)}},
			Origins: []engine.OriginState{{Origin: fmt.Sprintf("http://h%d.test", p.IntN(3)), Rules: []byte("\xff")}},
		}
		both(p, "Keep", func(s engine.Store) (any, error) { return nil, s.Keep(p.Context(), news) })
	}
}

// killed returns the run as a process finds it after this one was killed now.
func (p *pair) killed() *sqlite.Store {
	p.Helper()
	check(p.T, p.disk.Sync(p.Context()))
	path := filepath.Join(p.TempDir(), "b.db")
	for _, end := range []string{"", "-wal"} {
		b, err := os.ReadFile(p.disk.Path() + end)
		check(p.T, err)
		check(p.T, os.WriteFile(path+end, b, 0o600))
	}
	s, err := sqlite.Open(path)
	check(p.T, err)
	p.Cleanup(func() { shut(p.T, s) })
	return s
}

// A run on disk does what one in memory does, and the next process finds what
// this one had come to, whenever it was killed.
func TestKilledRunGoesOn(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			p := &pair{
				T: t, Rand: rand.New(rand.NewPCG(seed, 7)), mem: engine.NewMemStore(), disk: made(t),
				now: time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC),
			}
			p.add(0)
			for range 10 + p.IntN(60) {
				p.step()
			}
			p.disk = p.killed()
			p.alike()
		})
	}
}

// alike checks that the two runs are one, whoever reads them.
func (p *pair) alike() {
	p.Helper()
	both(p, "Load", func(s engine.Store) (engine.Kept, error) {
		k, err := s.Load(p.Context(), p.now)
		for i := range k.Batches {
			slices.SortFunc(k.Batches[i].Hosts, func(a, b engine.KeptHost) int { return cmp.Compare(a.Host, b.Host) })
		}
		slices.Sort(k.Listed)
		k.Mark = 0 // what undoes a retry is not kept
		return k, err
	})
	r, err := sqlite.Read(p.disk.Path())
	check(p.T, err)
	defer r.Close()
	for id := range engine.BatchID(5) {
		both(p, "Count", func(s engine.Store) (engine.Counts, error) { return s.Count(p.Context(), engine.Query{Batch: id}) })
	}
	for _, q := range []engine.Query{
		{},
		{After: 3, Limit: 4},
		{Batch: 2},
		{Host: "h1.test"},
		{Outcomes: []engine.Outcome{engine.Failed, engine.Empty}, Limit: 3},
		{Jobs: []engine.JobID{9, 3, 1, 999}},
		{Outcomes: []engine.Outcome{engine.Cancelled}},
		{Outcomes: []engine.Outcome{engine.Cancelled}, Batch: 1, Host: "h0.test", Limit: 2},
		{Outcomes: []engine.Outcome{engine.Cancelled}, Jobs: []engine.JobID{1, 2, 3, 4, 5, 6, 7, 8, 9}},
	} {
		want, err := p.mem.Results(p.Context(), q)
		check(p.T, err)
		var states []engine.JobState
		for i := range want {
			want[i].FetchedAt = want[i].FetchedAt.UTC().Round(0)
			states = append(states, want[i].State())
		}
		for what, s := range map[string]interface {
			Results(context.Context, engine.Query) ([]engine.Result, error)
			States(context.Context, engine.Query) ([]engine.JobState, error)
		}{"a store": p.disk, "a reader": r} {
			got, err := s.Results(p.Context(), q)
			if err != nil || len(got)+len(want) > 0 && !reflect.DeepEqual(got, want) {
				p.Errorf("%s: Results of %+v = %v\n%+v, want\n%+v", what, q, err, got, want)
			}
			brief, err := s.States(p.Context(), q)
			if err != nil || len(brief)+len(states) > 0 && !reflect.DeepEqual(brief, states) {
				p.Errorf("%s: States of %+v = %v\n%+v, want\n%+v", what, q, err, brief, states)
			}
		}
	}
	// What is leased now comes in the order of the list; in memory, what was
	// given back came first.
	both(p, "Next", func(s engine.Store) ([]engine.Job, error) {
		jobs, err := s.Next(p.Context(), 1000, engine.Want{Now: p.now.Add(time.Hour)})
		slices.SortFunc(jobs, func(a, b engine.Job) int { return cmp.Compare(a.ID, b.ID) })
		return jobs, err
	})
}
