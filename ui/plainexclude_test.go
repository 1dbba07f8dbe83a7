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
		tt.talk("exclude re:old(", "error: no regular expression: missing closing )")
		tt.talk("exclude /older/", "nothing: none of 64 waiting URLs has that")
		tt.talk("exclude batch 7 /old/", "there is no such batch")
		tt.talk("exclude batch 1 /OLD/", "2 of 3 waiting URLs:\nhttp://a.test/old/1\nhttp://a.test/old/2\n2 excluded; undo takes it back")
		tt.talk("exclude /old/", "1 of 62 waiting URLs:\nhttp://a.test/old/3\n1 excluded")
		tt.talk("undo", "undone: 1 excluded")
		tt.talk("undo", "undone: 2 excluded")
		tt.talk("exclude re:.", "64 of 64 waiting URLs:", "and 56 more\n64 excluded")
		tt.say("undo")
		tt.talk("exclude re:old/[13]", "2 of 64 waiting URLs:")
		tt.say("resume")
		tt.want(tt.hear(200*time.Second), "all work is done", "62 ok")
	})
}
