package ui

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"weir/engine"
)

// rich is the answer of a page with something in each of its parts.
func rich() engine.Step {
	r := &engine.Result{
		Outcome: engine.OK, Status: 200, Bytes: 2100, Title: "A grid", Final: "http://a.test/grid/",
		Timing:   engine.Timing{Waited: time.Second, DNS: -1, Connect: -1, TLS: -1, FirstByte: 20 * time.Millisecond, Body: 3 * time.Millisecond, Extract: time.Millisecond},
		Header:   []engine.Header{{Name: "Content-Type", Value: "text/html"}, {Name: "X-Nothing"}},
		Findings: []engine.Finding{{Kind: "BadCell", Row: 4, Col: 3, Field: "start", Selector: "td:nth-child(3)", Raw: "n/a"}, {Kind: "BadCell", Row: 5, Col: 3, Field: "start", Selector: "td:nth-child(3)", Raw: "n/a"}},
	}
	for i := range 12 {
		r.Records = append(r.Records, engine.Record{{Name: "n", Value: engine.Number(fmt.Sprint(i + 1))}, {Name: "tags", Value: []string{"a", "b"}}})
	}
	return engine.Step{Result: r}
}

// oneBody is a keeper of one body.
type oneBody string

func (p oneBody) Body(_ context.Context, url string, _ int64) (Body, bool, error) {
	if url != "http://a.test/grid/" {
		return Body{}, false, nil
	}
	return Body{Type: "text/html", At: time.Now(), Size: int64(len(p)), Raw: []byte(p), Text: []byte(p)}, true, nil
}

// A result is told whole in lines that each name it: a few of each part, and all
// of the part that is asked for.
func TestPlainShows(t *testing.T) {
	plainly(t, answering(map[string]engine.Step{"/grid": rich(), "/bad": refused}), func(tt *teletype) {
		tt.hear(time.Second)
		tt.say("http://a.test/grid\nhttp://a.test/bad\nhttp://a.test/later")
		tt.hear(time.Second)
		whole := tt.say("show 1")
		want := `result 1 ok, status 200, 2 findings: BadCell, 12 rows: http://a.test/grid
result 1 is of batch 1, host a.test
result 1 led to http://a.test/grid/
result 1 title: A grid
result 1 attempt 1: status 200, 0ms, waited 1.0s
result 1 time of the last attempt: waited host 1.00s, first byte 20ms, body 3ms, extract 1ms
result 1 header Content-Type: text/html
result 1 header X-Nothing: ""
result 1 finding: BadCell in field start, column 3 td:nth-child(3), rows 4-5: "n/a"
result 1 row 1: n 1, tags a, b
`
		if !strings.HasPrefix(whole, want) || strings.Contains(whole, "result 1 body") {
			t.Errorf("show 1 says\n%swant\n%s", whole, want)
		}
		tt.want(whole, "result 1 row 10: n 10, tags a, b\nresult 1 has 2 more records: show 1 records\n")
		if rows := tt.say("show http://a.test/grid records"); strings.Count(rows, " row ") != 12 || !strings.Contains(rows, "result 1 row 12: n 12") {
			t.Errorf("its records are\n%s", rows)
		}
		tt.talk("show 1 headers", "result 1 header X-Nothing: \"\"\n")
		tt.talk("show 1 timeline", "result 1 title: A grid\n")
		tt.talk("show 1 body", "result 1 body: ", "result 1 body: <p>one\nresult 1 body: two\n")
		tt.talk("show 1 json", `{"url":"http://a.test/grid","final_url":"http://a.test/grid/","batch":1,"outcome":"ok"`, `{"n":12,"tags":["a","b"]}]}`+"\n")
		tt.hear(10 * time.Second)
		tt.talk("show 2", "result 2 failed, status 503, status: busy: http://a.test/bad\n", "result 2 attempt 1: status 503, 0ms, waited ")
		for part, none := range map[string]string{"findings": "nothing was missing or bad", "records": "no records", "headers": "no headers: no answer came"} {
			tt.talk("show 2 "+part, "result 2: "+none+"\n")
		}
		tt.talk("show 2 body", "result 2 body: no body of this page is kept: those are of pages that a recipe could read\n")
		tt.say("pause")
		tt.say("add http://a.test/now")
		tt.talk("show http://a.test/now", "http://a.test/now: In the backlog: paused.\n")
		tt.talk("show host a.test", "host a.test: Its pace has not changed yet.\n", "host a.test: Rates of the last 32s, one every 4s, oldest first: 0/s ")
		tt.talk("slower host a.test\nshow host a.test", "host a.test: "+daytime(time.Now())+": from 1.00s to 2.00s between requests: set by the operator.\n")
		tt.talk("show batch 1", "batch 1: recipe page, priority normal.\n", "batch 1: no records yet, fields are counted page by page.\n")
		tt.talk("show batch 1 records", "show is written so:")
		tt.talk("show", "show is written so:")
		tt.talk("show much", "show is written so:")
	}, func(d *Deps) { d.Bodies = oneBody("<p>one\r\ntwo") })
}

// A page is opened, or its URL said.
func TestPlainOpens(t *testing.T) {
	var opened []string
	plainly(t, answering(nil), func(tt *teletype) {
		tt.say("http://a.test/1\nhttp://a.test/2")
		tt.hear(5 * time.Second)
		tt.talk("open 2", "open: opened http://a.test/2\n")
		tt.talk("open http://a.test/1", "open: http://a.test/1 cannot be opened: no browser\n")
		tt.talk("open", "open is written so:")
	}, func(d *Deps) {
		d.Open = func(url string) error {
			if opened = append(opened, url); len(opened) == 2 {
				return errors.New("no browser")
			}
			return nil
		}
	})
	if len(opened) != 2 || opened[0] != "http://a.test/2" {
		t.Errorf("opened %q", opened)
	}
	plainly(t, answering(nil), func(tt *teletype) {
		tt.say("http://a.test/1")
		tt.hear(5 * time.Second)
		tt.talk("open 1", "open: no browser can be opened from here: http://a.test/1\n")
	})
}
