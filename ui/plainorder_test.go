package ui

import (
	"slices"
	"strings"
	"testing"
	"time"

	"weir/engine"
	"weir/engine/enginetest"
)

// Lines that come at once, as from a file, are done one after the other: the URLs
// before a command are a batch by then, and what one line changes the next one
// knows.
func TestPlainKeepsTheOrderOfItsLines(t *testing.T) {
	plainly(t, &enginetest.Scraper{}, func(tt *teletype) {
		tt.hear(time.Second)
		said := tt.say("http://a.test/1\nhttp://a.test/2\npause 1\nbatches\nresume 1\nundo\nbatches\n# done")
		var got []string
		for line := range strings.Lines(said) {
			if strings.HasPrefix(line, "batch") || strings.HasPrefix(line, "undone") {
				words, _, _ := strings.Cut(strings.TrimSpace(line), ";")
				got = append(got, strings.Join(strings.Fields(words)[:4], " "))
			}
		}
		typed := "batch 1, typed " + time.Now().Local().Format("15:04") + ":"
		want := "batch 1 added: 2|batch 1 paused: 2|" + typed + "|batch 1 goes on|undone: batch 1 goes|" + typed
		if strings.Join(got, "|") != want || strings.Count(said, ": paused, ") != 2 {
			t.Errorf("got  %s\nwant %s\n%s", strings.Join(got, "|"), want, said)
		}
	})
}

// The list of commands is what help says and what there is, and each of them
// answers.
func TestPlainHelpListsWhatThereIs(t *testing.T) {
	plainly(t, &enginetest.Scraper{}, func(tt *teletype) {
		tt.hear(time.Second)
		tt.say("http://a.test/1")
		tt.hear(10 * time.Second)
		help := tt.say("?")
		if got, want := strings.Count(help, "\n"), len(plainCommands()); got != want {
			t.Errorf("help has %d lines, want the %d commands:\n%s", got, want, help)
		}
		for _, c := range plainCommands() {
			tt.want("\n"+help, "\n"+strings.TrimSpace(c.name+" "+c.args)+": "+c.does+"\n")
			if c.name == "drain" {
				continue // the last one
			}
			said := tt.say(c.name)
			if said == "" || strings.Contains(said, "there is no command") {
				t.Errorf("%s says %q", c.name, said)
			}
		}
		tt.talk("drain", "the run has ended")
	})
}

// Answers without their question do nothing.
func TestPlainAnswersAlone(t *testing.T) {
	plainly(t, &enginetest.Scraper{}, func(tt *teletype) {
		tt.hear(time.Second)
		tt.talk("stay", "stay: nothing was asked")
		tt.talk("leave", "leave: nothing was asked")
		tt.say("http://a.test/1\nhttp://a.test/2")
		tt.hear(10 * time.Second)
		tt.talk("quit", "Answer stay, export FILE, drain or cancel.")
		tt.talk("leave", "leave: this run is kept nowhere: answer stay, export FILE, drain or cancel")
		tt.talk("cancel", "nothing")
		tt.left()
	})
}

// The log has what happened, newest last, as many lines of it as are asked for.
func TestPlainLog(t *testing.T) {
	plainly(t, answering(map[string]engine.Step{"/bad": refused}), func(tt *teletype) {
		tt.hear(time.Second)
		tt.talk("log", daytime(time.Now().Add(-time.Second))+" the colours are as usual\nlog: that is all, 1 line\n")
		for range 15 {
			tt.say("pause")
			tt.say("resume")
		}
		at := time.Now()
		tt.talk("pause 7", "pause: no batch 7 is known: there is none yet, batches lists them")
		said := tt.say("log")
		if got := strings.Count(said, "\n"); got != logTold+1 {
			t.Errorf("%d lines, want %d:\n%s", got, logTold+1, said)
		}
		tt.want(said, "warning: the run paused\n"+daytime(at.Add(-time.Second))+" the run resumed\nlog: the last 20 of 31 lines: log 31 tells all\n")
		tt.talk("log 1", " the run resumed\nlog: the last 1 of 31 lines")
		tt.talk("log 100", " the colours are as usual\n", "log: that is all, 31 lines")
		tt.talk("log all", "log [N]")
		tt.talk("log 0", "log [N]")
	}, func(d *Deps) { d.Notes = []string{"the colours are as usual"} })
}

// While it is frozen, nothing is said but what was asked for.
func TestPlainFreezes(t *testing.T) {
	plainly(t, answering(map[string]engine.Step{"": refused}), func(tt *teletype) {
		tt.say("http://a.test/1\nhttp://a.test/2\nhttp://a.test/3")
		tt.want(tt.hear(time.Second), "result 1 failed")
		tt.talk("freeze", "freeze: nothing is said unasked until freeze is typed again")
		if said := tt.hear(10 * time.Second); said != "" {
			t.Errorf("frozen, it says %q", said)
		}
		tt.talk("results", "result 3 failed")
		tt.talk("freeze", "freeze: it is over after 12s, 4 lines held back\n")
		tt.want(tt.say("http://a.test/4")+tt.hear(5*time.Second), "result 4 failed", "all work is done")
	})
}

// The end of the work is said once, and again after a batch that came and ended
// between two views.
func TestPlainSaysThatAllIsDone(t *testing.T) {
	p := &plain{}
	var got []int
	for _, c := range []engine.Counts{{}, {Submitted: 2, Queued: 1, OK: 1}, {Submitted: 2, OK: 2}, {Submitted: 2, OK: 2}, {Submitted: 3, OK: 3}, {Submitted: 3, OK: 2, InFlight: 1}, {Submitted: 3, OK: 3}} {
		p.take(&engine.View{Stats: engine.Stats{Counts: c}})
		got = append(got, len(p.pending))
	}
	if want := []int{0, 0, 1, 1, 2, 2, 3}; !slices.Equal(got, want) {
		t.Errorf("after each view %d lines are said, want %d: %q", got, want, p.pending)
	}
}

// Who only watches a run that ends with the program leaves by cancel, as quit
// says, and by nothing else.
func TestPlainReadOnlyIsLeft(t *testing.T) {
	plainly(t, answering(nil), func(tt *teletype) {
		tt.hear(time.Second)
		tt.talk("quit", "Answer stay, export FILE, or cancel: this program is the run, and ends it.")
		tt.talk("drain", "read-only: drain is not possible here")
		tt.talk("cancel", "read-only: cancel is not possible here")
		tt.talk("quit", "cancel")
		tt.talk("cancel all", "read-only: cancel is not possible here")
		tt.say("quit")
		tt.say("cancel")
		tt.left()
	}, func(d *Deps) {
		d.ReadOnly = true
		if _, err := d.Controller.Add(t.Context(), engine.Batch{}, enginetest.Jobs("one.test", 40)); err != nil {
			t.Error(err)
		}
	})
}
