package ui

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"

	"weir/engine"
)

// Every key that steers: what the engine is told, and what the operator reads.
func TestSteer(t *testing.T) {
	for _, tc := range []struct {
		name  string
		focus panel
		keys  []string
		calls string
		toast string
	}{
		{"a batch", batchesPanel, []string{"j", "x"}, "cancel batch 2", "batch 2 cancelled: 61 queued, 3 in flight · u to undo"},
		{"a host's jobs", hostsPanel, []string{"x"}, "cancel host 127.0.0.1:4011", "host 127.0.0.1:4011 cancelled: 61 queued, 3 in flight · u to undo"},
		{"a worker's URL", workersPanel, []string{"x"}, "cancel job 901", "job 901 cancelled: 61 queued, 3 in flight · u to undo"},
		{"what has ended", resultsPanel, []string{"x"}, "", "it has ended ok: there is nothing to cancel"},
		{"a cancelled batch", batchesPanel, []string{"G", "x"}, "", "batch 3 has ended: nothing is left to cancel"},
		{"the run", resultsPanel, []string{"X"}, "cancel the run", "the run cancelled: 61 queued, 3 in flight · u to undo"},
		{"pause the run", resultsPanel, []string{"P"}, "pause the run", "the run paused: 61 URLs wait · u to undo"},
		{"pause a host", hostsPanel, []string{"p"}, "pause host 127.0.0.1:4011", "host 127.0.0.1:4011 paused: 61 URLs wait · u to undo"},
		{"pause what has ended", resultsPanel, []string{"p"}, "", "it has ended ok: there is nothing to pause (v shows what waits)"},
		{"pause a worker's URL", workersPanel, []string{"p"}, "pause job 901", "job 901 paused: 61 URLs wait · u to undo"},
		{"retry what failed", resultsPanel, []string{"j", "j", "r"}, "retry job 810", "job 810: 61 URLs to be asked again · u to undo"},
		{"retry what went well", resultsPanel, []string{"r"}, "", "only what failed or was empty is retried"},
		{"retry all", resultsPanel, []string{"R"}, "retry the run", "the run: 61 URLs to be asked again · u to undo"},
		{"retry the marked", resultsPanel, []string{"j", "space", "space", "r"}, "retry 2 jobs", "2 jobs: 61 URLs to be asked again · u to undo"},
		{"workers add up", resultsPanel, []string{"+", "+", "-"}, "workers 6, workers 7, workers 6", "workers 5 -> 6 · u to undo"},
		{"slower", hostsPanel, []string{">", "<"}, "interval host 127.0.0.1:4011 2s, interval host 127.0.0.1:4011 3s", "host 127.0.0.1:4011: interval 1s -> 3s · u to undo"},
		{"priority", batchesPanel, []string{")"}, "priority 1 high", "batch 1: priority normal -> high · u to undo"},
		{"priority at its end", batchesPanel, []string{"j", ")"}, "", "its priority is high already"},
		{"undo", resultsPanel, []string{"u"}, "undo nothing", "undone: nothing: undo 1 -> 2"},
		{"marks on hosts", hostsPanel, []string{"space"}, "", "mark works on panel 4 Results"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sc := busyScene()
				sc.focus = tc.focus
				s := newStage(t, sc, 120, 36)
				s.press(tc.keys...)
				if got := strings.Join(s.fake.calls, ", "); got != tc.calls {
					t.Errorf("the engine was told %q, want %q", got, tc.calls)
				}
				if got := s.toast(); got != tc.toast {
					t.Errorf("toast is %q, want %q", got, tc.toast)
				}
			})
		})
	}
}

// A held x counts once, however long it is held: what it cancels leaves the
// list, and the next rows come in its place. It counts again when it was let go,
// or when another key came between.
func TestHeldKeyCountsOnce(t *testing.T) {
	for _, tc := range []struct {
		name  string
		do    func(s *stage)
		calls []string
	}{
		{"held for five seconds", func(s *stage) {
			s.press("x")
			s.rest(640 * time.Millisecond) // the delay before the repeat
			for range 110 {
				s.tell(keyPress("x"))
				s.rest(40 * time.Millisecond)
			}
		}, []string{"cancel batch 1"}},
		{"repeats in one read", func(s *stage) {
			for range 8 {
				s.tell(keyPress("x"))
			}
		}, []string{"cancel batch 1"}},
		{"a terminal that tells repeats", func(s *stage) {
			s.press("x")
			s.rest(time.Second)
			k := keyPress("x")
			k.IsRepeat = true
			s.tell(k)
		}, []string{"cancel batch 1"}},
		{"let go", func(s *stage) {
			s.press("x")
			s.rest(heldTime)
			s.press("x")
		}, []string{"cancel batch 1", "cancel batch 1"}},
		{"another key between", func(s *stage) { s.press("x", "j", "x") }, []string{"cancel batch 1", "cancel batch 2"}},
		{"a held one after it", func(s *stage) { s.press("x", "j", "x", "x", "x") }, []string{"cancel batch 1", "cancel batch 2"}},
		{"the run", func(s *stage) { s.press("X", "X", "X") }, []string{"cancel the run"}},
		{"undo is one for each press", func(s *stage) { s.press("u", "u") }, []string{"undo nothing", "undo nothing"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sc := busyScene()
				sc.focus = batchesPanel
				s := newStage(t, sc, 120, 36)
				tc.do(s)
				s.rest(time.Second)
				if !slices.Equal(s.fake.calls, tc.calls) {
					t.Errorf("the engine was told %v, want %v", s.fake.calls, tc.calls)
				}
			})
		})
	}
}

// What the engine refuses is said, not swallowed.
func TestSteerRefused(t *testing.T) {
	for err, want := range map[error]string{
		engine.ErrNothing: "nothing is left to cancel",
		engine.ErrClosed:  "the run has ended: nothing can be changed any more",
		engine.ErrNoBatch: "engine: no such batch",
	} {
		synctest.Test(t, func(t *testing.T) {
			s := newStage(t, busyScene(), 120, 36)
			s.fake.err = err
			s.press("X")
			if got := s.toast(); got != want {
				t.Errorf("after %v the toast is %q, want %q", err, got, want)
			}
		})
	}
}

// A pace faster than the operator's own interval is asked about, once.
func TestFasterAsksOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sc := busyScene()
		sc.focus = hostsPanel
		s := newStage(t, sc, 120, 36)
		s.press("j", ">")
		if !s.dialogs.any() || len(s.fake.calls) > 0 {
			t.Fatalf("no question; the engine was told %v", s.fake.calls)
		}
		s.press("y")
		if len(s.fake.calls) > 0 {
			t.Errorf("a key within the first moment was an answer: %v", s.fake.calls)
		}
		s.rest(time.Second)
		s.press("y", ">")
		want := []string{"interval host 127.0.0.1:4010 500ms", "interval host 127.0.0.1:4010 500ms"}
		if s.dialogs.any() || !slices.Equal(s.fake.calls, want) {
			t.Errorf("the engine was told %v, want %v; asked again: %v", s.fake.calls, want, s.dialogs.any())
		}
	})
}

// A change that is a minute old is named before it is undone.
func TestOldUndoAsks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sc := busyScene()
		sc.stats.Undo[0].At = sc.stats.At.Add(-2*time.Minute - 5*time.Second)
		s := newStage(t, sc, 120, 36)
		s.press("u")
		s.rest(time.Second)
		if got := s.screen(); len(s.fake.calls) > 0 || !strings.Contains(got, "Batch 3 cancelled: 61 queued, 3 in flight, 2m05s ago at") {
			t.Fatalf("the engine was told %v, and the screen shows\n%s", s.fake.calls, got)
		}
		s.press("y")
		if want := []string{"undo nothing"}; !slices.Equal(s.fake.calls, want) {
			t.Errorf("the engine was told %v, want %v", s.fake.calls, want)
		}
	})
}

// Many different keys within a moment are text; commands are not held up by it.
func TestUnbracketedPaste(t *testing.T) {
	for _, tc := range []struct{ name, text, calls, added string }{
		{"a URL", "http://127.0.0.1:4010/Xp\r", "", "http://127.0.0.1:4010/Xp\nab"},
		{"eight different keys", "XXPPRR++", "cancel the run, pause the run, pause the run, retry the run, retry the run, workers 6, workers 7", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t, busyScene(), 120, 36)
				for _, r := range tc.text {
					key := string(r)
					if key == "\r" {
						key = "enter"
					}
					s.tell(keyPress(key))
				}
				if tc.added != "" { // the rest of it comes a read later
					s.rest(rushTime)
					for _, key := range []string{"a", "b", "enter"} {
						s.tell(keyPress(key))
					}
				}
				s.rest(time.Second)
				if got := strings.Join(s.fake.calls, ", "); got != tc.calls {
					t.Errorf("the engine was told %q, want %q", got, tc.calls)
				}
				var form *addForm
				if s.dialogs.any() {
					form, _ = s.dialogs.open[len(s.dialogs.open)-1].(*addForm)
				}
				switch {
				case tc.added == "" && form != nil:
					t.Errorf("%q was taken for text", tc.text)
				case tc.added != "" && form == nil:
					t.Errorf("%q was taken for commands", tc.text)
				case tc.added != "" && strings.TrimSpace(form.text.value()) != tc.added:
					t.Errorf("the form has %q, want %q", form.text.value(), tc.added)
				}
			})
		})
	}
}

// A key that only moves is done as it comes, unless another waits before it, and
// is part of a text that begins with it all the same.
func TestMovesDoNotWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, busyScene(), 120, 36)
		s.tell(keyPress("1"))
		s.tell(keyPress("down"))
		if s.focus != batchesPanel || s.batches.cur.at != 1 {
			t.Errorf("at once: panel %d, row %d, want 1 and 1", s.focus, s.batches.cur.at)
		}
		s.rest(rushTime)
		s.tell(keyPress("x"))
		s.tell(keyPress("up"))
		if s.batches.cur.at != 1 || len(s.fake.calls) != 0 {
			t.Errorf("x has not been done, and the cursor is on row %d after it", s.batches.cur.at)
		}
		s.rest(rushTime)
		if want := []string{"cancel batch 2"}; s.batches.cur.at != 0 || !slices.Equal(s.fake.calls, want) {
			t.Errorf("after the rush: row %d, calls %v, want 0 and %v", s.batches.cur.at, s.fake.calls, want)
		}
		const text = "jk1.test/Gg?23"
		for _, r := range text {
			s.tell(keyPress(string(r)))
		}
		s.rest(time.Second)
		form, _ := s.dialogs.open[len(s.dialogs.open)-1].(*addForm)
		if form == nil || strings.TrimSpace(form.text.value()) != text {
			t.Errorf("the text that was typed at once is not in the form:\n%s", s.screen())
		}
	})
}

// Keys that do not come within 10 ms are commands, however many and different:
// nobody types so fast, and a paste comes at once.
func TestFastTypingIsNoPaste(t *testing.T) {
	for apart, text := range map[time.Duration]bool{time.Millisecond: true, rushTime / 4: false} {
		synctest.Test(t, func(t *testing.T) {
			s := newStage(t, busyScene(), 120, 36)
			for key := range strings.SplitSeq("jkgG*sSvv+-", "") {
				s.tell(keyPress(key))
				s.rest(apart)
			}
			s.rest(time.Second)
			if s.dialogs.any() != text {
				t.Errorf("%v apart, text: %v, want %v", apart, s.dialogs.any(), text)
			}
			if told := len(s.fake.calls) > 0; told == text {
				t.Errorf("%v apart, the engine was told %v", apart, s.fake.calls)
			}
		})
	}
}

// A bracketed paste opens the form, which adds under the time of day.
func TestPasteAdds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, busyScene(), 120, 36)
		s.tell(tea.PasteMsg{Content: "http://one.test/a\rhttp://one.test/b"})
		s.rest(time.Second)
		s.press("enter")
		s.rest(time.Second)
		if want := []string{"add pasted 12:03"}; !slices.Equal(s.fake.calls, want) {
			t.Errorf("the engine was told %v, want %v", s.fake.calls, want)
		}
		if got, want := s.toast(), "batch 4 pasted 12:03 added: 2 new"; got != want {
			t.Errorf("toast is %q, want %q", got, want)
		}
	})
}

// Leaving asks when something would be lost, and only then.
func TestQuit(t *testing.T) {
	for _, tc := range []struct {
		name  string
		scene scene
		save  bool
		keys  []string
		asked bool
		calls string
		kept  bool
	}{
		{"nothing was done", startScene(), false, []string{"q"}, false, "", false},
		{"results are only in memory", finishedScene(), false, []string{"q"}, true, "", false},
		{"all is saved", finishedScene(), true, []string{"q"}, false, "", false},
		{"jobs are left", busyScene(), true, []string{"ctrl+c"}, true, "", false},
		{"cancelled on the way out", busyScene(), true, []string{"ctrl+c", "wait", "ctrl+c"}, false, "cancel the run", false},
		{"drained", busyScene(), true, []string{"q", "wait", "d"}, true, "drain", false},
		{"all is kept", finishedScene(), false, []string{"q"}, false, "", true},
		{"jobs are left of a run that is kept", busyScene(), false, []string{"q"}, true, "", true},
		{"left for later", busyScene(), false, []string{"q", "wait", "q"}, false, "", true},
		{"a key in flight does not leave it", busyScene(), false, []string{"q", "q"}, true, "", true},
		{"interrupted, and kept", busyScene(), false, []string{"ctrl+c", "wait", "ctrl+c"}, false, "", true},
		{"cancelled for good", busyScene(), false, []string{"q", "wait", "x"}, false, "cancel the run", true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t, tc.scene, 120, 36)
				if tc.save {
					s.deps.Saving, s.deps.Saved = "out.jsonl", func() uint64 { return 1255 }
				}
				if tc.kept {
					s.deps.Kept = "weir resume 7"
				}
				for _, k := range tc.keys {
					if k == "wait" {
						s.rest(time.Second)
						continue
					}
					s.press(k)
				}
				if s.quit == tc.asked {
					t.Errorf("left: %v, want %v", s.quit, !tc.asked)
				}
				if got := strings.Join(s.fake.calls, ", "); got != tc.calls {
					t.Errorf("the engine was told %q, want %q", got, tc.calls)
				}
			})
		})
	}
}

// Results that the store keeps are not called unsaved.
func TestKeptIsNotUnsaved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, finishedScene(), 120, 36)
		said := func() string { return strings.Split(s.screen(), "\n")[3] }
		if got, want := said(), "1,255 results NOT SAVED: e exports them"; !strings.Contains(got, want) {
			t.Errorf("the header says %q, want %q", got, want)
		}
		s.deps.Kept = "weir resume 7"
		s.tell(nil)
		if got, want := said(), "1,255 results kept: e exports them"; !strings.Contains(got, want) || strings.Contains(got, "NOT SAVED") {
			t.Errorf("the header of a run that is kept says %q, want %q", got, want)
		}
	})
}

// A run that was drained takes the screen with it.
func TestDrainedLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, busyScene(), 120, 36)
		st := busyScene().stats
		st.State = engine.RunDraining
		s.tell(viewMsg{view: &engine.View{Stats: st}})
		s.rest(time.Second)
		if s.quit {
			t.Error("left while draining")
		}
		s.tell(viewMsg{view: &engine.View{Stats: st}, last: true})
		s.rest(time.Second)
		if !s.quit {
			t.Error("stayed after the drain")
		}
	})
}

// A drain that finishes everything leaves as well: nothing says any more that
// it was one.
func TestDrainOfAllLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, busyScene(), 120, 36)
		s.press("q")
		s.rest(time.Second)
		s.press("d")
		s.tell(viewMsg{view: &engine.View{Stats: finishedScene().stats}})
		s.rest(time.Second)
		if s.quit {
			t.Error("left before the run had ended")
		}
		s.tell(viewMsg{view: &engine.View{Stats: finishedScene().stats}, last: true})
		s.rest(time.Second)
		if !s.quit {
			t.Error("stayed after the drain")
		}
	})
}
