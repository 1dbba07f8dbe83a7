package ui

import (
	"slices"
	"strings"
	"testing"
	"time"

	"weir/engine"
	"weir/engine/enginetest"
)

// urlsOf returns the last words of lines that begin so, in their order.
func urlsOf(said, begin string) string {
	var urls []string
	for line := range strings.Lines(said) {
		if strings.HasPrefix(line, begin) {
			words := strings.Fields(line)
			urls = append(urls, strings.TrimPrefix(words[len(words)-1], "http://"))
		}
	}
	return strings.Join(urls, " ")
}

// Results come in the order of each column of the screen, and the other way round.
func TestPlainResultsAreSorted(t *testing.T) {
	page := func(status int, bytes int64, rows int) engine.Step {
		r := &engine.Result{Outcome: engine.OK, Status: status, Bytes: bytes}
		for range rows {
			r.Records = append(r.Records, engine.Record{{Name: "n", Value: "1"}})
		}
		if status >= 400 {
			r.Outcome, r.Class, r.Error = engine.Failed, engine.Status, "not served"
		}
		return engine.Step{Result: r}
	}
	site := answering(map[string]engine.Step{"/a": page(200, 20, 1), "/b": page(404, 30, 0), "/c": page(200, 10, 3)})
	site.Latency = func(r engine.Request) time.Duration {
		for end, took := range map[string]time.Duration{"/a": 200, "/b": 100, "/c": 300} {
			if strings.HasSuffix(r.URL, end) {
				return took * time.Millisecond
			}
		}
		return 0
	}
	plainly(t, site, func(tt *teletype) {
		tt.hear(time.Second)
		tt.say("http://one.test/b\nhttp://one.test/c\nhttp://one.test/a")
		tt.want(tt.hear(10*time.Second), "all work is done")
		for _, tc := range []struct{ typed, urls, end string }{
			{"results", "b c a", ""},
			{"results sort:#", "a c b", "3 results; the first 3 by #, newest first\n"},
			{"results turn:#", "b c a", "by #, oldest first\n"},
			{"results sort:outcome", "b c a", "by outcome, failed first\n"},
			{"results turn:outcome", "a c b", "by outcome, failed last\n"},
			{"results sort:code", "c a b", "by code, lowest first\n"},
			{"results sort:time", "c a b", "by time, highest first\n"},
			{"results turn:time", "b a c", "by time, lowest first\n"},
			{"results sort:size", "b a c", "by size, highest first\n"},
			{"results sort:rows", "c a b", "by rows, highest first\n"},
			{"results sort:try", "a c b", "by try, highest first\n"},
			{"results sort:url", "a b c", "by url, a before z\n"},
			{"results turn:url", "c b a", "by url, z before a\n"},
			{"results sort:why", "c a b", "by why, a before z\n"},
			{"results 1 sort:time", "c", "3 results; the first 1 by time, highest first\n"},
			{"results SORT:time 2", "c a", "3 results; the first 2 by time, highest first\n"},
			{"results sort:time code:200", "c a", "2 of 3 results match code:200; the first 2 by time, highest first\n"},
			{"failed sort:time", "b", "1 of 3 results failed or were empty; the first 1 by time, highest first\n"},
			{"failed one.test/a", "", "0 of 3 results failed or were empty and match one.test/a\n"},
			{"failed code:404", "b", "1 of 3 results failed or were empty and match code:404\n"},
			{"results sort:time two", "", "0 of 3 results match two\n"},
		} {
			said := tt.say(tc.typed)
			want := strings.ReplaceAll(" "+tc.urls, " ", " one.test/")
			if got := urlsOf(said, "result "); " "+got != want && tc.urls+got != "" || !strings.HasSuffix(said, tc.end) {
				t.Errorf("%s says\n%swant %s\n%s", tc.typed, said, tc.urls, tc.end)
			}
		}
		tt.talk("results 1 sort:time", "result 2 ok, status 200, took 300ms, 3 rows: http://one.test/c\n")
		tt.talk("results 1 turn:size", "result 2 ok, status 200, 10 B, 3 rows: ")
		tt.talk("results 1 turn:rows", "result 1 failed, status 404, status: not served, 0 rows: ")
		tt.talk("results 1 sort:try", ", 1 row, 1 attempt: ")
		tt.talk("results sort:tim", "results: sort:tim is no order: did you mean time? there are # outcome code time size rows try url why\n")
		tt.talk("results sort:", "results: sort: is no order: there are # outcome ")
		tt.talk("results turn:time 0", "results is written so:")
		tt.talk("failed sort:none", "failed: sort:none is no order: ")
		tt.talk("waiting sort:host", "waiting: sort:host is no order: ")
		tt.talk("export x.jsonl sort:time", "sort:time is looked for as text, sort: is no filter: ")
	})
}

// What waits comes in the order of its columns, too.
func TestPlainWaitingIsSorted(t *testing.T) {
	plainly(t, &enginetest.Scraper{}, func(tt *teletype) {
		tt.say("pause")
		tt.say("add http://b.test/1 http://a.test/2 http://c.test/3")
		tt.say("add https://b.test/0")
		said := tt.say("waiting sort:url 3")
		tt.want(said, "http://a.test/2: ", "waiting: the first 3 of 4 that have not ended; the first 3 by url, a before z\n")
		var got []string
		for line := range strings.Lines(said) {
			if url, _, ok := strings.Cut(line, ": In the"); ok {
				got = append(got, url)
			}
		}
		if want := []string{"http://a.test/2", "https://b.test/0", "http://b.test/1"}; !slices.Equal(got, want) {
			t.Errorf("it tells of %q, want %q", got, want)
		}
		tt.talk("waiting 1 turn:# batch:1", "http://c.test/3: ", "waiting: the first 1 of 3 that match batch:1, of 4 that have not ended; the first 1 by #, newest first\n")
	})
}

// Hosts come in the orders of the screen, those that are done too if all are asked for.
func TestPlainHostsAreSorted(t *testing.T) {
	plainly(t, answering(map[string]engine.Step{"bad": refused}), func(tt *teletype) {
		tt.hear(time.Second)
		tt.say("add http://b.test/bad http://b.test/bad2 http://c.test/1 http://c.test/2 http://c.test/3 http://c.test/4 http://c.test/5 http://c.test/6 http://c.test/7 http://c.test/8 http://c.test/9 http://d.test/1")
		tt.hear(3 * time.Second)
		tt.say("interval 3s host b.test")
		tt.say("add http://b.test/3 http://b.test/4 http://a.test/1 http://a.test/2 http://a.test/3 http://a.test/4 http://a.test/5 http://a.test/6 http://a.test/7 http://a.test/8 http://a.test/9")
		tt.say("pause")
		order := func(said string) string {
			var names []string
			for line := range strings.Lines(said) {
				for _, name := range []string{"a", "b", "c", "d"} {
					if strings.Contains(line, name+".test") {
						names = append(names, name)
					}
				}
			}
			return strings.Join(names, " ")
		}
		for _, tc := range []struct{ typed, want, end string }{
			{"hosts", "b a c", "hosts: that is all with work left; 1 done, hosts all tells of them\n"},
			{"hosts sort:host", "a b c", ""},
			{"hosts turn:host", "c b a", ""},
			{"hosts sort:pace", "b a c", ""},
			{"hosts sort:waiting", "a c b", ""},
			{"hosts turn:waiting all", "d b c a", "hosts: that is all\n"},
			{"hosts sort:failed 1", "b", "hosts: 2 more with work left, 1 done; hosts 3 tells all\n"},
			{"hosts all 2", "b a", "hosts: 2 more; hosts 4 all tells all\n"},
		} {
			if said := tt.say(tc.typed); order(said) != tc.want || !strings.HasSuffix(said, tc.end) {
				t.Errorf("%s says\n%swant %s\n%s", tc.typed, said, tc.want, tc.end)
			}
		}
		tt.talk("hosts sort:speed", "hosts: sort:speed is no order: there are worst host pace rate waiting failed\n")
		tt.talk("hosts c.test", "hosts is written so:")
	})
}
