// Peers compares weir's whole program with what else does the same work, in
// pages a second, CPU and memory. It is a module of its own, so that none of
// them is a dependency of weir:
//
//	cd scrape/testdata/peers && go run . [-rounds 5] [-sizes 8k,60k] [-workers 5,50] [-peers weir,colly,bare,tuned,scrapy]
//	cd scrape/testdata/peers && go run . -rounds 15 -sizes 8k -peers weir,weir-nostore
//	cd scrape/testdata/peers && go run . -memory
//
// The pages are served from memory over loopback by this process. Every peer is
// a process of its own that reads a list of URLs, fetches them without pace and
// writes one line of JSON for each row of each page; its CPU is what the system
// counts for it. Each round runs all of them one after the other, and the table
// shows the medians. The rows of a peer must be those that weir found, or it is
// no comparison and the program fails.
//
// The peer weir keeps its run on disk, as it does by default, and weir-nostore
// in memory.
//
// Scrapy is Debian's (apt-get install python3-scrapy) and is left out where it
// is not installed.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"hash/fnv"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"
)

var loops = map[string]func(urls []string, workers int, out *os.File) error{
	"bare": bare, "tuned": tuned, "colly": collyLoop,
}

func main() {
	if len(os.Args) == 6 && os.Args[1] == "loop" {
		if err := loop(os.Args[2], os.Args[3], os.Args[4], os.Args[5]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	rounds := flag.Int("rounds", 5, "runs of each peer")
	size := flag.String("sizes", "8k,60k", "sizes of page")
	workers := flag.String("workers", "5,50", "requests at once")
	names := flag.String("peers", "weir,colly,bare,tuned,scrapy", "who runs")
	scale := flag.Float64("scale", 1, "of the number of pages")
	memory := flag.Bool("memory", false, "compare the memory of 1,000 and 100,000 URLs instead")
	binary := flag.String("weir", "", "weir's binary (default: built from this tree)")
	keep := flag.String("env", "", "NAME=VALUE for weir, such as GODEBUG=gctrace=1")
	flag.Parse()
	if err := run(*rounds, *size, *workers, *names, *scale, *memory, *binary, *keep); err != nil {
		fmt.Fprintln(os.Stderr, "peers:", err)
		os.Exit(1)
	}
}

// loop is what a peer written in Go does, in its own process.
func loop(name, list, workers, out string) error {
	text, err := os.ReadFile(list)
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(workers)
	if err != nil {
		return err
	}
	f, err := os.Create(out)
	if err != nil {
		return err
	}
	defer f.Close()
	return loops[name](strings.Fields(string(text)), n, f)
}

// A bench has what all measurements share.
type bench struct {
	site *site
	dir  string
	weir string
	env  string
}

func run(rounds int, size, workers, names string, scale float64, memory bool, binary, env string) error {
	dir, err := os.MkdirTemp("", "peers")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	b := bench{dir: dir, weir: binary, env: env}
	if b.weir == "" {
		b.weir = filepath.Join(dir, "weir")
		build := exec.Command("go", "build", "-o", b.weir, ".")
		build.Dir = "../../.."
		if out, err := build.CombinedOutput(); err != nil {
			return fmt.Errorf("build weir: %w\n%s", err, out)
		}
	}
	if b.site, err = newSite(); err != nil {
		return err
	}
	defer b.site.srv.Close()
	if memory {
		return b.memory()
	}
	peers := strings.Split(names, ",")
	if i := slices.Index(peers, "scrapy"); i >= 0 {
		if _, err := exec.LookPath("/usr/bin/scrapy"); err != nil {
			fmt.Println("scrapy is not installed: left out")
			peers = slices.Delete(peers, i, i+1)
		}
	}
	for _, s := range sizes {
		if !slices.Contains(strings.Split(size, ","), s.name) {
			continue
		}
		for _, w := range strings.Split(workers, ",") {
			if err := b.compare(s, w, peers, rounds, scale); err != nil {
				return err
			}
		}
	}
	return nil
}

// pages is how many pages a peer is given: enough for a second or two.
func pages(peer string, s size, scale float64) int {
	n := 300_000 / s.rows
	if peer == "scrapy" {
		n = 30_000 / s.rows
	}
	return max(int(float64(n)*scale), 10)
}

// compare runs all peers in turn and prints the medians, and what those of the
// first make of those of the others.
func (b *bench) compare(s size, workers string, peers []string, rounds int, scale float64) error {
	runs := map[string][]figures{}
	for range rounds {
		for _, p := range peers {
			f, err := b.one(p, s, pages(p, s, scale), workers)
			if err != nil {
				return fmt.Errorf("%s: %w", p, err)
			}
			runs[p] = append(runs[p], f)
		}
	}
	t := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(t, "\n%s, %s at once\tpages/s\tCPU s/1,000\tMB\t%[3]s's pages/s\t%[3]s's CPU\t\n", s.name, workers, peers[0])
	first := median(runs[peers[0]])
	for _, p := range peers {
		m := median(runs[p])
		fmt.Fprintf(t, "%s\t%.0f\t%.3f\t%d\t", p, m.rate, m.cpu, m.rss>>20)
		fmt.Fprintf(t, "%.2fx\t1/%.2f\t\n", first.rate/m.rate, m.cpu/first.cpu)
	}
	return t.Flush()
}

// Figures are what one run took.
type figures struct {
	rate float64 // pages/s
	cpu  float64 // seconds for 1,000 pages
	rss  int64   // bytes, at the peak
}

func median(fs []figures) figures {
	if len(fs) == 0 {
		return figures{}
	}
	pick := func(of func(figures) float64) float64 {
		var all []float64
		for _, f := range fs {
			all = append(all, of(f))
		}
		slices.Sort(all)
		return all[len(all)/2]
	}
	return figures{
		rate: pick(func(f figures) float64 { return f.rate }),
		cpu:  pick(func(f figures) float64 { return f.cpu }),
		rss:  int64(pick(func(f figures) float64 { return float64(f.rss) })),
	}
}

// one runs a peer over n pages and checks what it wrote.
func (b *bench) one(peer string, s size, n int, workers string) (figures, error) {
	list, out := filepath.Join(b.dir, "urls.txt"), filepath.Join(b.dir, "out.jsonl")
	if err := os.WriteFile(list, b.site.list(s.name, n), 0o644); err != nil {
		return figures{}, err
	}
	os.Remove(out) // Scrapy appends
	var cmd *exec.Cmd
	switch peer {
	case "weir", "weir-nostore":
		cmd = exec.Command(b.weir, "-r", "rota.yaml", "--headless", "-i", "0", "-w", workers, "--records", out, list)
		if peer == "weir-nostore" {
			cmd.Args = append(cmd.Args, "--no-store")
		}
		cmd.Env = append(os.Environ(), "XDG_STATE_HOME="+filepath.Join(b.dir, "state"), b.env)
	case "scrapy":
		cmd = exec.Command("/usr/bin/python3", "spider.py", list, workers, out)
	default:
		self, err := os.Executable()
		if err != nil {
			return figures{}, err
		}
		cmd = exec.Command(self, "loop", peer, list, workers, out)
	}
	f, err := took(cmd, n)
	if err != nil {
		return f, err
	}
	return f, check(out, s, n)
}

// took runs a command and returns what it took for n pages.
func took(cmd *exec.Cmd, n int) (figures, error) {
	var said bytes.Buffer
	cmd.Stderr = &said
	begun := time.Now()
	err := cmd.Run()
	wall := time.Since(begun)
	if err != nil {
		return figures{}, fmt.Errorf("%w\n%s", err, said.Bytes())
	}
	state := cmd.ProcessState
	return figures{
		rate: float64(n) / wall.Seconds(),
		cpu:  (state.UserTime() + state.SystemTime()).Seconds() / float64(n) * 1000,
		rss:  state.SysUsage().(*syscall.Rusage).Maxrss << 10,
	}, nil
}

// check compares the rows in a file with what the pages hold. The order of the
// pages is free, that of the rows on a page is not.
func check(out string, s size, n int) error {
	f, err := os.Open(out)
	if err != nil {
		return err
	}
	defer f.Close()
	rows, sums := map[string]int{}, map[string]uint64{}
	in := bufio.NewScanner(f)
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		var r record
		if err := json.Unmarshal(in.Bytes(), &r); err != nil {
			return err
		}
		h := fnv.New64a()
		fmt.Fprintf(h, "%x\x00%s\x00%s\x00%s\x00%s", sums[r.URL], r.Date, r.Shift, r.Person, r.Pager)
		sums[r.URL] = h.Sum64()
		rows[r.URL]++
	}
	if err := in.Err(); err != nil {
		return err
	}
	if len(rows) != n {
		return fmt.Errorf("rows of %d pages, want %d", len(rows), n)
	}
	for url, got := range rows {
		number, err := strconv.Atoi(url[strings.LastIndexByte(url, '/')+1:])
		if err != nil {
			return err
		}
		if want := s.sum(number % variants); got != s.rows || sums[url] != want {
			return fmt.Errorf("%s: %d rows with sum %x, want %d with %x", url, got, sums[url], s.rows, want)
		}
	}
	return nil
}

// sum is that of the rows of a page, made without looking at the page.
func (s size) sum(variant int) (sum uint64) {
	for i := range s.rows {
		n := variant*1000 + i
		h := fnv.New64a()
		fmt.Fprintf(h, "%x\x002025-11-%02d\x00Early & late %d\x00Okafor, Chidi %d\x00555-%04d", sum, 1+i%30, n%7, n, n%10000)
		sum = h.Sum64()
	}
	return sum
}

// memory compares the peaks of a short and a long list. The recipe reads one
// heading of each page, so that results need little.
func (b *bench) memory() error {
	recipe := filepath.Join(b.dir, "none.yaml")
	if err := os.WriteFile(recipe, []byte("name: none\nfields: {head: {select: h1}}\n"), 0o644); err != nil {
		return err
	}
	var peaks []int64
	for _, n := range []int{1000, 100_000} {
		list := filepath.Join(b.dir, "urls.txt")
		if err := os.WriteFile(list, b.site.list("8k", n), 0o644); err != nil {
			return err
		}
		f, err := took(exec.Command(b.weir, "-r", recipe, "--headless", "-i", "0", "-w", "50", "--records", filepath.Join(b.dir, "out.jsonl"), list), n)
		if err != nil {
			return err
		}
		fmt.Printf("%7d URLs: peak %4d MB, %.0f pages/s, %.3f CPU s/1,000\n", n, f.rss>>20, f.rate, f.cpu)
		peaks = append(peaks, f.rss)
	}
	if len(peaks) != 2 {
		return errors.New("no figures")
	}
	fmt.Printf("%.2fx, %.0f bytes for each URL more\n", float64(peaks[1])/float64(peaks[0]), float64(peaks[1]-peaks[0])/99_000)
	return nil
}
