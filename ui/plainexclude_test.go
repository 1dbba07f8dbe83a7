package ui

import (
	"strings"
	"testing"
	"time"

	"weir/engine/enginetest"
)

// Lines and an engine: what goes, what stays, and that it comes back.
func TestPlainExcludes(t *testing.T) {
	plainly(t, &enginetest.Scraper{}, func(tt *teletype) {
		tt.hear(time.Second)
		tt.say("pause")
		tt.say("add http://a.test/old/1 http://a.test/old/2 http://a.test/new/1")
		tt.say("add " + strings.Join(strings.Fields(urls(60)), " ") + " http://a.test/old/3")
		tt.talk("exclude", "exclude [batch N] PATTERN")
		tt.talk("exclude batch x /old/", "exclude [batch N] PATTERN")
		tt.talk("exclude re:old(", "exclude: no regular expression: missing closing )")
		tt.talk("exclude /older/", "exclude /older/ finds nothing: none of 64 waiting URLs has that")
		tt.talk("exclude batch 7 /old/", "exclude: no batch 7 is known: there are 2, batches lists them")
		tt.talk("exclude batch 1 /OLD/", "exclude /OLD/ finds 2 of 3 waiting URLs of batch 1\nexclude /OLD/ finds http://a.test/old/1\nexclude /OLD/ finds http://a.test/old/2\n",
			"exclude /OLD/: answer yes to exclude 2 URLs, no to leave it")
		tt.talk("no", "exclude /OLD/: nothing excluded")
		tt.talk("yes", "yes: there is no question")
		tt.talk("exclude batch 1 /OLD/\nyes", "2 excluded; undo takes it back")
		tt.talk("exclude /old/\nyes", "finds 1 of 62 waiting URLs of the run\nexclude /old/ finds http://a.test/old/3\n", "\n1 excluded")
		tt.talk("undo", "undone: 1 excluded")
		tt.talk("undo", "undone: 2 excluded")
		tt.talk("exclude re:.\nyes", "finds 64 of 64 waiting URLs", "finds 56 more\n", "\n64 excluded")
		tt.say("undo")
		tt.talk("exclude re:old/[13]\nstatus", "2 of 64 waiting URLs", "exclude re:old/[13]: nothing excluded\nthe run is paused")
		tt.talk("exclude re:old/[13]\nyes", "2 excluded")
		tt.say("resume")
		tt.want(tt.hear(200*time.Second), "all work is done", "62 ok")
	})
}
