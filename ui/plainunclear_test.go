package ui

import (
	"strings"
	"testing"
	"time"

	"weir/engine"
	"weir/engine/enginetest"
)

// What is not understood says what was likely meant, and else how it is written.
func TestPlainSaysWhatWasMeant(t *testing.T) {
	plainly(t, &enginetest.Scraper{}, func(tt *teletype) {
		tt.say("pause")
		tt.say("add http://a.test/1 http://a.test:8080/2")
		if _, err := tt.controller.Add(t.Context(), engine.Batch{Name: "On-call grid"}, enginetest.Jobs("bee.test", 4)); err != nil {
			t.Fatal(err)
		}
		tt.hear(time.Second)
		for typed, want := range map[string]string{
			"slower bee.test":             "slower: bee.test is not understood: did you mean slower host bee.test?\n",
			"cancel bee":                  "cancel: bee is not understood: did you mean cancel host bee.test?\n",
			"why a.test:808":              "why: a.test:808 is not understood: did you mean why host a.test:8080?\n",
			"show on-call":                "show: on-call is not understood: did you mean show batch 2?\n",
			"pause batch on-call grid":    "pause: batch on-call grid is not understood: did you mean pause batch 2?\n",
			"priority on-call grid high":  "priority: on-call grid is not understood: did you mean priority batch 2 high?\n",
			"interval 2s bee.test":        "interval: bee.test is not understood: did you mean interval 2s host bee.test?\n",
			"retry failed":                "retry: failed is not understood: did you mean retry outcome:failed?\n",
			"pause backlog":               "pause: backlog is not understood: did you mean pause outcome:backlog?\n",
			"resume hosts:bee":            "resume: hosts:bee is looked for as text, hosts: is no filter: did you mean host:? ",
			"show failed":                 "show is written so:\n",
			"faster somewhere":            "faster is written so:\n",
			"priority high":               "priority is written so:\n",
			"priority bee.test high":      "priority is written so:\n",
			"priority on-call grid highs": "priority is written so:\n",
			"cancel host":                 "cancel is written so:\n",
			"worker":                      `there is no command "worker": did you mean workers? help lists them` + "\n",
			"help resuls":                 `help: there is no command "resuls": did you mean results? help lists them` + "\n",
		} {
			if said := tt.say(typed); !strings.HasPrefix(said, want) {
				t.Errorf("%s says\n%swant\n%s", typed, said, want)
			}
		}
		tt.talk("status", "0 of 6 URLs ended")
	})
}

// A word that is no command answers no question: it stays asked.
func TestPlainAsksAgain(t *testing.T) {
	plainly(t, &enginetest.Scraper{}, func(tt *teletype) {
		tt.say("pause")
		tt.say("add http://a.test/1 http://a.test/2")
		tt.talk("exclude /1", "exclude /1: answer yes to exclude 1 URL, no to leave it\n")
		tt.talk("yees", "there is no command \"yees\": did you mean yes? help lists them\nexclude /1: answer yes to exclude 1 URL, no to leave it\n")
		tt.talk("yes to all", "yes stands alone: to all is not understood, nothing is done\nexclude /1: answer yes to exclude 1 URL, no to leave it\n")
		tt.talk("yes", "1 excluded")
		tt.talk("undo 2", "undo stands alone: 2 is not understood, nothing is done\n")
		tt.talk("drain now", "drain stands alone: now is not understood, nothing is done\n")
		tt.talk("quit\ncancle", "did you mean cancel? help lists them\nAnswer stay, export FILE, drain or cancel.\n")
		tt.talk("cancel", "the run cancelled: 1 waiting")
		tt.left()
	})
}

// A worker's URL is steered by the worker, as on its panel.
func TestPlainSteersWhatAWorkerHas(t *testing.T) {
	site := &enginetest.Scraper{Latency: func(r engine.Request) time.Duration {
		if r.Kind == engine.KindRobots {
			return 0
		}
		return time.Minute
	}}
	plainly(t, site, func(tt *teletype) {
		tt.hear(time.Second)
		tt.talk("cancel worker 1", "cancel: worker 1 has no URL now\n")
		tt.say("add http://a.test/1 http://b.test/2")
		tt.talk("pause worker 9", "pause: no worker 9 is known")
		var said []string
		for _, n := range []string{"1", "2", "3", "4", "5"} {
			said = append(said, strings.TrimSpace(tt.say("cancel worker "+n)))
		}
		all := strings.Join(said, "\n") + "\n"
		tt.want(all, "http://a.test/1 cancelled: 1 in flight; undo takes it back\n", "http://b.test/2 cancelled: 1 in flight; undo takes it back\n")
		if n := strings.Count(all, " has no URL now\n"); n != 3 {
			t.Errorf("%d workers have no URL, want 3:\n%s", n, all)
		}
		tt.talk("undo", "undone: http://", " cancelled: 1 in flight\n")
		tt.say("add http://c.test/1 http://c.test/2")
		tt.talk("exclude c.test\nno", "1 of 1 waiting URL of the run; 1 in flight goes on\nexclude c.test finds http://c.test/2\n")
	})
}

// What is asked again already is not said to be fine, and a drain says what it leaves.
func TestPlainSaysWhatIsLeft(t *testing.T) {
	plainly(t, answering(map[string]engine.Step{"/bad": refused}), func(tt *teletype) {
		tt.say("http://a.test/bad\nhttp://a.test/2")
		tt.want(tt.hear(5*time.Second), "all work is done")
		tt.say("pause")
		tt.talk("retry code:503", "1 result that matches code:503: 1 URL to be asked again")
		tt.talk("retry code:503", "retry: what failed or was empty of 1 result that matches code:503 is to be asked again already\n")
		tt.talk("retry result 1", "retry: what failed or was empty of http://a.test/bad is to be asked again already\n")
		tt.talk("retry code:200", "retry: nothing of 1 result that matches code:200 failed or was empty\n")
		tt.talk("exclude bad\nno", "exclude bad finds 1 of 1 waiting URL of the run\n")
		tt.say("resume")
		tt.say("add " + strings.Join(strings.Fields(urls(300)), " "))
		tt.talk("drain", "drain: finish the 10", ", then leave\ndrain: 19", " other URLs will not be fetched\n")
	})
}

// An export that answers quit is followed by the question again, if there is still
// something to lose.
func TestPlainQuitsAfterItsExport(t *testing.T) {
	plainly(t, answering(nil), func(tt *teletype) {
		tt.say("http://a.test/1\nhttp://a.test/2")
		tt.hear(5 * time.Second)
		tt.say("pause")
		tt.say("add http://a.test/3")
		tt.talk("quit", "2 results are only in memory")
		tt.talk("export old.jsonl", "old.jsonl is there already: export old.jsonl overwrite replaces it\n")
		tt.talk("export code:200", "export: there is no file: ")
		tt.talk("export new.jsonl", "2 rows written to new.jsonl\n1 URL not fetched: ", "2 results saved in new.jsonl.", "\nAnswer stay, export FILE, drain or cancel.\n")
		tt.talk("stay", "staying")
		tt.talk("export more.jsonl", "2 rows written to more.jsonl\n")
		tt.say("resume")
		tt.hear(5 * time.Second)
		tt.talk("quit", "3 results are only in memory")
		tt.talk("export new.csv", "3 rows written to new.csv\nnothing would be lost any more: quit leaves\n")
		tt.talk("cancel", "cancel is written so:")
		tt.say("quit")
		tt.left()
	})
}
