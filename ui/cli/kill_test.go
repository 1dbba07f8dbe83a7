package cli_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestKill kills the program with SIGKILL at random moments of a run of 1,000
// URLs over four hosts, resumes the run, kills it again, and so on until it
// ends by itself, and then begins the next run. Every run must obey killLaws.
//
//	go test ./ui/cli -run 'TestKill$'                                   8 kills; CI makes 20 more
//	WEIR_KILLS=200 go test ./ui/cli -run 'TestKill$' -v -timeout 10m    the whole series
//	WEIR_KILL_SEED=7 go test ./ui/cli -run 'TestKill$'                  with these moments
//
// The moments are uniform over the time that an uninterrupted run takes, and
// every fifth is uniform over the time that the program takes to its first
// request, so that it hits the making or opening of the run's file. Every
// third run has lists that last nearly as long as the run itself, and another
// third has a pace. One process of five shows the screen.
//
// What can be seen from outside of the moment of a kill is what the program had
// said by then: its metrics, asked every 10 ms, which count a result when it is
// kept; the whole lines of -o; and its file, of which a copy is read before the
// next process opens it. What a run leaves stays behind with -artifacts.
func TestKill(t *testing.T) {
	t.Parallel()
	kills, seed := killSeries(t)
	want, pace := uninterrupted(t)
	t.Logf("seed %d; without a kill a run takes %v, %v of it to the first request", seed, pace.whole, pace.first)

	var total killTally
	t.Run("series", func(t *testing.T) {
		lanes := min(killLanes, kills)
		for lane := range lanes {
			t.Run(strconv.Itoa(lane), func(t *testing.T) {
				t.Parallel()
				moments := rand.New(rand.NewPCG(seed, uint64(lane)))
				left := kills / lanes
				if lane < kills%lanes {
					left++
				}
				for number := 0; left > 0; number++ {
					k := newKiller(t, fmt.Sprintf("%d-%d", lane, number), killKind(moments.IntN(int(killKinds))))
					k.run(t, pace, moments, &left)
					if _, err := k.tale.broken(k.kind.of(want)); err != nil {
						t.Errorf("run %s of seed %d:\n%v\n%s", k.name, seed, err, k.told())
					}
					total.add(&k.tale)
				}
			})
		}
	})
	t.Log(&total)
}

const (
	killWorkers = 5
	killLanes   = 2 // runs at once, if -parallel allows
	killMost    = 8 // kills of one run; then it may end
)

// killSeries returns how many kills are asked for, and the seed of their
// moments.
func killSeries(t *testing.T) (kills int, seed uint64) {
	t.Helper()
	kills, seed = 8, rand.Uint64()
	var err error
	if text := os.Getenv("WEIR_KILLS"); text != "" {
		if kills, err = strconv.Atoi(text); err != nil || kills < 1 {
			t.Fatalf("WEIR_KILLS=%s: want a number of kills", text)
		}
	}
	if text := os.Getenv("WEIR_KILL_SEED"); text != "" {
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatalf("WEIR_KILL_SEED=%s: want a number", text)
		}
	}
	return kills, seed
}

// A killKind is a way to run.
type killKind int

const (
	killPlain killKind = iota
	killPaced          // each host has an interval
	killLong           // the lists last
	killKinds
)

func (k killKind) String() string { return [...]string{"plain", "paced", "long lists"}[k] }

// A killPace is how long an uninterrupted run takes.
type killPace struct{ first, whole time.Duration }

// uninterrupted carries out a run without a kill.
func uninterrupted(t *testing.T) (*killRun, killPace) {
	t.Helper()
	k := newKiller(t, "whole", killPlain)
	begin := time.Now()
	k.live(t, false, -1)
	pace := killPace{whole: time.Since(begin), first: k.site.firstPage().Sub(begin)}
	k.end(t)
	if _, err := k.tale.broken(&k.tale); err != nil {
		t.Fatalf("without a kill:\n%v\n%s", err, k.told())
	}
	if n := len(slices.Collect(strings.Lines(k.tale.results))); n != killURLs || k.tale.ledger.Failed == 0 || k.tale.ledger.OK < killURLs*9/10 {
		t.Fatalf("without a kill: %d rows, ledger %+v\n%s", n, k.tale.ledger, k.told())
	}
	return &k.tale, pace
}

// A killer carries out one run.
type killer struct {
	name string
	kind killKind
	dir  string
	site *killSite
	tale killRun
	said []byte // by the last process on stderr
}

func newKiller(t *testing.T, name string, kind killKind) *killer {
	t.Helper()
	k := &killer{name: name, kind: kind, dir: filepath.Join(killFolder(t), name), site: newKillSite(t)}
	k.write(t, "rows.yaml", killRecipe)
	for host := range killHosts {
		list := k.site.list(host)
		if kind == killLong {
			var b strings.Builder
			for line := range strings.Lines(list) {
				b.WriteString(strings.Repeat(line, 1+killAgain))
			}
			list = b.String()
		}
		k.write(t, fmt.Sprintf("host%d.txt", host), list)
	}
	return k
}

// killFolder returns a folder for what runs leave. It is on a disk, where a
// commit takes its time: more kills come in the middle of one.
func killFolder(t *testing.T) string {
	t.Helper()
	if artifacts := flag.Lookup("test.artifacts"); artifacts.Value.String() == "true" {
		return t.ArtifactDir()
	}
	dir, err := os.MkdirTemp(filepath.Dir(program), "kill-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// killAgain is how often a list that lasts repeats each of its URLs.
const killAgain = 150

// of returns what a run of some kind comes to if a plain one comes to plain.
func (k killKind) of(plain *killRun) *killRun {
	want := *plain
	if k == killLong {
		again := killHosts * killListed * killAgain
		want.ledger.Submitted += again
		want.ledger.Skipped += again
		want.ledger.Duplicate += again
	}
	return &want
}

func (k *killer) path(name string) string { return filepath.Join(k.dir, name) }

func (k *killer) write(t *testing.T, name, text string) {
	t.Helper()
	if err := errors.Join(os.MkdirAll(k.dir, 0o777), os.WriteFile(k.path(name), []byte(text), 0o666)); err != nil {
		t.Fatal(err)
	}
}

// read returns a file, empty if it is not there, with neutral names of hosts.
func (k *killer) read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(k.path(name))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return k.site.neutral(string(text))
}

// run goes on until the run has ended by itself. left is how many kills are
// still to be made.
func (k *killer) run(t *testing.T, pace killPace, moments *rand.Rand, left *int) {
	t.Helper()
	for kills := 0; ; {
		after, screen := time.Duration(-1), false
		if *left > 0 && kills < killMost {
			span := pace.whole
			if moments.IntN(5) == 0 {
				span = pace.first
			}
			after = time.Duration(moments.Int64N(int64(span)))
			screen = moments.IntN(5) == 0
		}
		if !k.live(t, screen, after) {
			break
		}
		*left--
		kills++
	}
	k.end(t)
}

// live runs the program once: from the beginning if there is nothing to
// resume. It is killed after a while, unless that is below zero or the program
// has ended by then: then live returns false.
func (k *killer) live(t *testing.T, screen bool, after time.Duration) (killed bool) {
	t.Helper()
	number := len(k.tale.lives)
	k.site.next(number)
	args := []string{"resume", "run.db"}
	if number == 0 || !k.tale.last().began {
		args = k.command()
	}
	p := k.start(t, screen, args)
	killed, k.tale.code = p.end(t, after)
	k.site.settle(t)
	l := killedLife{counted: p.heard, output: k.read(t, "results.jsonl")}
	l.what = fmt.Sprintf("life %d (%s, %s)", number, args[0], k.kind)
	if killed {
		l.what = fmt.Sprintf("life %d (%s, %s, killed after %v)", number, args[0], k.kind, after)
	}
	if i := strings.LastIndexByte(l.output, '\n'); killed {
		l.output = l.output[:i+1]
	}
	l.began, l.kept, l.check = k.look(t)
	k.said = p.said()
	ended := false
	for line := range bytes.Lines(k.said) {
		var e struct {
			Event  string
			Counts killLedger
		}
		if json.Unmarshal(line, &e) == nil && e.Event == "end" {
			k.tale.ledger, ended = e.Counts, true
		}
	}
	// A kill may come when all is written and noted, and the process is not
	// gone yet: then there is nothing to resume.
	k.tale.over = !killed && !ended && bytes.Contains(k.said, []byte("run.db has ended: "))
	k.tale.lives = append(k.tale.lives, l)
	if !killed && k.tale.code > 1 {
		k.tale.asked = k.site.requests()
		t.Fatalf("run %s did not go on:\n%s", k.name, k.told())
	}
	return killed
}

// command is the one that begins the run.
func (k *killer) command() []string {
	args := []string{
		"-r", "rows.yaml", "-w", strconv.Itoa(killWorkers), "-i", "0", "--retries", "1",
		"--store", "run.db", "-o", "results.jsonl", "--records", "rows.csv",
	}
	if k.kind == killPaced {
		args = append(args, "-i", "4ms", "--throttle", "off")
	}
	for host := range killHosts {
		args = append(args, fmt.Sprintf("host%d.txt", host))
	}
	return args
}

// end looks at what a run that ended by itself has left.
func (k *killer) end(t *testing.T) {
	t.Helper()
	r := &k.tale
	r.asked, r.results, r.records = k.site.requests(), k.read(t, "results.jsonl"), k.read(t, "rows.csv")
	p := k.start(t, false, []string{"export", "run.db", "-o", "export.jsonl", "--records", "export.csv"})
	if _, code := p.end(t, -1); code != 0 {
		t.Fatalf("weir export: exit code %d\n%s", code, p.said())
	}
	r.exported, r.rexport = k.read(t, "export.jsonl"), k.read(t, "export.csv")
}

// told is what happened, for people.
func (k *killer) told() string {
	var b strings.Builder
	for i, hit := range k.tale.hits() {
		l := &k.tale.lives[i]
		fmt.Fprintf(&b, "%s: %d counted, %d kept, %d in flight\n", l.what, l.counted, len(l.kept), hit)
	}
	fmt.Fprintf(&b, "exit code %d; the last one wrote\n%s", k.tale.code, k.said)
	return b.String()
}

// A killTally is what a series came to.
type killTally struct {
	mu                        sync.Mutex
	runs, kills, kept, unmade int
	hits                      []int // pages in flight, of each kill
}

func (c *killTally) add(r *killRun) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.runs++
	c.kills += len(r.lives) - 1
	for i, hit := range r.hits()[:len(r.lives)-1] {
		c.hits = append(c.hits, hit)
		c.kept += len(r.lives[i].kept)
		if !r.lives[i].began {
			c.unmade++
		}
	}
}

func (c *killTally) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	slices.Sort(c.hits)
	n := len(c.hits)
	if n == 0 {
		return "no kill"
	}
	return fmt.Sprintf("%d kills in %d runs, %d before there was a file; results kept when a kill came: %d on average; pages in flight then: median %d, most %d",
		c.kills, c.runs, c.unmade, c.kept/n, c.hits[n/2], c.hits[n-1])
}
