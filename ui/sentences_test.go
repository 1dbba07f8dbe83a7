package ui

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"

	"weir/engine"
)

// moments are those in which the screen says what to do about something.
func moments() []scene {
	sc := func(name string, change func(s *engine.Stats)) scene {
		b := busyScene()
		b.name, b.jobs = name, fates(12)
		change(&b.stats)
		return b
	}
	down := engine.HostDown{Until: noon.Add(time.Hour), Class: engine.Connect, Failures: 6, Probes: 1}
	guard := engine.Paused{At: noon, What: "batch 1", Failed: 12, Of: 20}
	cancelled := sc("cancelled", func(s *engine.Stats) {
		s.Counts = engine.Counts{Submitted: 12, OK: 8, Cancelled: 4}
		s.State, s.Limit = engine.RunCancelled, engine.Limit{}
	})
	cancelled.jobs[3].Outcome = engine.Cancelled
	finished := finishedScene()
	finished.jobs = fates(12)
	return []scene{
		startScene(), pausedScene(), finished, cancelled,
		sc("busy", func(*engine.Stats) {}),
		sc("workers", func(s *engine.Stats) { s.Limit = engine.Limit{Kind: engine.LimitWorkers, Waiting: 3} }),
		sc("one worker", func(s *engine.Stats) { s.Workers, s.Slots = 1, s.Slots[:1] }),
		sc("host down", func(s *engine.Stats) {
			s.Limit = engine.Limit{Kind: engine.LimitParked, Jobs: 12, Host: "127.0.0.1:4010", Reason: down}
			s.Hosts[0].Reason, s.Hosts[0].Interval = down, time.Minute
		}),
		sc("safeguard", func(s *engine.Stats) {
			s.Limit = engine.Limit{Kind: engine.LimitPaused, Jobs: 12, Reason: guard}
			s.Batches[0].State, s.Batches[0].Paused = engine.BatchPaused, guard
			s.Hosts[0].Reason = guard
		}),
	}
}

// said gathers what a screen says with some keys: every panel, dialog, toast and
// reason why not, in every one of the moments. In dialogs and inputs esc and
// enter are fixed: what is said there is told apart.
func said(t *testing.T, with ...func(*Deps)) (outside, inside map[string]string) {
	outside, inside = map[string]string{}, map[string]string{}
	for _, sc := range moments() {
		synctest.Test(t, func(t *testing.T) {
			s := newStage(t, sc, 120, 36, with...)
			s.deps.Exporter = &files{there: map[string]int{}}
			s.fake.results = []engine.Result{{Job: 12, Num: 12, Outcome: engine.OK, Header: make([]engine.Header, 80)}}
			note := func(where string) {
				where = sc.name + ", " + where
				s.drawn = nil
				if s.dialogs.any() || s.filtering {
					inside[where] = s.screen()
				} else {
					outside[where] = s.screen()
				}
				for _, one := range s.toasts.list {
					outside[where+" (toast)"] += one.text + "\n"
				}
				s.toasts.list = nil
			}
			for _, size := range [][2]int{{120, 36}, {80, 24}, {60, 15}, {40, 10}} {
				s.tell(tea.WindowSizeMsg{Width: size[0], Height: size[1]})
				for p := batchesPanel; p <= resultsPanel; p++ {
					s.turnTo(p)
					note(fmt.Sprintf("%v at %v", p, size))
				}
			}
			s.tell(tea.WindowSizeMsg{Width: 120, Height: 36})
			for p := batchesPanel; p <= resultsPanel; p++ {
				for _, a := range s.keys {
					if a.in != onPanels || a.act == actPanel || a.act < actWhy && !a.changes() && a.act != actDown {
						continue // it moves, and says nothing
					}
					if s.focus != p {
						s.turnTo(p)
					}
					s.dialogs.open, s.results.open = nil, 0
					if why := s.whyNot(a.act); why != "" {
						outside[fmt.Sprintf("%s, %v: why not %s", sc.name, p, a.id)] = why
					}
					if some := sc.name != "busy" && sc.name != "finished"; some && a.act != actWhy && a.act != actWhyRun && a.act != actDetails {
						continue
					}
					s.run(s.do(a.act, ""))
					s.rest(50 * time.Millisecond)
					note(fmt.Sprintf("%v after %s", p, a.id))
					s.leaving, s.draining = false, false
				}
			}
			s.dialogs.open, s.results.open = nil, 0
			s.turnTo(resultsPanel)
			s.setFilter("nothing has this")
			note("a filter without a match")
			s.do(actFilter, "")
			note("it is typed")
			s.setFilter("")
			for range showAll + 1 {
				s.do(actShow, "")
				note("other rows")
			}
			for i := range min(s.results.table.count(), 12) {
				s.results.move(i)
				s.run(s.show(s.results.under()))
				s.rest(50 * time.Millisecond)
				for range parts {
					s.do(actNextPanel, "")
					note(fmt.Sprintf("details of row %d, part %d", i, s.detail.part))
				}
				s.run(s.do(actWhy, ""))
				note(fmt.Sprintf("why row %d", i))
				s.dialogs.open, s.results.open = nil, 0
			}
			for name, msg := range map[string]tea.Msg{
				"drained": quitMsg{leaveDrain}, "cancelled": quitMsg{leaveCancel}, "form": tea.PasteMsg{Content: "http://one.test\ngopher://x"},
			} {
				s.tell(msg)
				s.rest(time.Second)
				note(name)
				s.dialogs.open, s.leaving, s.draining = nil, false, false
			}
			s.run(s.toClipboard(strings.Repeat("x", clipboardMost+1), "all"))
			for _, n := range notices(s.says, &engine.Stats{Batches: make([]engine.BatchStats, 0)}, &sc.stats) {
				s.run(s.toasts.say(n.level, n.text))
			}
			before := busyScene().stats
			for _, n := range notices(s.says, &before, &sc.stats) {
				s.run(s.toasts.say(n.level, n.text))
			}
			note("what happened")
		})
	}
	return outside, inside
}

// usualKey finds the keys that weir comes with where a sentence names them: not
// an article, a unit, a prompt or an unknown value.
var usualKey = func() *regexp.Regexp {
	words := []string{"space", "tab", `shift\+tab`, "pgup", "pgdn", `ctrl\+[abd-z]`, "f1"}
	for _, a := range newKeys() {
		for _, key := range a.key.Keys() {
			if letter := key[0] | ' '; !a.fixed && len(key) == 1 && 'b' <= letter && letter <= 'z' {
				words = append(words, key)
			}
		}
	}
	return regexp.MustCompile(
		`(^|[ (·])(` + strings.Join(words, "|") + `)( |$|[),;:·])` + // as a word
			`|(^|[ (·])([?:<>=+*]|[<>()+-] [<>()+-]) [a-z]` + // and punctuation before what it does
			`|press a\b|(^|[ ·])a {3,}add|(^|  )a add`)
}()

// seconds are no key.
var seconds = regexp.MustCompile(`[0-9] s\b`)

// fixedKey finds esc and enter outside of dialogs, where they can be rebound.
var fixedKey = regexp.MustCompile(`(^|[ (·])(esc|enter) `)

// With other keys no sentence names those that weir comes with.
func TestSentencesFollowTheKeys(t *testing.T) {
	t.Parallel()
	k := oddKeys(t)
	outside, inside := said(t, withKeys(k))
	seen := map[string]bool{}
	check := func(where, text string, patterns ...*regexp.Regexp) {
		for line := range strings.SplitSeq(text, "\n") {
			if seen[line] {
				continue
			}
			seen[line] = true
			for _, pattern := range patterns {
				if found := pattern.FindString(seconds.ReplaceAllString(line, "")); found != "" {
					t.Errorf("%s: %q in %q", where, found, line)
				}
			}
		}
	}
	for where, text := range outside {
		check(where, text, usualKey, fixedKey)
	}
	for where, text := range inside {
		check(where, text, usualKey)
	}
	shown := func(a act) string { return k.list().of(a).key.Help().Key }
	for where, want := range map[string]string{
		"start, Batches at [80 24]":                 "press " + shown(actAdd) + ", or paste URLs",
		"start, Results at [120 36]":                ": " + shown(actSlower) + " and " + shown(actFaster) + " on panel 3",
		"paused, Results at [120 36]":               shown(actPauseAll) + " resumes 443 URLs",
		"busy, Batches after cancel (toast)":        shown(actUndo) + " to undo",
		"busy, a filter without a match":            shown(actBack) + " clears",
		"one worker, Workers: why not worker-fewer": shown(actPauseAll) + " pauses the run",
		"host down, Hosts: why not slower":          shown(actInterval) + " types an interval",
		"busy, what happened (toast)":               shown(actExport) + " writes a file",
		"safeguard, what happened (toast)":          shown(actPause) + " on it goes on",
		"busy, Results after down":                  shown(actFollow) + " follows",
		"busy, details of row 0, part 1":            shown(actScrollUp) + " scroll",
		"finished, Results at [120 36]":             shown(actRetryAll) + " retries 52 failed",
		"workers, Results at [120 36]":              shown(actMore) + " adds one",
		"cancelled, Results at [120 36]":            shown(actUndo) + " brings them back",
		"busy, Results after retry-all (toast)":     shown(actUndo) + " to undo",
		"busy, drained (toast)":                     shown(actQuit) + " asks again",
		"start, other rows":                         shown(actAdd) + "               add a batch",
		"busy, Results: why not pause":              "(" + shown(actShow) + " shows what waits)",
	} {
		if !strings.Contains(outside[where], want) {
			t.Errorf("%s: %q is not said in\n%s", where, want, outside[where])
		}
	}
}

// dangling finds what is said of a key where there is none.
var dangling = regexp.MustCompile(`(^|[:;·(] ?) ?(resumes|exports|brings|retries|adds one|follows|clears|asks again|probes now|pauses the run|types an|shows what|to undo|writes a file|on it|more$)|press +(,|to)`)

// Where the actions have no keys, or the run is only watched, nothing is said of
// them.
func TestSentencesWithoutKeys(t *testing.T) {
	t.Parallel()
	var none []Rebind
	for _, a := range newKeys() {
		if !a.fixed {
			none = append(none, Rebind{Where: "none", Action: a.id, Key: NoKey})
		}
	}
	keys, err := Bind(none)
	if err != nil {
		t.Fatal(err)
	}
	for name, with := range map[string]func(*Deps){"no keys": withKeys(keys), "read-only": func(d *Deps) { d.ReadOnly = true }} {
		outside, inside := said(t, with)
		seen := map[string]bool{}
		for _, texts := range []map[string]string{outside, inside} {
			for where, text := range texts {
				for line := range strings.SplitSeq(text, "\n") {
					if seen[line] {
						continue
					}
					seen[line] = true
					if found := dangling.FindString(line); found != "" {
						t.Errorf("%s, %s: %q in %q", name, where, found, line)
					}
					for _, no := range []string{"to undo", "resumes", "retries", "brings", "on it goes on", "press a"} {
						if name == "read-only" && strings.Contains(line, no) {
							t.Errorf("read-only, %s: %q in %q", where, no, line)
						}
					}
				}
			}
		}
	}
}
