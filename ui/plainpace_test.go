package ui

import (
	"testing"
	"time"

	"weir/engine"
)

// Workers are set, or so many more or fewer, within what there can be.
func TestPlainSetsWorkers(t *testing.T) {
	plainly(t, answering(nil), func(tt *teletype) {
		tt.hear(time.Second)
		tt.talk("workers +2", "workers 5 -> 7; undo takes it back\n")
		tt.talk("workers -6", "workers 7 -> 1; undo takes it back\n")
		tt.talk("workers -1", "workers: one worker is the least: pause pauses the run\n")
		tt.talk("workers 1", "workers: 1 worker it is already\n")
		tt.talk("workers "+itoa(engine.MaxWorkers+1), "workers: "+count(engine.MaxWorkers)+" workers are the most\n")
		tt.talk("undo\nundo", "undone: workers 7 -> 1\nundone: workers 5 -> 7\n")
	})
}

// Hosts are paced in steps. What is faster than the operator's interval is asked
// about once.
func TestPlainPaces(t *testing.T) {
	plainly(t, answering(nil), func(tt *teletype) {
		tt.say("pause")
		tt.say("add http://a.test/1 http://b.test/1")
		tt.talk("slower host a.test", "host a.test: interval 1s -> 2s; undo takes it back\n")
		tt.talk("faster host a.test", "host a.test: interval 2s -> 1s; undo takes it back\n")
		tt.talk("faster host a.test", "faster: 0.5s between two requests to host a.test: this run was asked to keep 1.0s.\n",
			"faster: A site that wants less traffic may answer with refusals, or shut you out.\n",
			"faster: answer yes to ask host a.test that often, no to leave it\n")
		tt.talk("no", "faster: the pace of host a.test stays\n")
		tt.talk("why host a.test", "One request every 1.00s")
		tt.talk("interval 100ms host a.test\nyes", "host a.test: interval 1s -> 100ms; undo takes it back\n")
		tt.talk("interval 200ms host a.test", "host a.test: interval 100ms -> 200ms; undo takes it back\n")
		tt.talk("interval 200ms host a.test", "interval: host a.test has that interval already\n")
		tt.talk("interval 100ms host b.test", "answer yes to ask host b.test that often")
		tt.talk("interval 1m host a.test\nslower host a.test", "slower: host a.test is at the end of the steps, with 1m00s between requests: interval sets any\n")
		tt.talk("slower batch 1", "batch 1: interval ")
		tt.talk("slower", "slower is written so:")
		tt.talk("interval soon", "interval is written so:")
		tt.talk("interval 5s a.test", "interval: a.test is not understood: did you mean interval 5s host a.test?\n")
		tt.talk("priority 1 high", "batch 1: priority normal -> high; undo takes it back\n")
		tt.talk("priority batch 1 high", "priority: batch 1 has priority high already\n")
		tt.talk("priority", "priority is written so:")
	})
}
