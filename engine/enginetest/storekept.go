package enginetest

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"reflect"
	"slices"
	"strings"
	"time"

	"weir/engine"
)

// This file is the part of TestStore about Keep and Load.

// load returns what the store has to tell, its hosts by name and its jobs by
// id.
func (s *shelf) load() engine.Kept {
	s.Helper()
	k, err := s.Load(s.Context(), s.now)
	if err != nil {
		s.Fatalf("Load: %v", err)
	}
	byName := func(a, b engine.KeptHost) int { return cmp.Compare(a.Host, b.Host) }
	for i := range k.Batches {
		hosts := k.Batches[i].Hosts
		hosts = slices.DeleteFunc(hosts, func(h engine.KeptHost) bool { return h == engine.KeptHost{Host: h.Host} })
		slices.SortFunc(hosts, byName)
		if k.Batches[i].Hosts = hosts; len(hosts) == 0 {
			k.Batches[i].Hosts = nil // empty or not there is one
		}
	}
	slices.SortFunc(k.Hosts, func(a, b engine.HostState) int { return cmp.Compare(a.Host, b.Host) })
	slices.SortFunc(k.Origins, func(a, b engine.OriginState) int { return cmp.Compare(a.Origin, b.Origin) })
	slices.SortFunc(k.Due, func(a, b engine.Job) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortFunc(k.Paused, func(a, b engine.KeptPause) int { return cmp.Compare(a.Job.ID, b.Job.ID) })
	return k
}

func (s *shelf) keep(news engine.State) {
	s.Helper()
	if err := s.Keep(s.Context(), news); err != nil {
		s.Fatalf("Keep: %v", err)
	}
}

// plain returns v as JSON: times are equal then that are the same moment.
func (s *shelf) plain(v any) string {
	s.Helper()
	text, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		s.Fatalf("%T: %v", v, err)
	}
	return string(text)
}

// states is a State with every field set.
func (s *shelf) state() engine.State {
	run := &engine.RunNotes{
		At: s.now, Ended: true, Started: s.now.Add(-time.Hour), Worked: time.Minute, Paused: s.now.Add(-time.Second),
		Workers: 7, Interval: -1, Hits: 1, Requests: 1 << 60, Retried: 3,
	}
	run.Took.Count, run.Took.Sum, run.Took.Within[0] = 4, time.Second, 2
	block := engine.Block{
		Kind: engine.BlockRobots, Until: s.now.Add(time.Minute), Asked: time.Second, Status: 503,
		Class: engine.Status, Count: 2, Probes: 3, Origin: "http://two.test",
	}
	return engine.State{
		Run: run,
		Hosts: []engine.HostState{{Host: "one.test", At: s.now}, {
			Host: "two.test", At: s.now, Interval: 2 * time.Second, Crawl: time.Second,
			Paused: engine.Paused{At: s.now, What: "host", Failed: 19, Of: 20},
			Block:  block, Asked: block,
			Probing: true, Refusals: 2, Refused: s.now.Add(-2), Excused: 3, Failures: 4, Opened: s.now.Add(-4), Probes: 5,
			Gap: 6, Good: 7, Cut: s.now.Add(-7), Raised: s.now.Add(-8), TooFast: 8,
		}},
		Origins: []engine.OriginState{
			{Origin: "http://two.test", Host: "two.test", At: s.now, Fresh: s.now.Add(time.Hour), Rounds: 2, Rules: []byte("a\x00\xff")},
			{Origin: "https://two.test", Host: "two.test"},
		},
	}
}

func testKeep(s *shelf) {
	check := func(want engine.State) {
		s.Helper()
		if got, want := s.plain(s.load().State), s.plain(want); got != want {
			s.Errorf("kept\n%s, want\n%s", got, want)
		}
	}
	check(engine.State{})
	s.keep(engine.State{})
	check(engine.State{})
	want := s.state()
	s.keep(engine.State{Hosts: want.Hosts[:1], Origins: want.Origins[1:]})
	check(engine.State{Hosts: want.Hosts[:1], Origins: want.Origins[1:]})
	s.keep(engine.State{Run: want.Run})
	check(engine.State{Run: want.Run, Hosts: want.Hosts[:1], Origins: want.Origins[1:]})
	s.keep(engine.State{Hosts: want.Hosts[1:], Origins: want.Origins[:1]})
	check(want)
	// What comes later takes the place of what came before, as a whole.
	s.keep(engine.State{
		Run: &engine.RunNotes{At: s.now.Add(1)}, Hosts: []engine.HostState{{Host: "two.test", Gap: 1}},
		Origins: []engine.OriginState{{Origin: "https://two.test", Rules: []byte{}}},
	})
	want.Run = &engine.RunNotes{At: s.now.Add(1)}
	want.Hosts[1] = engine.HostState{Host: "two.test", Gap: 1}
	want.Origins[1] = engine.OriginState{Origin: "https://two.test"}
	got := s.load().State
	got.Origins[1].Rules = nil // empty or not there is one
	if got, want := s.plain(got), s.plain(want); got != want {
		s.Errorf("kept\n%s, want\n%s", got, want)
	}
}

// A store may keep what it is given as JSON.
func testKeepJSON(s *shelf) {
	want := s.state()
	v := reflect.ValueOf(want.Hosts[1])
	for i := range v.NumField() {
		if v.Field(i).IsZero() {
			s.Errorf("the test leaves HostState.%s empty", v.Type().Field(i).Name)
		}
	}
	var got engine.State
	if err := json.Unmarshal([]byte(s.plain(want)), &got); err != nil {
		s.Fatalf("State: %v", err)
	}
	if !reflect.DeepEqual(got, want) {
		s.Errorf("came back as\n%+v, want\n%+v", got, want)
	}
}

func testLoadNew(s *shelf) {
	k := s.load()
	if k.Run != nil || len(k.Hosts)+len(k.Origins)+len(k.Batches)+len(k.Due)+len(k.Paused) > 0 || k.Num != 0 || k.Mark != 0 {
		s.Errorf("a new store tells of %+v", k)
	}
	s.add(engine.Batch{}, Jobs("one.test", 1)) // it is as good as before
	s.leases(1, "b1 one.test/0")
	if err := s.Sync(s.Context()); err != nil {
		s.Errorf("Sync: %v", err)
	}
}

func testLoad(s *shelf) {
	first := engine.Batch{
		Name: "list", Recipe: engine.RecipeRef{Name: "oncall", Hash: "a1"}, Text: "fields:\n", Priority: engine.High,
		Interval: -1, Added: s.now,
	}
	s.add(first, Jobs("one.test", 4), Jobs("two.test", 1), Jobs("one.test", 1), Bad(7), func(yield func(engine.Job, error) bool) {
		yield(engine.Job{URL: "http://six.test/", Host: "six.test", Origin: "http://six.test", Fingerprint: "6"}, nil)
	})
	s.add(engine.Batch{}, Jobs("one.test", 3), Jobs("two.test", 2))
	s.add(engine.Batch{}, Chain())
	jobs := s.leases(2, "b1 one.test/0", "b1 two.test/0")
	s.finish(engine.Failed, jobs...)
	s.change(engine.Selector{Batch: 2}, engine.Change{Kind: engine.ChangePriority, Priority: engine.Low}, nil)
	s.change(engine.Selector{Jobs: []engine.JobID{2}}, cancel(4), moved{1: {Backlog: 1}})
	out := s.leaseFor(1, engine.Want{Now: s.now, SkipBatches: map[engine.BatchID]struct{}{1: {}}})
	out[0].Due = s.now.Add(time.Minute)
	s.release(out...)
	s.change(engine.Selector{Batch: 2}, cancel(9), moved{2: {Backlog: 4, Retry: 1}})

	k := s.load()
	if k.Num != 2 || k.Mark != 9 || len(k.Batches) != 3 {
		s.Fatalf("%d batches, number %d, mark %d; want 3, 2, 9", len(k.Batches), k.Num, k.Mark)
	}
	if !k.Batches[0].Added.Equal(s.now) {
		s.Errorf("added at %v, want %v", k.Batches[0].Added, s.now)
	}
	first.ID, k.Batches[0].Added = 1, s.now
	for i, want := range []engine.KeptBatch{
		{
			Batch: first, Read: 8, Counts: engine.Counts{Submitted: 8, Backlog: 3, Failed: 2, Cancelled: 1, Skipped: 2, Duplicate: 1, Invalid: 1},
			Hosts: []engine.KeptHost{{Host: "one.test", Waiting: 2, Failed: 1}, {Host: "six.test", Waiting: 1, Robots: true}, {Host: "two.test", Failed: 1}},
		},
		{
			Batch: engine.Batch{ID: 2, Priority: engine.Low}, Read: 5, Counts: engine.Counts{Submitted: 5, Cancelled: 5},
			Mark: 9, Marked: engine.Counts{Backlog: 4, Retry: 1},
			Hosts: []engine.KeptHost{{Host: "one.test", Waiting: 3}, {Host: "two.test", Waiting: 2}},
		},
		{Batch: engine.Batch{ID: 3}},
	} {
		got := k.Batches[i]
		got.Totals = engine.Totals{}
		if s.plain(got) != s.plain(want) {
			s.Errorf("batch %d is\n%s, want\n%s", i+1, s.plain(got), s.plain(want))
		}
		s.counts(got.ID, want.Counts)
	}
	if len(k.Due) > 0 {
		s.Errorf("%v wait for a retry: want none, they are cancelled", names(k.Due))
	}
	// Once they are not cancelled any more, everything goes on.
	s.change(all, engine.Change{Kind: engine.ChangeRestore}, moved{1: {Backlog: 1}, 2: {Backlog: 4, Retry: 1}})
	s.same("due", names(s.load().Due), []string{"b2 one.test/0"})
	order := map[string][]string{}
	for _, j := range s.lease(100) {
		key := fmt.Sprintf("b%d %s", j.Batch, j.Host)
		order[key] = append(order[key], strings.TrimPrefix(j.URL, "http://"+j.Host+"/"))
	}
	s.same("leased", order, map[string][]string{
		"b1 one.test": {"1", "2", "3"}, "b1 six.test": {""}, "b2 one.test": {"1", "2"}, "b2 two.test": {"0", "1"},
	})
}

// What an operator listed is known by it, however it ended; what a page linked
// to is not.
func testLoadListed(s *shelf) {
	jobs := func(origin string, urls ...string) iter.Seq2[engine.Job, error] {
		return func(yield func(engine.Job, error) bool) {
			for _, url := range urls {
				if !yield(engine.Job{URL: origin + url, Host: "one.test", Origin: origin, Fingerprint: origin + url}, nil) {
					return
				}
			}
		}
	}
	s.add(engine.Batch{}, jobs("http://one.test", "/a", "/b"), jobs("https://one.test", "/a"))
	out := s.lease(3)
	link := engine.Job{URL: "http://one.test:81/", Host: "one.test", Origin: "http://one.test:81", Fingerprint: "81"}
	other := engine.Job{URL: "http://two.test/", Host: "two.test", Fingerprint: "2"}
	err := s.Finish(s.Context(), []engine.Result{{
		Job: out[0].ID, Batch: 1, URL: out[0].URL, Host: "one.test", Num: 1, Outcome: engine.Failed, Links: []engine.Job{link, other},
	}}, nil)
	if err != nil {
		s.Fatalf("Finish: %v", err)
	}
	s.change(all, cancel(1), moved{1: {Backlog: 2}})
	got := s.load().Listed
	slices.Sort(got)
	s.same("listed", slices.Compact(got), []string{"http://one.test/a", "https://one.test/a"})
	s.add(engine.Batch{}, jobs("http://one.test:81", "/x"))
	got = s.load().Listed
	slices.Sort(got)
	s.same("listed", slices.Compact(got), []string{"http://one.test/a", "http://one.test:81/x", "https://one.test/a"})
}

// A list that was not read to its end is known, with how far it was read: what
// pages link to is no line of it.
func testLoadCut(s *shelf) {
	check := func(id engine.BatchID, lines int, cut bool) {
		s.Helper()
		if b := s.load().Batches[id-1]; b.Read != lines || b.Cut != cut {
			s.Errorf("batch %d: %d lines, cut %v; want %d, %v", id, b.Read, b.Cut, lines, cut)
		}
	}
	for id := engine.BatchID(1); id <= 2; id++ {
		ctx, cancel := context.WithCancelCause(s.Context())
		defer cancel(nil)
		_, err := s.AddBatch(ctx, engine.Batch{}, Chain(Jobs("one.test", 2), Jobs("one.test", 1), Bad(4), func(yield func(engine.Job, error) bool) {
			if id == 2 {
				cancel(errors.New("gone"))
			}
			yield(Job("one.test", 3), nil)
		}), nil)
		if (err != nil) != (id == 2) {
			s.Errorf("AddBatch: %v", err)
		}
	}
	check(1, 5, false)
	check(2, 4, true)
	j := s.leaseFor(1, engine.Want{Now: s.now, SkipBatches: map[engine.BatchID]struct{}{2: {}}})[0]
	err := s.Finish(s.Context(), []engine.Result{{
		Job: j.ID, Batch: 1, URL: j.URL, Host: j.Host, Num: 1, Outcome: engine.OK, Links: []engine.Job{Job("one.test", 9)},
	}}, nil)
	if err != nil {
		s.Fatalf("Finish: %v", err)
	}
	// The rest may come later, from where it was cut.
	s.add(engine.Batch{ID: 1}, Jobs("two.test", 1))
	check(1, 6, false)
}

// Whoever had leased jobs is no more when somebody loads.
func testLoadLeased(s *shelf) {
	s.add(engine.Batch{}, Jobs("one.test", 6), Jobs("two.test", 2))
	jobs := s.leases(6, "b1 one.test/0", "b1 two.test/0", "b1 one.test/1", "b1 two.test/1", "b1 one.test/2", "b1 one.test/3")
	late := jobs[2]
	late.Attempts, late.Retries, late.Due, late.Class = 1, 1, s.now.Add(time.Minute), engine.Timeout
	s.release(late)
	s.now = late.Due
	s.leases(1, "b1 one.test/4")
	s.leases(1, "b1 one.test/5")
	s.leases(1, "b1 one.test/1")
	s.release(jobs[5])
	s.change(engine.Selector{Jobs: []engine.JobID{jobs[3].ID}}, cancel(1), nil)
	s.counts(1, engine.Counts{Submitted: 8, Backlog: 1, InFlight: 7})
	k := s.load()
	want := engine.Counts{Submitted: 8, Backlog: 6, Retry: 1, Cancelled: 1}
	if got := k.Batches[0].Counts; got != want {
		s.Errorf("loaded %+v, want %+v", got, want)
	}
	s.same("hosts", k.Batches[0].Hosts, []engine.KeptHost{{Host: "one.test", Waiting: 6}, {Host: "two.test", Waiting: 1}})
	s.same("due", names(k.Due), []string{"b1 one.test/1"})
	s.counts(1, want)
	// To load again is to see the same.
	if again := s.load(); s.plain(again) != s.plain(k) {
		s.Errorf("loaded\n%s, and again\n%s", s.plain(k), s.plain(again))
	}
	s.restore(1, moved{1: {Backlog: 1}})
	order := map[string][]string{}
	for _, j := range s.lease(100) {
		order[j.Host] = append(order[j.Host], names([]engine.Job{j})...)
		if j.ID == late.ID && (j.Attempts != 1 || j.Retries != 1 || j.Class != engine.Timeout || !j.Due.Equal(late.Due)) {
			s.Errorf("came back as %+v, want it as it was put off", j)
		}
	}
	s.same("one.test", order["one.test"], []string{"b1 one.test/3", "b1 one.test/0", "b1 one.test/2", "b1 one.test/4", "b1 one.test/5", "b1 one.test/1"})
	s.same("two.test", order["two.test"], []string{"b1 two.test/0", "b1 two.test/1"})
	s.counts(1, engine.Counts{Submitted: 8, InFlight: 8})
}

func testLoadPaused(s *shelf) {
	pause := func(sel engine.Selector, p engine.Paused) {
		s.Helper()
		if _, err := s.Change(s.Context(), sel, engine.Change{Kind: engine.ChangePause, Paused: p}); err != nil {
			s.Fatalf("Change: %v", err)
		}
	}
	s.add(engine.Batch{}, Jobs("one.test", 4))
	s.add(engine.Batch{}, Jobs("two.test", 1))
	s.add(engine.Batch{}, Jobs("two.test", 1))
	jobs := s.lease(1)
	one := engine.Paused{At: s.now, What: "URL"}
	two := engine.Paused{At: s.now.Add(time.Second), What: "URL"}
	guard := engine.Paused{At: s.now.Add(time.Minute), What: "batch", Failed: 18, Of: 20}
	pause(engine.Selector{Jobs: []engine.JobID{1, 2}}, one)
	pause(engine.Selector{Jobs: []engine.JobID{2, 3, 4}}, two)
	pause(engine.Selector{Batch: 2}, guard)
	pause(engine.Selector{Batch: 3}, guard)
	s.change(engine.Selector{Batch: 3}, engine.Change{Kind: engine.ChangeResume}, nil)
	s.change(engine.Selector{Jobs: []engine.JobID{4}}, cancel(1), moved{1: {Backlog: 1}})
	s.paused(engine.ChangeResume, []engine.JobID{3}, []engine.JobID{3}, moved{1: {Backlog: 1}})
	k := s.load()
	for i, want := range []engine.Paused{{}, guard, {}} {
		if got := k.Batches[i].Paused; s.plain(got) != s.plain(want) {
			s.Errorf("batch %d is paused %+v, want %+v", i+1, got, want)
		}
	}
	var ids []engine.JobID
	for _, p := range k.Paused {
		ids = append(ids, p.Job.ID)
		want := map[engine.JobID]engine.Paused{1: one, 2: one, 4: two}[p.Job.ID]
		if s.plain(p.Paused) != s.plain(want) || p.Job.URL == "" || p.Job.Batch != 1 || p.Job.Host != "one.test" ||
			p.Cancelled != (p.Job.ID == 4) {
			s.Errorf("job %d is %+v, want it paused %+v", p.Job.ID, p, want)
		}
	}
	s.same("paused", ids, []engine.JobID{1, 2, 4})
	got := names(s.lease(100))
	slices.Sort(got)
	s.same("leased", got, []string{"b1 one.test/2", "b3 two.test/0"})
	// A job that ended is not paused any more.
	s.paused(engine.ChangeResume, []engine.JobID{1}, []engine.JobID{1}, moved{1: {Backlog: 1}})
	s.leases(1, names(jobs)...)
	s.change(engine.Selector{Batch: 1}, cancel(2), moved{1: {Backlog: 1}})
	if k = s.load(); len(k.Paused) != 2 || !k.Paused[0].Cancelled || !k.Paused[1].Cancelled {
		s.Errorf("paused are %+v, want two, cancelled with their batch", k.Paused)
	}
}

func testLoadDue(s *shelf) {
	s.add(engine.Batch{}, Jobs("one.test", 4))
	jobs := s.lease(3)
	for i := range jobs {
		j := &jobs[i]
		j.Due, j.Attempts, j.Retries, j.Waited, j.Class = s.now.Add(time.Duration(3-i)*time.Minute), 2, 1, s.now, engine.Reset
	}
	s.release(jobs...)
	k := s.load()
	if len(k.Due) != 3 {
		s.Fatalf("%d wait for a retry, want 3", len(k.Due))
	}
	for i, j := range k.Due {
		want := jobs[i]
		if !j.Due.Equal(want.Due) || !j.Waited.Equal(want.Waited) {
			s.Errorf("job %d is due %v and waits since %v, want %v and %v", j.ID, j.Due, j.Waited, want.Due, want.Waited)
		}
		j.Due, j.Waited = want.Due, want.Waited
		if j != want {
			s.Errorf("due is\n%+v, want\n%+v", j, want)
		}
	}
	s.leases(100, "b1 one.test/3")
	s.now = s.now.Add(time.Hour)
	s.leases(100, "b1 one.test/2", "b1 one.test/1", "b1 one.test/0")
}

// When the clock has gone back, a job that was put off for a minute does not
// wait for an hour.
func testLoadEarlier(s *shelf) {
	s.add(engine.Batch{}, Jobs("one.test", 4))
	jobs := s.lease(4)
	for i, off := range []time.Duration{3 * time.Minute, time.Minute, -time.Minute, 2 * time.Minute} {
		jobs[i].Waited, jobs[i].Due = s.now, s.now.Add(off)
	}
	jobs[3].Waited = time.Time{}
	s.release(jobs...)
	s.now = s.now.Add(time.Second)
	s.load() // the clock went on: they are due when they were
	s.now = s.now.Add(-time.Hour)
	k := s.load()
	for i, want := range []time.Time{s.now.Add(3 * time.Minute), s.now.Add(time.Minute), s.now, jobs[3].Due} {
		if len(k.Due) != 4 || !k.Due[i].Due.Equal(want) {
			s.Fatalf("due %+v, want job %d at %v", k.Due, i+1, want)
		}
	}
	s.leases(100, "b1 one.test/2")
	s.now = s.now.Add(time.Minute)
	s.leases(100, "b1 one.test/1")
	s.now = s.now.Add(2*time.Minute - 1)
	s.leases(100)
	s.now = s.now.Add(1)
	s.leases(100, "b1 one.test/0")
	s.now = jobs[3].Due
	s.leases(100, "b1 one.test/3") // since when it waits is not known
}

// What results add up to is kept with them: a retry's result counts too.
func testLoadTotals(s *shelf) {
	s.add(engine.Batch{}, Jobs("one.test", 3))
	s.add(engine.Batch{}, Jobs("one.test", 1))
	end := func(o engine.Outcome, c engine.Class, rows, filled int) {
		s.Helper()
		j := s.lease(1)[0]
		s.num++
		r := engine.Result{Job: j.ID, Batch: j.Batch, URL: j.URL, Host: j.Host, Num: s.num, Outcome: o, Class: c}
		for range rows {
			r.Records = append(r.Records, engine.Record{{Name: "a", Value: "x"}})
		}
		if filled >= 0 {
			r.Fill = []engine.FieldFill{{Field: "a", Filled: filled, Records: rows}, {Field: "b", Records: rows}}
		}
		if err := s.Finish(s.Context(), []engine.Result{r}, nil); err != nil {
			s.Fatalf("Finish: %v", err)
		}
	}
	end(engine.OK, "", 3, 2)
	end(engine.Failed, engine.Timeout, 0, -1) // batch 2
	end(engine.Failed, engine.Reset, 1, -1)
	end(engine.Empty, "", 5, 5)
	s.change(engine.Selector{Batch: 1}, retry(1), moved{1: {Failed: 1, Empty: 1}})
	end(engine.OK, "", 2, 1)
	k := s.load()
	for i, want := range []engine.Totals{
		{
			Rows:    11,
			Classes: []engine.ClassCount{{Outcome: engine.OK, Results: 2}, {Outcome: engine.Empty, Results: 1}, {Outcome: engine.Failed, Class: engine.Reset, Results: 1}},
			Fill:    []engine.FieldFill{{Field: "a", Filled: 8, Records: 10}, {Field: "b", Records: 10}},
		},
		{Classes: []engine.ClassCount{{Outcome: engine.Failed, Class: engine.Timeout, Results: 1}}},
	} {
		if got := k.Batches[i].Totals; s.plain(got) != s.plain(want) {
			s.Errorf("batch %d adds up to\n%s, want\n%s", i+1, s.plain(got), s.plain(want))
		}
	}
	if k.Num != 5 {
		s.Errorf("highest number %d, want 5", k.Num)
	}
	s.same("hosts", k.Batches[0].Hosts, []engine.KeptHost{{Host: "one.test", Waiting: 1}})
}
