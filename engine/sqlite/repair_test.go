package sqlite_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"weir/engine/sqlite"
)

// sampleRows are queries for the rows of each table, with their keys: those
// columns that Repair leaves as they were, if it finds the row.
var sampleRows = map[string]string{
	"meta":   "SELECT name, value FROM meta",
	"recipe": "SELECT hash, quote(hex(text)) FROM recipe",
	"batch":  "SELECT id, name, recipe, recipe_hash, priority, interval, added, mark, paused, duplicate, invalid, lines, cut, totals FROM batch",
	"site":   "SELECT * FROM site",
	"job":    "SELECT id, batch, site, url, depth, waited, fingerprint, hex(carry) FROM job",
	"result": "SELECT * FROM result",
	"host":   "SELECT * FROM host",
	"origin": "SELECT * FROM origin",
	"output": "SELECT * FROM output",
}

// sampleLaws are queries that answer 0, or ok, for every run.
var sampleLaws = []string{
	"PRAGMA integrity_check",
	"SELECT count(*) FROM result WHERE job NOT IN (SELECT id FROM job)",
	"SELECT count(*) FROM job WHERE batch NOT IN (SELECT id FROM batch)",
	"SELECT count(*) FROM job WHERE site NOT IN (SELECT id FROM site)",
	"SELECT count(*) FROM result WHERE site NOT IN (SELECT id FROM site)",
	"SELECT count(*) FROM job WHERE ended AND (result IS NULL OR result NOT IN (SELECT num FROM result))",
	"SELECT count(*) FROM job WHERE instr(CAST(url AS BLOB), x'00')",
	"SELECT count(*) - max(id) FROM batch",
	"SELECT ifnull(count(*) - max(id), 0) FROM site",
	"SELECT sum(jobs) - (SELECT count(*) FROM job) FROM batch",
}

const (
	sampleJobs    = 120
	sampleResults = 80
)

// sample makes a run with rows in every table, some of them longer than a
// page, and returns where it is.
func sample(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "sample.db")
	s, err := sqlite.Create(path, []byte(`{"command":"weir run"}`))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(3, 4))
	var sql strings.Builder
	sql.WriteString("BEGIN;")
	for b := range 3 {
		text := fmt.Sprintf("name: recipe-%d\n%s", b, strings.Repeat("# a line of it\n", 100*b))
		hash := fmt.Sprintf("%x", sha256.Sum256([]byte(text)))
		fmt.Fprintf(&sql, "INSERT INTO recipe VALUES ('%s', '%s');", hash, text)
		fmt.Fprintf(&sql, `INSERT INTO batch (id, name, recipe, recipe_hash, priority, interval, added, duplicate, invalid, lines, cut)
			VALUES (%d, 'list-%d.txt', 'recipe-%[2]d', '%s', %[2]d, 0, 1700000000000000000, 3, 4, 107, 0);`, b+1, b, hash)
	}
	for i := range 20 {
		fmt.Fprintf(&sql, `INSERT INTO host VALUES ('more%d.test:80', '{"host":"more%[1]d.test:80","why":"%s"}');`, i, strings.Repeat("z", 600))
	}
	for i := range 5 {
		fmt.Fprintf(&sql, "INSERT INTO site VALUES (%d, 'h%d.test:80', 'http://h%[2]d.test:80');", i+1, i)
		fmt.Fprintf(&sql, `INSERT INTO host VALUES ('h%d.test:80', '{"host":"h%[1]d.test:80","refusals":%[1]d,"why":"%s"}');`, i, strings.Repeat("x", 600))
		fmt.Fprintf(&sql, `INSERT INTO origin VALUES ('http://h%d.test:80', '{"origin":"http://h%[1]d.test:80","rules":"%s"}');`, i, strings.Repeat("AbCd", rng.IntN(3000)))
		fmt.Fprintf(&sql, `INSERT INTO output VALUES ('/some/where/%d.jsonl', %[1]d, %[1]d000);`, i)
	}
	for i := range 40 { // to be deleted: what is left of them in the file is nothing of the run
		fmt.Fprintf(&sql, `INSERT INTO host VALUES ('gone%d.test:80', '{"host":"gone%[1]d.test:80","why":"%s"}');`, i, strings.Repeat("y", 700))
	}
	num := 0
	for i := range sampleJobs {
		site := i%5 + 1
		ended := i%3 > 0
		carry := "NULL"
		if i%17 == 0 {
			carry = fmt.Sprintf("'%s'", strings.Repeat(fmt.Sprint(i), 4*i))
		}
		if ended {
			num++
			records := fmt.Sprintf(`[{"a":"%s","n":%d}]`, strings.Repeat("text ", rng.IntN(100)), i)
			if i%10 == 1 {
				records = fmt.Sprintf(`[{"a":"%s"}]`, strings.Repeat("long ", 1000+rng.IntN(2000)))
			}
			fmt.Fprintf(&sql, `INSERT INTO result VALUES (%d, %d, %d, %d, 1, NULL, 200, 0, 1, 1234, 5678, '2026-11-26T05:00:00.5Z',
				1, 0, NULL, NULL, NULL, 'A page', '{"dns":1}', '[]', '[["Age","0"]]', NULL, '%s', NULL);`, num, i+1, i%3+1, site, records)
			fmt.Fprintf(&sql, `INSERT INTO job (id, batch, site, url, depth, waited, ended, outcome, result, carry)
				VALUES (%d, %d, %d, 'http://h%d.test/page/%[1]d', 0, 1700000000000000000, 1, 1, %[5]d, %[6]s);`, i+1, i%3+1, site, site-1, num, carry)
		} else {
			fmt.Fprintf(&sql, `INSERT INTO job (id, batch, site, url, depth, waited, carry, fingerprint)
				VALUES (%d, %d, %d, 'http://h%d.test/page/%[1]d?b&a', 0, 1700000000000000000, %[5]s, 'http://h%[4]d.test/page/%[1]d?a&b');`, i+1, i%3+1, site, site-1, carry)
		}
	}
	sql.WriteString("DELETE FROM host WHERE host LIKE 'gone%'; UPDATE batch SET jobs = 40, ok = (SELECT count(*) FROM job WHERE batch = batch.id AND ended); COMMIT; PRAGMA wal_checkpoint(TRUNCATE)")
	if err := sqlite.Exec(path, sql.String()); err != nil {
		t.Fatal(err)
	}
	return path
}

// dump returns the rows of a run by table and key, and how each of its jobs
// ended.
func dump(t testing.TB, path string) (rows, ends map[string]string) {
	t.Helper()
	tables := slices.Sorted(maps.Keys(sampleRows))
	var sqls []string
	for _, table := range tables {
		sqls = append(sqls, sampleRows[table])
	}
	said, err := sqlite.Ask(path, append(append(sqls, "SELECT id, ended, outcome, result FROM job"), sampleLaws...)...)
	if err != nil {
		t.Fatal(err)
	}
	rows, ends = map[string]string{}, map[string]string{}
	put := func(into map[string]string, table, said string) {
		for line := range strings.Lines(said) {
			k, row, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "|")
			into[table+" "+k] = row
		}
	}
	for i, table := range tables {
		put(rows, table, said[i])
	}
	put(ends, "job", said[len(tables)])
	for i, law := range sampleLaws {
		if said := said[len(tables)+1+i]; said != "ok" && said != "0" {
			t.Errorf("%s: %s says %s", path, law, said)
		}
	}
	return rows, ends
}

func TestRepairOfAWholeFile(t *testing.T) {
	path := sample(t)
	to := filepath.Join(t.TempDir(), "to.db")
	got, err := sqlite.Repair(t.Context(), path, to)
	if err != nil {
		t.Fatalf("Repair: %v", err)
	}
	if !got.Whole() || got.Batches != 3 || got.Jobs != sampleJobs || got.Results != sampleResults || got.Pages < 50 {
		t.Errorf("Repair = %+v; want all of 3 batches, %d jobs and %d results", got, sampleJobs, sampleResults)
	}
	for table := range sampleRows { // columns that dump leaves out, too
		all := "SELECT * FROM " + table
		want, err := sqlite.Ask(path, all)
		check(t, err)
		if got, err := sqlite.Ask(to, all, "PRAGMA integrity_check"); err != nil || got[0] != want[0] || got[1] != "ok" {
			t.Errorf("%s is\n%s\n%v, want\n%s", table, got, err, want)
		}
	}
}

// difference names the rows that two runs do not have in common.
func difference(a, b map[string]string) (keys []string) {
	for k := range maps.Keys(a) {
		if row, ok := b[k]; !ok || row != a[k] {
			keys = append(keys, k)
		}
	}
	for k := range b {
		if _, ok := a[k]; !ok {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	return keys
}

// A judge knows what a run was, and says whether what was made of it after
// some damage is all that there was.
type judge struct {
	rows, ends map[string]string
	was        []map[string]string // what the rows were before
	places     map[string]sqlite.Place
	pages      int
	free       []uint32 // pages of the list of free ones
}

// freeLost reports whether a page of the list of free ones is lost.
func (j *judge) freeLost(lost func(page uint32) bool) bool { return slices.ContainsFunc(j.free, lost) }

// known reports whether a row was once as it is now.
func (j *judge) known(k, row string) bool {
	return j.rows[k] == row || slices.ContainsFunc(j.was, func(was map[string]string) bool { return was[k] == row })
}

func judgeOf(t *testing.T, path string) *judge {
	t.Helper()
	var j judge
	j.rows, j.ends = dump(t, path)
	j.places, j.free, j.pages = sqlite.Places(t, path)
	if len(j.free) == 0 {
		t.Fatal("no page is free")
	}
	if len(j.rows) != len(j.places) {
		t.Fatalf("%d rows in %d places", len(j.rows), len(j.places))
	}
	return &j
}

// verdict compares what was made with what there was. lost says which pages
// were lost; wrong is how many rows may be other than they were.
func (j *judge) verdict(t *testing.T, to string, got sqlite.Repaired, lost func(page uint32) bool, wrong int) {
	t.Helper()
	rows, ends := dump(t, to)
	missing, other := 0, 0
	for k, at := range j.places {
		if lost(at.Page) || slices.ContainsFunc(at.More, lost) {
			continue
		}
		if rows[k] != j.rows[k] {
			if missing++; missing > wrong {
				t.Errorf("%s, which stands on page %d, is\n%.300s, want\n%.300s", k, at.Page, rows[k], j.rows[k])
			}
		}
	}
	var stray, made, again int
	for k, row := range rows {
		table, key, _ := strings.Cut(k, " ")
		switch {
		case table == "job" && strings.Contains(row, "|stray "):
			stray++
		case table == "batch" && strings.HasPrefix(row, "recovered "+key):
			made++
		case strings.HasPrefix(k, "host gone") && (lost(1) || j.freeLost(lost) || j.was != nil):
			// It is not known any more that it was deleted.
		case !j.known(k, row):
			if other++; other > wrong {
				t.Errorf("%s is\n%.300s, and was\n%.300s", k, row, j.rows[k])
			}
		}
	}
	for k, end := range ends {
		_, result, _ := strings.Cut(j.ends[k], "1|1|")
		if _, kept := rows["result "+result]; result != "" && !kept {
			again++
			if end != "0|0|" && j.was == nil {
				t.Errorf("%s, whose result %s is lost, is %s", k, result, end)
			}
		} else if end != j.ends[k] && wrong == 0 && j.was == nil {
			t.Errorf("%s is %s, and was %s", k, end, j.ends[k])
		}
	}
	if wrong == 0 && j.was == nil && (got.Stray != stray || got.Made != made || got.Again != again) {
		t.Errorf("Repair = %+v; there are %d stray, %d made, %d again", got, stray, made, again)
	}
}

// repair repairs a file of these bytes on a disk that costs nothing.
func repair(t *testing.T, main, log []byte) (to string, got sqlite.Repaired, err error) {
	t.Helper()
	d := newDisk(t)
	check(t, os.WriteFile(d.path("damaged.db"), main, 0o400))
	if log != nil {
		check(t, os.WriteFile(d.path("damaged.db-wal"), log, 0o400))
	}
	got, err = sqlite.Repair(t.Context(), d.path("damaged.db"), d.path("to.db"))
	if now, e := os.ReadFile(d.path("damaged.db")); !bytes.Equal(now, main) || e != nil {
		t.Errorf("the damaged file has changed: %v", e)
	}
	return d.path("to.db"), got, err
}

const pageBytes = 4096

// Whatever happens to one page: the rows of all others are there, as they
// were, and none besides. Where a bit was changed, one row is another one at
// most: nothing in a row tells.
func TestRepairOfEachPage(t *testing.T) {
	path := sample(t)
	j := judgeOf(t, path)
	main, err := os.ReadFile(path)
	check(t, err)
	flip := func(page []byte, rng *rand.Rand) {
		// Most bits at the beginning say where things are.
		at := rng.IntN([]int{12, 100, pageBytes}[rng.IntN(3)])
		page[at] ^= 1 << rng.IntN(8)
	}
	for _, tc := range []struct {
		name   string
		damage func(page []byte, rng *rand.Rand)
		every  int // page, or fewer; all take a minute
		wrong  int
	}{
		{"zeroed", func(page []byte, _ *rand.Rand) { clear(page) }, 1, 0},
		{"noise", func(page []byte, rng *rand.Rand) {
			for i := range page {
				page[i] = byte(rng.Uint32())
			}
		}, 4, 0},
		{"half of it noise", func(page []byte, rng *rand.Rand) {
			for i := range page[:pageBytes/2] {
				page[i] = byte(rng.Uint32())
			}
		}, 3, 0},
		{"a bit flipped", flip, 2, 1},
		// What ends or begins in it may be another row.
		{"a sector zeroed", func(page []byte, rng *rand.Rand) { clear(page[512*rng.IntN(8):][:512]) }, 2, 2},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			for n := 0; n < j.pages; n += tc.every * stride {
				rng := rand.New(rand.NewPCG(uint64(n), uint64(len(tc.name))))
				hurt := bytes.Clone(main)
				tc.damage(hurt[n*pageBytes:][:pageBytes], rng)
				to, got, err := repair(t, hurt, nil)
				if err != nil {
					t.Fatalf("page %d: Repair: %v", n+1, err)
				}
				j.verdict(t, to, got, func(page uint32) bool { return page == uint32(n+1) }, tc.wrong)
				if t.Failed() {
					t.Fatalf("page %d was damaged: %+v", n+1, got)
				}
			}
		})
	}
}

// What a cut leaves is there.
func TestRepairOfCutFile(t *testing.T) {
	path := sample(t)
	j := judgeOf(t, path)
	main, err := os.ReadFile(path)
	check(t, err)
	for from, more := range []int{0, 100, pageBytes / 2, pageBytes - 1} {
		t.Run(fmt.Sprint(more), func(t *testing.T) {
			t.Parallel()
			for n := from; n < j.pages; n += 5 * stride {
				size := n*pageBytes + more
				to, got, err := repair(t, main[:size], nil)
				lost := func(page uint32) bool { return page > uint32(n) }
				if err != nil {
					if !errors.Is(err, sqlite.ErrForeign) || !named(err) {
						t.Fatalf("cut to %d bytes: Repair: %v", size, err)
					}
					for k, at := range j.places {
						if kind, _, _ := strings.Cut(k, " "); !lost(at.Page) && slices.Contains([]string{"batch", "job", "result"}, kind) {
							t.Fatalf("cut to %d bytes: %v, but %s is there", size, err, k)
						}
					}
					continue
				}
				j.verdict(t, to, got, lost, 0)
				if got.Pages != j.pages || got.Unread < j.pages-n-1 {
					t.Errorf("Repair = %+v, want %d pages, of them at least %d unread", got, j.pages, j.pages-n-1)
				}
				if t.Failed() {
					t.Fatalf("cut to %d bytes: %+v", size, got)
				}
			}
		})
	}
}

// ended returns how long the log is without what was in it before it began
// anew.
func ended(log []byte) int {
	const frame = 24 + pageBytes
	n := 32
	for n+frame <= len(log) && bytes.Equal(log[n+8:n+16], log[16:24]) {
		n += frame
	}
	return n
}

// The log beside a file has what is not in the file yet. Cut anywhere, it says
// what SQLite takes from it: what was committed by then. With a part of it
// broken, what comes behind is there too, and the older rows where that part
// was.
func TestRepairOfLog(t *testing.T) {
	t.Parallel()
	path := sample(t)
	r, err := sqlite.Read(path) // as long as it is there, the log is not put into the file
	check(t, err)
	t.Cleanup(func() { check(t, r.Close()) })
	// What was in the log before it began anew still stands behind its end.
	check(t, sqlite.Exec(path, "UPDATE result SET records = replace(records, 'e', 'E'), title = 'Another page'; UPDATE host SET state = replace(state, 'zz', 'yy'); UPDATE origin SET state = replace(state, 'Ab', 'aB'); UPDATE job SET waited = waited + 1"))
	check(t, sqlite.Exec(path, "PRAGMA wal_checkpoint(RESTART)"))
	main, err := os.ReadFile(path)
	check(t, err)
	rows, _ := dump(t, path)
	was := []map[string]string{rows}
	sizes := []int{0} // of the log with each
	var log []byte
	for i := range 3 {
		check(t, sqlite.Exec(path, fmt.Sprintf(`BEGIN;
			UPDATE job SET depth = %[1]d, fingerprint = url || hex(zeroblob(100)) WHERE id %% 20 = %[1]d;
			INSERT INTO job (id, batch, site, url, depth) VALUES (%[2]d, 1, 1, 'http://h0.test/more/%[1]d', 1);
			INSERT INTO result SELECT 1000 + %[1]d, %[2]d, batch, site, outcome, class, status, unchanged, attempts, bytes, elapsed, fetched,
				records_n, findings_n, finding, error, final, title, timing, history, header, findings, records, exact FROM result WHERE num = %[1]d + 1;
			UPDATE job SET ended = 1, outcome = 1, result = 1000 + %[1]d WHERE id = %[2]d;
			UPDATE batch SET jobs = jobs + 1, ok = ok + 1 WHERE id = 1;
			REPLACE INTO meta VALUES ('about', 'v%[1]d');
			COMMIT`, i, sampleJobs+1+i)))
		rows, _ = dump(t, path)
		was = append(was, rows)
		log, err = os.ReadFile(path + "-wal")
		check(t, err)
		sizes = append(sizes, ended(log))
	}
	twin := filepath.Join(t.TempDir(), "twin.db")
	check(t, os.WriteFile(twin, main, 0o600))
	check(t, os.WriteFile(twin+"-wal", log, 0o600))
	j := &judge{was: was}
	j.places, j.free, j.pages = sqlite.Places(t, twin)
	j.rows = was[len(was)-1]
	const frame = 24 + pageBytes
	frames := (ended(log) - 32) / frame
	if behind := (len(log) - ended(log)) / frame; behind < 10 {
		t.Fatalf("the log has %d old frames behind its end, want more", behind)
	}

	t.Run("whole", func(t *testing.T) {
		to, got, err := repair(t, main, log)
		check(t, err)
		if rows, _ := dump(t, to); !maps.Equal(rows, j.rows) || !got.Whole() {
			t.Errorf("Repair = %+v; rows differ: %v", got, difference(rows, j.rows))
		}
	})
	t.Run("cut", func(t *testing.T) {
		for n := 0; n <= frames; n += stride {
			for _, more := range []int{0, frame - 1} {
				size := min(32+n*frame+more, len(log))
				to, got, err := repair(t, main, log[:size])
				check(t, err)
				commits := 0
				for commits+1 < len(sizes) && sizes[commits+1] <= size {
					commits++
				}
				if rows, _ := dump(t, to); !maps.Equal(rows, was[commits]) || !got.Whole() {
					t.Fatalf("cut to %d bytes, which have %d commits: %+v; rows differ: %v", size, commits, got, difference(rows, was[commits]))
				}
			}
		}
	})
	t.Run("a frame is noise, or has a bit flipped", func(t *testing.T) {
		for n := 0; n < frames; n += stride {
			hurt := bytes.Clone(log)
			rng := rand.New(rand.NewPCG(uint64(n), 8))
			at := hurt[32+n*frame:][:frame]
			page := binary.BigEndian.Uint32(at)
			if n%2 == 0 {
				at[24+pageBytes-30] ^= 4
			} else {
				for i := range at[24:] {
					at[24+i] = byte(rng.Uint32())
				}
			}
			to, got, err := repair(t, main, hurt)
			check(t, err)
			j.verdict(t, to, got, func(p uint32) bool { return p == page }, 0)
			rows, _ := dump(t, to)
			for k := range was[0] {
				at := j.places[k]
				if _, ok := rows[k]; !ok && at.Page == page && at.More == nil {
					t.Errorf("%s is not there, not as it was before", k)
				}
			}
			if t.Failed() {
				t.Fatalf("frame %d of page %d was damaged: %+v", n, page, got)
			}
		}
	})
	t.Run("its header is gone", func(t *testing.T) {
		hurt := bytes.Clone(log)
		clear(hurt[:32])
		page := binary.BigEndian.Uint32(hurt[32:])
		to, got, err := repair(t, main, hurt)
		check(t, err)
		j.verdict(t, to, got, func(p uint32) bool { return p == page }, 0)
	})
}

// What the rows say that were found does not always agree.
func TestRepairMends(t *testing.T) {
	path := sample(t)
	for _, tc := range []struct {
		name, harm, ask, want string
		got                   sqlite.Repaired // apart from what is there
	}{
		{
			"two results of a job", "UPDATE result SET job = 2 WHERE num = 2; UPDATE job SET ended = 0, result = NULL WHERE id = 3",
			"SELECT num FROM result WHERE job = 2", "2",
			sqlite.Repaired{},
		},
		{
			"a job does not know of its result", "UPDATE job SET ended = 0, outcome = 0, result = NULL, due = 1, mark = 3 WHERE id = 2",
			"SELECT ended, outcome, result, due, mark FROM job WHERE id = 2", "1|1|1||0",
			sqlite.Repaired{},
		},
		{
			"a job waits for a retry", "UPDATE job SET ended = 0, due = 1 WHERE id = 2",
			"SELECT ended, outcome, result, due FROM job WHERE id = 2", "0|1|1|1",
			sqlite.Repaired{},
		},
		{
			"and its result is lost", "UPDATE job SET ended = 0, due = 1 WHERE id = 2; DELETE FROM result WHERE num = 1",
			"SELECT ended, outcome, result, due FROM job WHERE id = 2", "0|0||1",
			sqlite.Repaired{},
		},
		{
			"a result is lost", "DELETE FROM result WHERE num = 1",
			"SELECT ended, outcome, result FROM job WHERE id = 2", "0|0|",
			sqlite.Repaired{Again: 1},
		},
		{
			"a result is no JSON", `UPDATE result SET history = '[{"x":' WHERE num = 1`,
			"SELECT ended FROM job WHERE id = 2", "0",
			sqlite.Repaired{Again: 1, Broken: 1},
		},
		{
			"no outcome", "UPDATE result SET outcome = 77 WHERE num = 1",
			"SELECT ended FROM job WHERE id = 2", "0",
			sqlite.Repaired{Again: 1, Broken: 1},
		},
		{
			"no outcome of a job", "UPDATE job SET outcome = 0 WHERE id = 2",
			"SELECT ended, result FROM job WHERE id = 2", "0|",
			sqlite.Repaired{Again: 1},
		},
		{
			"a time that is none", "UPDATE result SET fetched = 'noon' WHERE num = 1",
			"SELECT fetched FROM result WHERE num = 1", "",
			sqlite.Repaired{},
		},
		{
			"a job is lost", "DELETE FROM job WHERE id = 2",
			"SELECT batch, site, url, ended, outcome, result FROM job WHERE id = 2", "2|2||1|1|1",
			sqlite.Repaired{Stray: 1},
		},
		{
			"a job that waits is lost", "DELETE FROM job WHERE id = 1",
			"SELECT count(*) FROM job WHERE id = 1", "0",
			sqlite.Repaired{Missing: 1},
		},
		{
			"an id that no job can have", "INSERT INTO job (id, batch, site, url, depth) VALUES (4000000000, 1, 1, 'http://h0.test/', 0)",
			"SELECT max(id) FROM job", fmt.Sprint(sampleJobs),
			sqlite.Repaired{Broken: 1},
		},
		{
			"a URL with a hole", "UPDATE job SET url = 'http://h0.test/' || char(0) || 'x' WHERE id = 1",
			"SELECT count(*) FROM job WHERE id = 1", "0",
			sqlite.Repaired{Broken: 1, Missing: 1},
		},
		{
			"a batch that there cannot be", "UPDATE job SET batch = 4000000000 WHERE id = 1",
			"SELECT count(*) FROM batch", "3",
			sqlite.Repaired{Broken: 1, Missing: 1},
		},
		{
			"a batch is lost", "DELETE FROM batch WHERE id = 2",
			"SELECT name, jobs, ok, paused LIKE '{\"At\":%' FROM batch WHERE id = 2",
			fmt.Sprintf("recovered 2|%d|%d|1", sampleJobs/3, sampleJobs/3),
			sqlite.Repaired{Made: 1},
		},
		{
			"a site is lost", "DELETE FROM site WHERE id = 2",
			"SELECT host, origin FROM site WHERE id = 2", "h1.test:80|http://h1.test:80",
			sqlite.Repaired{},
		},
		{
			"a site that there cannot be", "UPDATE job SET site = 4000000000 WHERE id = 1",
			"SELECT count(*) FROM site", "5",
			sqlite.Repaired{Broken: 1, Missing: 1},
		},
		{
			"a pause is no JSON", "UPDATE batch SET paused = '{', totals = '[' WHERE id = 2; UPDATE job SET paused = 'x' WHERE id = 1",
			"SELECT b.paused, b.totals, j.paused FROM batch b, job j WHERE b.id = 2 AND j.id = 1", "||",
			sqlite.Repaired{},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			main, err := os.ReadFile(path)
			check(t, err)
			hurt := filepath.Join(t.TempDir(), "hurt.db")
			check(t, os.WriteFile(hurt, main, 0o600))
			check(t, sqlite.Exec(hurt, tc.harm))
			main, err = os.ReadFile(hurt)
			check(t, err)
			to, got, err := repair(t, main, nil)
			check(t, err)
			dump(t, to) // and its laws hold
			said, err := sqlite.Ask(to, tc.ask)
			check(t, err)
			if said[0] != tc.want {
				t.Errorf("%s says %s, want %s", tc.ask, said[0], tc.want)
			}
			tc.got.Batches, tc.got.Jobs, tc.got.Results, tc.got.Pages = got.Batches, got.Jobs, got.Results, got.Pages
			if got != tc.got {
				t.Errorf("Repair = %+v, want %+v", got, tc.got)
			}
		})
	}
}

// Whatever a file has: Repair ends, and makes a run that can be opened or says
// that there is none.
func FuzzRepair(f *testing.F) {
	path := sample(f)
	main, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	// The header and half a page each of what is of the run.
	f.Add(main[:pageBytes], []byte{})
	f.Add(main[3*pageBytes:][:5*pageBytes], []byte("log"))
	f.Add([]byte{}, main[:200])
	f.Fuzz(func(t *testing.T, main, log []byte) {
		to, got, err := repair(t, main, log)
		if err != nil {
			if !errors.Is(err, sqlite.ErrForeign) || got.Batches > 0 {
				t.Errorf("Repair = %+v, %v", got, err)
			}
			return
		}
		if err := whole(to); err != nil {
			t.Error(err)
		}
		s, err := sqlite.Open(to)
		if err != nil {
			t.Fatalf("Open: %v", err)
		}
		check(t, s.Close())
	})
}
