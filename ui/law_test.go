package ui

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"weir/engine"
)

// The law of the screen: whatever a run, its pages and an operator do, in a
// terminal of any size, a frame has its size, its header, its footer, and
// nothing in it that could move the cursor.

// foreignText is what words of pages are made of in these tests: wide,
// combining and conjoining characters, right to left, clusters that terminals
// measure in different ways, controls, and glyphs of the screen itself.
var foreignText = slices.Concat(nasty, []string{
	"שלום", "مرحبا", "﷽", "\u2067rtl\u2069", "กำ", "ก็", "ᄀ\u1161\u11a8", "각", "ｶﾞ", "Ａ", "𒐫", "Z͑ͫ̓̇̇\u0334\u0335", "1️⃣", "☺️", "☺︎", "🏳️‍🌈", "👨🏿‍🚀", "🇩",
	"\u00ad", "\u2028", "\u2029", "\u0085", "\u180e", "\u3000", "\u00a0", "\u0600", "\u115f", "\uffa0", "\U0001f3fb", "\U000e0100", "┃", "╯", "█", "▸", "…", "\x1b", "\x1b]52;c;eA==\x07",
	"\x1b[31m", "\x1b[m", "\x9b", "\x90", "\xed\xa0\x80", "\xf4\x90\x80\x80", "日本語", "a", "http://", "/", "  ", "\v\f",
})

// A chance makes what the law is tried on.
type chance struct {
	*rand.Rand
	ended *uint64 // results so far
	bits  int     // of the largest numbers
}

// word is a text that a page could have written: mostly short, at times empty,
// at times of 10,000 characters.
func (c chance) word() string {
	n := c.IntN(12)
	if c.IntN(40) == 0 {
		n = 10_000
	}
	var b strings.Builder
	for i := 0; i < n; i++ {
		if c.IntN(3) == 0 {
			b.WriteString(foreignText[c.IntN(len(foreignText))])
		} else {
			b.WriteByte(byte('a' + c.IntN(26)))
		}
	}
	return b.String()
}

// number is a count of any length.
func (c chance) number() int { return c.IntN(1 << c.IntN(c.bits)) }

func (c chance) time() time.Time { return noon.Add(c.duration()) }

func (c chance) duration() time.Duration { return time.Duration(c.Int64N(1<<c.IntN(60))) - time.Second }

func (c chance) reason() engine.Reason {
	at := c.time()
	return [...]engine.Reason{
		nil,
		engine.PaceWait{Next: at, Interval: c.duration(), Crawl: c.IntN(3) == 0, Slowed: c.IntN(3) == 0},
		engine.ServerAsked{Until: at, Asked: c.duration(), Status: c.IntN(1000), Parked: c.IntN(2) == 0},
		engine.ServerBusy{Until: at, Status: c.IntN(1000), Refusals: c.number()},
		engine.QuotaSpent{Until: at, Parked: c.IntN(2) == 0},
		engine.RetryWait{Due: at, Class: engine.Class(c.word()), Retry: c.IntN(9)},
		engine.HostDown{Until: at, Class: engine.Class(c.word()), Failures: c.IntN(99), Probes: c.IntN(9)},
		engine.RobotsDown{Until: at, Class: engine.Class(c.word()), Status: c.IntN(600)},
		engine.RobotsWait{},
		engine.TurnOut{Since: at},
		engine.Probing{},
		engine.Draining{},
		engine.Crowding{InFlight: c.number()},
		engine.WorkersBusy{Workers: c.number()},
		engine.RateWait{Next: at},
		engine.Paused{At: at, What: c.word(), Failed: c.IntN(20), Of: c.IntN(30)},
		engine.HopWait{Host: c.word(), Login: c.IntN(2) == 0, Due: at},
		engine.QueueWait{Len: c.number(), Cap: c.number()},
	}[c.IntN(18)]
}

func (c chance) counts() engine.Counts {
	n := engine.Counts{
		Backlog: c.number(), Queued: c.number(), Retry: c.number(), InFlight: c.number(),
		OK: c.number(), Empty: c.number(), Failed: c.number(), Skipped: c.number(), Cancelled: c.number(),
	}
	n.Submitted = n.Ended() + n.Left()
	return n
}

func (c chance) fill() (all []engine.FieldFill) {
	for range c.IntN(30) {
		n := 1 + c.number()
		all = append(all, engine.FieldFill{Field: c.word(), Records: n, Filled: c.IntN(n + 1)})
	}
	return all
}

// stats are the numbers of a run that is in any state.
func (c chance) stats() engine.Stats {
	s := engine.Stats{
		At: c.time(), Active: c.duration(), State: engine.RunState(c.IntN(int(engine.RunCancelled) + 1)), Paused: engine.Paused{At: c.time(), What: c.word()},
		Counts: c.counts(), Workers: c.number(), Busy: c.number(), QueueLen: c.number(), QueueCap: c.number(), Hits: uint64(c.number()),
		HitRate: float64(c.number()) / 8, Rate: float64(c.number()) / 64, ETA: c.duration(),
		Limit: engine.Limit{Kind: engine.LimitKind(c.IntN(9)), Hosts: c.number(), Waiting: c.number(), Jobs: c.number(), Next: c.time(), Host: c.word(), Reason: c.reason()},
	}
	if c.IntN(8) == 0 {
		s.Trouble = engine.ErrStore.Error() + ": sqlite: /" + c.word() + ": " + c.word()
	}
	for i := range s.History {
		s.History[i] = float64(c.number()) / 64
	}
	for i := range c.IntN(9) {
		s.Slots = append(s.Slots, engine.WorkerStats{
			Num: i + 1, Phase: engine.Phase(c.IntN(int(engine.PhaseExtract) + 1)), Since: c.time(), Job: engine.JobID(c.IntN(40)), Batch: engine.BatchID(c.IntN(4)),
			URL: c.word(), Host: c.word(), Attempt: c.IntN(9), Most: c.IntN(9),
		})
	}
	for i := range c.IntN(9) {
		b := engine.BatchStats{
			Batch: engine.Batch{ID: engine.BatchID(i + 1), Name: c.word(), Lines: c.number(), Recipe: engine.RecipeRef{Name: c.word()}, Priority: engine.Priority(c.IntN(3) - 1)},
			State: engine.BatchState(c.IntN(5)), Counts: c.counts(), ETA: c.duration(), Rows: c.number(), Fill: c.fill(), Before: c.fill(),
		}
		if b.State == engine.BatchPaused {
			b.Paused = engine.Paused{At: c.time(), What: "batch", Failed: c.IntN(20), Of: c.IntN(30)}
		}
		s.Batches = append(s.Batches, b)
	}
	for i := range c.IntN(30) {
		h := engine.HostStats{
			Host: fmt.Sprintf("%02d", i) + c.word(), Interval: c.duration(), Set: c.duration(), Rate: float64(c.number()) / 64, Waiting: c.number(), InFlight: c.IntN(9),
			Failed: c.number(), Down: c.IntN(9) == 0, Reason: c.reason(), Phase: engine.Phase(c.IntN(int(engine.PhaseExtract) + 1)), Since: c.time(),
		}
		for range c.IntN(5) {
			h.Changes = append(h.Changes, engine.PaceChange{At: c.time(), From: c.duration(), To: c.duration(), Until: c.time(), Why: c.word()})
		}
		s.Hosts = append(s.Hosts, h)
	}
	for range c.IntN(3) {
		s.Undo = append(s.Undo, engine.Done{Action: engine.ActInterval, At: c.time(), Selector: engine.Selector{Host: c.word()}, From: c.word(), To: c.word(), Queued: c.number()})
	}
	return s
}

// jobs are states of some of 40 jobs, each once.
func (c chance) jobs() (jobs []engine.JobState) {
	for _, n := range c.Perm(40)[:c.IntN(20)] {
		j := engine.JobState{
			ID: engine.JobID(n + 1), Batch: engine.BatchID(1 + c.IntN(4)), URL: c.word(), Host: c.word(), Place: engine.Backlog + engine.Place(c.IntN(5)), Status: c.IntN(1000),
			Elapsed: max(c.duration(), 0), Bytes: int64(c.number()), Records: c.IntN(1 << 30), Attempts: c.IntN(99), Title: c.word(), Why: c.word(),
		}
		if j.Place == engine.Ended {
			*c.ended++
			j.Num, j.Outcome, j.Class, j.Ended = *c.ended, engine.Outcome(1+c.IntN(5)), engine.Class(c.word()), c.time()
		} else {
			j.Reason = c.reason()
		}
		jobs = append(jobs, j)
	}
	return jobs
}

func (c chance) log() (lines []engine.LogLine) {
	for range c.IntN(4) {
		lines = append(lines, engine.LogLine{At: c.time(), Level: engine.Level(c.IntN(3)), Text: c.word()})
	}
	return lines
}

// size is that of any terminal, with a liking for those where a form begins.
func (c chance) size() tea.WindowSizeMsg {
	s := tea.WindowSizeMsg{Width: 1 + c.IntN(250), Height: 1 + c.IntN(70)}
	if edge := [...]int{24, 59, 60, 61, 79, 80, 99, 100, 101, 110, 120}; c.IntN(2) == 0 {
		s.Width = edge[c.IntN(len(edge))]
	}
	if edge := [...]int{8, 14, 15, 16, 24, 27, 28, 29, 36}; c.IntN(2) == 0 {
		s.Height = edge[c.IntN(len(edge))]
	}
	return s
}

// op is anything that a run, a terminal or an operator may do to a screen.
func (c chance) op(s *stage) (what string, do func()) {
	tell := func(what string, msg tea.Msg) (string, func()) { return what, func() { s.tell(msg) } }
	switch c.IntN(12) {
	case 0:
		size := c.size()
		return tell(fmt.Sprintf("size %dx%d", size.Width, size.Height), size)
	case 1, 2:
		return tell("view", viewMsg{view: &engine.View{Full: c.IntN(9) == 0, Stats: c.stats(), Jobs: c.jobs(), Log: c.log(), LogDropped: uint64(c.number())}})
	case 3:
		return tell("paste", tea.PasteMsg{Content: c.word() + strings.Repeat("\n"+c.word(), c.IntN(5))})
	case 4:
		x, y := c.IntN(s.w+2), c.IntN(s.h+2)
		return fmt.Sprintf("click %d,%d", x, y), func() {
			s.tell(tea.MouseClickMsg{X: x, Y: y, Button: tea.MouseLeft})
			s.tell(tea.MouseMotionMsg{X: c.IntN(s.w + 2), Y: c.IntN(s.h + 2), Button: tea.MouseLeft})
			s.tell(tea.MouseReleaseMsg{X: x, Y: y})
		}
	case 5:
		return tell("wheel", tea.MouseWheelMsg{X: c.IntN(s.w), Y: c.IntN(s.h), Button: [...]tea.MouseButton{tea.MouseWheelUp, tea.MouseWheelDown}[c.IntN(2)]})
	case 6:
		return [...]func() (string, func()){
			func() (string, func()) { return tell("blur", tea.BlurMsg{}) },
			func() (string, func()) { return tell("focus", tea.FocusMsg{}) },
			func() (string, func()) { return tell("toast", toastMsg{engine.Level(c.IntN(3)), c.word()}) },
			func() (string, func()) { return tell("error", doneMsg{err: errors.New(c.word())}) },
			func() (string, func()) { return "wait", func() { s.rest(time.Second) } },
		}[c.IntN(5)]()
	}
	if s.dialogs.any() && c.IntN(4) == 0 {
		return "key esc", func() { s.press("esc") }
	}
	key := [...]string{"esc", "enter", "y", "n", "ctrl+o", "ctrl+u", "backspace", "left", "right", "世", "\u202e", "x1"}[c.IntN(12)]
	if c.IntN(4) > 0 {
		keys := s.keys[c.IntN(len(s.keys))].key.Keys()
		if len(keys) == 0 {
			return "nothing", func() {}
		}
		key = keys[c.IntN(len(keys))]
	}
	return "key " + strconv.Quote(key), func() {
		s.press(key)
		if s.dialogs.any() && c.IntN(2) == 0 {
			s.rest(grace)
		}
	}
}

// lawless says what of the law a frame breaks; empty: nothing.
func lawless(s *stage) string {
	frame := s.View()
	for _, c := range sgr.ReplaceAllString(frame.Content, "") + frame.WindowTitle {
		if c != '\n' && odd(c) || c == unicode.ReplacementChar && s.th.ASCII {
			return fmt.Sprintf("it holds %U", c)
		}
	}
	lines := strings.Split(ansi.Strip(frame.Content), "\n")
	if len(lines) != s.h {
		return fmt.Sprintf("it has %d lines, want %d", len(lines), s.h)
	}
	for i, line := range lines {
		if wc, cells := ansi.WcWidth.StringWidth(line), ansi.StringWidth(line); max(wc, cells) > s.w {
			return fmt.Sprintf("line %d is %d or %d cells wide, want at most %d", i+1, cells, wc, s.w)
		}
	}
	if formOf(s.w, s.h) == cardForm {
		return ""
	}
	for i, begins := range []string{" ", " workers ", " ok ", " limited by "} {
		if i == 1 && s.w < 80 {
			begins = " " + count(s.stats.Counts.Ended()) + "/"
		}
		if !strings.HasPrefix(lines[i], begins) {
			return fmt.Sprintf("line %d of the header does not begin with %q", i+1, begins)
		}
	}
	want := "? help  q quit"
	switch {
	case s.filtering:
		want = "esc clear it"
	case s.results.open != 0: // as the drawing has it
		want = "? help"
	}
	if foot := strings.TrimRight(lines[len(lines)-1], " "); !strings.HasSuffix(foot, want) {
		return fmt.Sprintf("the footer does not end with %q", want)
	}
	return ""
}

// saidKinds are what a screen tells its program beside its frames: what is
// written to the terminal for them is no page's.
var saidKinds = []string{"tea.setClipboardMsg", "tea.SuspendMsg"}

// walk does so many things to a screen and checks every frame. The same seed
// makes the same walk.
func walk(t *testing.T, seed uint64, steps int) {
	synctest.Test(t, func(t *testing.T) {
		c := chance{rand.New(rand.NewPCG(seed, 26)), new(uint64), 11}
		var err error
		if c.IntN(3) == 0 { // a store of so many results is not read to its end
			c.bits, err = 36, errors.New(c.word())
		}
		size := c.size()
		s := newStage(t, scene{stats: c.stats(), jobs: c.jobs(), log: c.log(), focus: panel(1 + c.IntN(4))}, size.Width, size.Height).subscribed()
		s.fake.err, s.detail.bodies = err, mirror{name: c.word()}
		s.deps.Exporter = &files{there: map[string]int{"weir.jsonl": 7}}
		s.deps.Name, s.deps.Planner = c.word(), &naming{name: c.word()}
		s.deps.Kept, s.deps.Saving, s.deps.ReadOnly = c.word(), c.word(), c.IntN(8) == 0
		s.th = NewTheme(c.IntN(2) == 0, c.IntN(4) == 0).Called(ThemeNames()[c.IntN(len(ThemeNames()))])
		for id := range engine.JobID(40) {
			r := hostileResult(c.Rand)
			r.Job, r.Num, r.Title = id+1, uint64(id)+1, c.word()
			s.fake.results = append(s.fake.results, r)
			s.fake.waits = append(s.fake.waits, engine.WaitingJob{ID: id + 1, URL: c.word()})
		}
		did := []string{"size " + fmt.Sprint(size)}
		for range steps {
			what, do := c.op(s)
			did = append(did, what)
			do()
			s.rest(0)
			for _, said := range s.said {
				if kind := fmt.Sprintf("%T", said); !slices.Contains(saidKinds, kind) {
					t.Fatalf("seed %d: the program is told %s, %q, after %s", seed, kind, said, what)
				}
			}
			s.said = nil
			if broken := lawless(s); broken != "" {
				t.Fatalf("seed %d: %s\nafter %s:\n%s", seed, broken, strings.Join(did, ", "), ansi.Strip(s.View().Content))
			}
		}
	})
}

// Walks are few in go test; WEIR_WALKS=10000 takes more of them.
func TestLawOfTheScreen(t *testing.T) {
	t.Parallel()
	walks := 24
	if more, err := strconv.Atoi(os.Getenv("WEIR_WALKS")); err == nil {
		walks = more
	}
	for seed := range uint64(walks) {
		if walk(t, seed, 40); t.Failed() {
			return
		}
	}
}

// FuzzLawOfTheScreen looks for a walk that breaks the law.
func FuzzLawOfTheScreen(f *testing.F) {
	f.Add(uint64(1), uint8(20))
	f.Fuzz(func(t *testing.T, seed uint64, steps uint8) { walk(t, seed, int(steps)) })
}
