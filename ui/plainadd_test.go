package ui

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"weir/engine/enginetest"
)

// A preview says what the form of the screen says of a list, and adds it only if that
// is meant.
func TestPlainPreviews(t *testing.T) {
	planner := &listPlanner{}
	plainly(t, &enginetest.Scraper{}, func(tt *teletype) {
		tt.hear(time.Second)
		tt.talk("preview http://a.test/1 http://a.test/2 http://b.test/1 http://a.test/1 ftp://b\x1b[31m.test",
			"preview: 5 URLs on 2 hosts: 3 new, 1 duplicate, 1 invalid\ninvalid, line 1: ftp://b[31m.test: ",
			"preview: about 2s at 1.0s per host; robots.txt obeyed\npreview: answer yes to add 3 URLs, no to leave it\n")
		tt.talk("no", "preview: nothing added\n")
		tt.talk("batches", "no batch yet")
		tt.talk("preview priority=high interval=3s http://a.test/1 http://a.test/2\nstatus", "about 6s at 3.0s per host", "preview: nothing added\nthe run is ")
		tt.talk("preview priority=high recipe=schedule http://a.test/1 http://a.test/2 http://a.test/2\nyes", "batch 1 added: 2 new, 1 duplicate, 0 invalid\n")
		if planner.reads != 3 {
			tt.t.Errorf("three lists were planned %d times: what is added is what was previewed", planner.reads)
		}
		tt.talk("show batch 1", "batch 1: recipe schedule, priority high.\n")
		tt.talk("yes", "yes: there is no question")
		tt.talk("preview http://a.test/9\nhttp://a.test/8", "preview: 1 URL on 1 host: 1 new\n", "preview: nothing added\nbatch 2 added: 1 new")
		tt.talk("yes", "yes: there is no question")

		tt.talk("preview interval=0 http://a.test/1\nno", "preview: as fast as the hosts answer: no pause between requests; robots.txt obeyed\n",
			"preview: 0 between two requests to each host of the batch: this run was asked to keep 1.0s.\n", "answer yes to add 1 URL,")
		tt.talk("preview ftp://a.test gopher://b.test", "preview: 2 URLs on 0 hosts: 0 new, 2 invalid\ninvalid, line 1: ftp://a.test: ", "preview: nothing to add\n")
		tt.talk("yes", "yes: there is no question")
		var bad strings.Builder
		for i := range 25 {
			fmt.Fprintf(&bad, " ftp://a.test/%d", i)
		}
		tt.talk("preview http://a.test/1"+bad.String()+"\nno", "invalid, line 1: ftp://a.test/19: ", "\nand 5 more invalid\n")
		tt.talk("preview /missing.txt", "preview: error: open /missing: no such file")
		tt.talk("preview", "preview is written so:\npreview [recipe=R] ")
		tt.talk("preview priority=urgent http://a.test/1", `preview: priority "urgent": low, normal or high`)
	}, func(d *Deps) { d.Planner = planner })
}

// A list that is added goes at once, as scripts want it; what is odd about it is said.
func TestPlainAdds(t *testing.T) {
	plainly(t, &enginetest.Scraper{}, func(tt *teletype) {
		tt.hear(time.Second)
		tt.talk("add prio=high http://a.test/1", "add: prio= is not known: there are recipe= priority= interval=\n")
		tt.talk("add intervall=2s http://a.test/1", "add: intervall= is not known: did you mean interval=? there are ")
		tt.talk("add interval=soon http://a.test/1", "add: interval: a number of seconds, or 500ms, 2s, 1m30s; 0 does not pace\n")
		tt.talk("add interval=500ms http://a.test/1", "batch 1 added: 1 new, 0 duplicate, 0 invalid\nadd: 0.5s between two requests to each host of the batch: this run was asked to keep 1.0s.\nadd: A site that ")
		tt.talk("add interval=2s http://a.test/2", "batch 2 added: 1 new, 0 duplicate, 0 invalid\n")
	})
}
