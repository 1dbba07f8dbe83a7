package sqlite_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	sqlite3 "modernc.org/sqlite/lib"

	"weir/engine"
	"weir/engine/enginetest"
	"weir/engine/sqlite"
)

// named reports whether err says what is wrong with a file in a word that
// callers know, and which file.
func named(err error) bool {
	e, ok := errors.AsType[*sqlite.Error](err)
	if !ok || e.Path == "" || e.Cause == "" {
		return false
	}
	for _, kind := range []error{sqlite.ErrFull, sqlite.ErrIO, sqlite.ErrReadOnly, sqlite.ErrDamaged, sqlite.ErrForeign, sqlite.ErrLocked, sqlite.ErrClosed} {
		if errors.Is(err, kind) {
			return true
		}
	}
	return false
}

// faults are the ways of a disk to fail that a store has to live with. nth is
// set by whoever goes through the calls.
var faults = []struct {
	name string
	fault
	step int  // of the calls, one in so many fails: all take half a minute (WEIR_TEST_ALL=1)
	cut  bool // the power goes with it
	any  bool // and what was not synced is there or not, by chance
}{
	{name: "one change fails", fault: fault{calls: changes}, step: 1},
	{name: "one call of the others fails", fault: fault{calls: everything &^ changes}, step: 4},
	{name: "one write is half done", fault: fault{calls: callWrite, torn: true}, step: 2},
	{name: "the disk is full for once", fault: fault{calls: callWrite, code: sqlite3.SQLITE_FULL}, step: 3},
	{name: "the disk is full", fault: fault{calls: callWrite, code: sqlite3.SQLITE_FULL, stays: true}, step: 4},
	{name: "the disk is gone", fault: fault{calls: everything, stays: true}, step: 5},
	{name: "the power is cut", fault: fault{calls: changes, stays: true}, step: 2, cut: true},
	{name: "the power is cut, and some was written", fault: fault{calls: changes, stays: true, torn: true}, step: 2, cut: true, any: true},
}

// everyFault calls work with disks that fail in all ways of faults, at each
// call in turn, until there is none that has not failed. Then, with a healthy
// disk, it calls check. Both are in a bubble: nobody waits for a time.
func everyFault(t *testing.T, work, check func(t *testing.T, d *disk)) {
	for _, f := range faults {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			if os.Getenv("WEIR_TEST_ALL") != "" {
				f.step = 1
			}
			for nth := 1; ; nth += f.step * stride {
				d := newDisk(t)
				f.nth = nth
				d.fail(f.fault)
				synctest.Test(t, func(t *testing.T) { work(t, d) })
				calls, hit := d.heal()
				if f.cut {
					var chance *rand.Rand
					if f.any {
						chance = rand.New(rand.NewPCG(uint64(nth), 5))
					}
					if err := d.cutPower(chance); err != nil {
						t.Fatal(err)
					}
				}
				synctest.Test(t, func(t *testing.T) { check(t, d) })
				if t.Failed() {
					t.Fatalf("call %d, %s, failed", nth, hit)
				}
				if nth > calls {
					t.Logf("%d of %d calls failed in turn", (calls+f.step*stride-1)/(f.step*stride), calls)
					return
				}
				if err := os.RemoveAll(d.dir); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// A clerk works on a run and writes down what was acknowledged.
type clerk struct {
	*testing.T
	s     *sqlite.Store
	first error // of the store

	made      bool
	lists     []int // of each batch that was added, how many jobs it has
	about     int
	tried     int // about, too
	results   map[engine.JobID]engine.Result
	cancelled engine.JobID
	paused    engine.BatchID
}

// did notes an error: after the first there are only errors, which say the
// same. It reports whether there is none.
func (c *clerk) did(what string, err error) bool {
	c.Helper()
	switch {
	case err == nil && c.first != nil:
		c.Errorf("%s went well after %v", what, c.first)
	case err == nil:
		return true
	case !named(err):
		c.Errorf("%s: %v", what, err)
	case c.first == nil:
		c.first = err
	case err.Error() != c.first.Error():
		c.Errorf("%s: %v after %v", what, err, c.first)
	}
	return false
}

// work does something of everything that a store can do.
func (c *clerk) work(path string) {
	s, err := sqlite.Create(path, []byte("0"))
	if err != nil {
		if !named(err) {
			c.Errorf("Create: %v", err)
		}
		return
	}
	c.s, c.made, c.results = s, true, map[engine.JobID]engine.Result{}
	ctx := c.Context()
	text := "name: r\n"
	hash := sha256.Sum256([]byte(text))
	for i := range 2 {
		b := engine.Batch{Name: fmt.Sprint("list ", i), Recipe: engine.RecipeRef{Name: "r", Hash: hex.EncodeToString(hash[:])}, Text: text}
		added, err := s.AddBatch(ctx, b, enginetest.Chain(enginetest.Jobs("one.test", 4), enginetest.Jobs("two.test", 3+i), enginetest.Jobs("one.test", 1)), nil)
		if c.did("AddBatch", err) {
			c.lists = append(c.lists, added.New)
		}
	}
	var num uint64
	for round := range 3 {
		jobs, err := s.Next(ctx, 3, engine.Want{Now: time.Now()})
		if c.first == nil {
			_ = c.did("Next", err)
		}
		var rs []engine.Result
		for i, j := range jobs {
			if i == 2 {
				j.Due, j.Attempts = time.Now().Add(time.Hour), 1
				err := s.Release(ctx, []engine.Job{j})
				if c.first == nil {
					_ = c.did("Release", err)
				}
				continue
			}
			num++
			r := engine.Result{
				Job: j.ID, Batch: j.Batch, Num: num, URL: j.URL, Host: j.Host, Outcome: engine.OK, Attempts: 1,
				Records: []engine.Record{{{Name: "text", Value: strings.Repeat("long ", 10+2000*round)}}},
				Links:   []engine.Job{enginetest.Job("three.test", int(num)), j},
			}
			rs = append(rs, r)
		}
		if rs == nil {
			// Nothing to do is an error here: there are more jobs than that.
			rs = []engine.Result{{Job: 1, Batch: 1, Num: 1000, Outcome: engine.OK}}
			if c.first == nil {
				c.Error("Next has no jobs")
				return
			}
		}
		if c.did("Finish", s.Finish(ctx, rs, nil)) {
			for _, r := range rs {
				c.results[r.Job] = r
			}
		}
		c.tried = round + 1
		if c.did("SetAbout", s.SetAbout([]byte(strconv.Itoa(c.tried)))) {
			c.about = c.tried
		}
	}
	err = s.Keep(ctx, engine.State{Run: &engine.RunNotes{Workers: 7}, Hosts: []engine.HostState{{Host: "one.test", Refusals: 3}}})
	if c.first == nil {
		_ = c.did("Keep", err)
	}
	change := func(sel engine.Selector, ch engine.Change) bool {
		_, err := s.Change(ctx, sel, ch)
		if err == nil {
			err = s.Sync(ctx)
		}
		return c.did("Change", err)
	}
	if change(engine.Selector{Jobs: []engine.JobID{15}}, engine.Change{Kind: engine.ChangeCancel, Mark: 1}) {
		c.cancelled = 15
	}
	if change(engine.Selector{Batch: 2}, engine.Change{Kind: engine.ChangePause, Paused: engine.Paused{At: time.Now(), What: "batch"}}) {
		c.paused = 2
	}
	if err := s.Close(); c.first != nil && err == nil || err != nil && !named(err) {
		c.Errorf("Close: %v after %v", err, c.first)
	}
}

// laws are queries that answer 0 for every run of this work.
var laws = []string{
	"SELECT count(*) FROM result LEFT JOIN job ON job.id = result.job WHERE job.result IS NOT result.num OR NOT job.ended",
	"SELECT count(*) FROM job LEFT JOIN result ON result.num = job.result WHERE job.ended AND result.num IS NULL",
	"SELECT count(*) FROM result WHERE 1 != (SELECT count(*) FROM job WHERE url = 'http://three.test/' || num)", // its link
	"SELECT count(*) FROM job WHERE url LIKE 'http://three.test/%' AND substr(url, 19) NOT IN (SELECT num FROM result)",
	"SELECT count(*) FROM job WHERE batch NOT IN (SELECT id FROM batch)",
	"SELECT sum(jobs) - (SELECT count(*) FROM job) FROM batch",
	"SELECT sum(ok) - (SELECT count(*) FROM result) FROM batch",
}

// check looks for all of it in the file, which is healthy again.
func (c *clerk) check(path string, cut bool) {
	s, err := sqlite.Open(path)
	if !c.made { // Create failed: the file is gone, if the disk let it
		if err == nil {
			err = s.Close()
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) && !(cut && named(err)) {
			c.Errorf("Open after a Create that failed: %v", err)
		}
		return
	}
	if err != nil {
		c.Errorf("Open: %v", err)
		return
	}
	ctx := c.Context()
	if n, err := strconv.Atoi(string(s.About())); n < c.about || n > c.tried || err != nil {
		c.Errorf("About %d is kept, want %d to %d; %v", n, c.about, c.tried, err)
	}
	rs, err := s.Results(ctx, engine.Query{})
	if err != nil {
		c.Errorf("Results: %v", err)
	}
	here := map[string]bool{}
	for _, r := range rs {
		if want, ok := c.results[r.Job]; ok && (r.Num != want.Num || r.URL != want.URL || !reflect.DeepEqual(r.Records, want.Records)) {
			c.Errorf("result %d is another one", r.Num)
		}
		delete(c.results, r.Job)
		here[fmt.Sprint(r.Batch, r.URL)] = true
	}
	for id := range c.results {
		c.Errorf("the result of job %d, which Finish kept, is lost", id)
	}
	k, err := s.Load(ctx, time.Now())
	if err != nil {
		c.Errorf("Load: %v", err)
	}
	if len(k.Batches) < len(c.lists) {
		c.Errorf("%d batches, want the %d that were added", len(k.Batches), len(c.lists))
	}
	if c.paused != 0 && k.Batches[c.paused-1].Paused.At.IsZero() {
		c.Errorf("batch %d is not paused", c.paused)
	}
	if c.cancelled != 0 {
		if rs, err := s.Results(ctx, engine.Query{Outcomes: []engine.Outcome{engine.Cancelled}}); len(rs) != 1 || rs[0].Job != c.cancelled || err != nil {
			c.Errorf("cancelled are %v, %v; want job %d", rs, err, c.cancelled)
		}
	}
	// The rest of the run: every job once.
	for kind, sel := range map[engine.ChangeKind]engine.Selector{engine.ChangeRestore: {All: true}, engine.ChangeResume: {All: true}} {
		if _, err := s.Change(ctx, sel, engine.Change{Kind: kind}); err != nil {
			c.Errorf("Change: %v", err)
		}
	}
	for id := range k.Batches {
		if _, err := s.Change(ctx, engine.Selector{Batch: engine.BatchID(id + 1)}, engine.Change{Kind: engine.ChangeResume}); err != nil {
			c.Errorf("Change: %v", err)
		}
	}
	jobs, err := s.Next(ctx, 1000, engine.Want{Now: time.Now().Add(2 * time.Hour)})
	if err != nil {
		c.Errorf("Next: %v", err)
	}
	for _, j := range jobs {
		k := fmt.Sprint(j.Batch, j.URL)
		if here[k] {
			c.Errorf("job %d, %s, comes again", j.ID, k)
		}
		here[k] = true
	}
	for b, n := range c.lists {
		for host, most := range map[string]int{"one.test": 4, "two.test": n - 4} {
			for i := range most {
				if k := fmt.Sprint(b+1, enginetest.Job(host, i).URL); !here[k] {
					c.Errorf("%s, which AddBatch kept, is lost", k)
				}
			}
		}
	}
	if err := s.Close(); err != nil {
		c.Errorf("Close: %v", err)
	}
	said, err := sqlite.Ask(path, append([]string{"PRAGMA integrity_check"}, laws...)...)
	if err != nil || said[0] != "ok" {
		c.Errorf("integrity_check: %v, %v", said, err)
	}
	for i, law := range laws {
		if said[i+1] != "0" && said[i+1] != "" {
			c.Errorf("%s says %s", law, said[i+1])
		}
	}
}

// Whatever fails: the error has a name, and there is no other after it. What
// was acknowledged is in the file, and nothing is there in part: a result is
// there with its links and the end of its job, or not at all.
func TestStoreOnFailingDisk(t *testing.T) {
	clerks := sync.Map{} // by disk: the ways to fail go on at once
	work := func(t *testing.T, d *disk) {
		c := &clerk{T: t}
		clerks.Store(d, c)
		c.work(d.path("a.db"))
	}
	check := func(t *testing.T, d *disk) {
		v, _ := clerks.LoadAndDelete(d)
		c := v.(*clerk)
		c.T = t
		c.check(d.path("a.db"), d.cut)
	}
	everyFault(t, work, check)
}

// whole checks a file as SQLite does.
func whole(path string) error {
	said, err := sqlite.Ask(path, "PRAGMA integrity_check")
	if err == nil && said[0] != "ok" {
		err = fmt.Errorf("integrity_check: %s", said[0])
	}
	return err
}

// A new run costs one sync of its file, which comes before it has its name:
// when the power is cut later, all of it is there.
func TestCreateSyncsOnce(t *testing.T) {
	d := newDisk(t)
	path := d.path("a.db")
	d.fail(fault{calls: callSync})
	s, err := sqlite.Create(path, []byte("whole"))
	check(t, err)
	if syncs, _ := d.heal(); syncs != 1 {
		t.Errorf("%d syncs, want 1", syncs)
	}
	shut(t, s)
	check(t, d.cutPower(nil))
	s, err = sqlite.Open(path)
	check(t, err)
	if got := string(s.About()); got != "whole" {
		t.Errorf("About = %q", got)
	}
	shut(t, s)
	check(t, whole(path))
}
