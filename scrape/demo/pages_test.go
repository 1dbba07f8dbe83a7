package demo

import (
	"bytes"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// read draws what stands behind a path with its query.
func (h *host) read(t *testing.T, path string) page {
	t.Helper()
	u, err := url.Parse(path)
	if err != nil {
		t.Fatal(err)
	}
	return h.page(u, "http://here.test", "http://there.test", h.known[path].fault == hollow)
}

// bodies are one in six of the pages of all lists.
func bodies(t *testing.T, hosts []*host) map[string]string {
	out := make(map[string]string)
	for i, h := range hosts {
		for n := 0; n < len(h.listed); n += 6 {
			out[fmt.Sprint(i, h.listed[n])] = string(h.read(t, h.listed[n]).body)
		}
	}
	return out
}

func TestSeedDecidesEverything(t *testing.T) {
	one, same, other := newHosts(7), newHosts(7), newHosts(8)
	pages, others := bodies(t, one), bodies(t, other)
	if !maps.Equal(pages, bodies(t, same)) {
		t.Error("two sites of one seed have different pages")
	}
	differ := 0
	for path, body := range others {
		if old, ok := pages[path]; ok && old != body {
			differ++
		}
	}
	if differ < len(pages)/2 {
		t.Errorf("only %d of %d pages of another seed differ", differ, len(pages))
	}
	for i := range one {
		a, b, c := one[i], same[i], other[i]
		if !slices.Equal(a.listed, b.listed) || !maps.Equal(a.known, b.known) {
			t.Errorf("%s differs for one seed", a.org)
		}
		if maps.Equal(a.known, c.known) {
			t.Errorf("%s is the same for another seed", a.org)
		}
		am, bm := newMeter(a), newMeter(b)
		for _, path := range slices.Repeat(a.listed, 3) {
			if x, y := am.meet(path), bm.meet(path); x != y {
				t.Errorf("%s meets %s with %v and with %v", a.org, path, x, y)
			}
		}
	}
}

// The trouble that the table promises is there for every seed, each on a page
// of its own.
func TestEveryFaultStrikes(t *testing.T) {
	for seed := range uint64(50) {
		for _, h := range newHosts(seed) {
			var got []fault
			for _, path := range h.listed {
				if f := h.known[path].fault; f != none {
					got = append(got, f)
				}
			}
			want := slices.Clone(h.faults)
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("seed %d: %s has faults %v, want %v", seed, h.org, got, want)
			}
			if len(h.listed) != h.count+len(h.extra) || len(h.known) != len(h.listed) {
				t.Errorf("seed %d: %s lists %d paths and knows %d, want %d", seed, h.org, len(h.listed), len(h.known), h.count+len(h.extra))
			}
		}
	}
}

func TestRefusals(t *testing.T) {
	for _, h := range newHosts(1) {
		m := newMeter(h)
		for n := 1; n <= 40; n++ {
			if n%10 == 0 {
				if a := m.meet("/robots.txt"); a.status != http.StatusOK {
					t.Errorf("%s: robots.txt answers %d", h.org, a.status)
				}
			}
			a := m.meet("/staff/1")
			if want := h.crowd > 0 && n%h.crowd == 0; (a.status == http.StatusTooManyRequests) != want {
				t.Errorf("%s: request %d answers %d, refused: want %v", h.org, n, a.status, want)
			}
			if a.status == http.StatusTooManyRequests && (a.after < askLeast*time.Second || a.after > askMost*time.Second) {
				t.Errorf("%s: request %d: Retry-After %v, want %d to %d s", h.org, n, a.after, askLeast, askMost)
			}
		}
	}
}

func TestCleanDialect(t *testing.T) {
	h := newHosts(1)[0]
	december := string(h.read(t, "/schedule/2025-12").body)
	for _, want := range []string{
		`<table class="amion-schedule">`,
		`<a rel="next" href="/schedule/2026-01">`,
		`<tr><td>2025-12-31</td><td>Night</td><td>19:00</td><td>07:00</td>`,
		`<a href="/staff/`,
	} {
		if !strings.Contains(december, want) {
			t.Errorf("2025-12 lacks %s", want)
		}
	}
	if january := string(h.read(t, "/schedule/2026-01").body); !strings.Contains(january, `<tr><td>2026-01-01</td>`) {
		t.Error("2026-01 does not begin with its first day")
	}
	if last := string(h.read(t, "/schedule/"+lastMonth.String()).body); strings.Contains(last, `rel="next"`) {
		t.Error("the last month has a next one")
	}
	for path, e := range h.known {
		if e.fault != hollow {
			continue
		}
		if rows := strings.Count(string(h.read(t, path).body), "<tr><td>"); rows != 0 {
			t.Errorf("%s has %d rows, want none", path, rows)
		}
	}
	for _, path := range []string{"/schedule/2019-12", "/schedule/2025-13", "/schedule/2025-1", "/schedule/", "/schedule/2028-03"} {
		if p := h.read(t, path); p.status != http.StatusNotFound {
			t.Errorf("%s answers %d, want 404", path, p.status)
		}
	}
}

// A month has two shifts a day, but for what is wrong with it: over the listed
// months each kind of trouble occurs, and most rows are good.
func TestMonthRows(t *testing.T) {
	kinds := make(map[string]int)
	for _, h := range newHosts(1)[:3] {
		for m := firstListed; m <= lastMonth; m++ {
			rows := h.monthRows(m)
			seen := make(map[shiftRow]bool)
			for _, r := range rows {
				switch {
				case seen[r]:
					kinds["twice"]++
				case r.Open:
					kinds["open"]++
				case r.NoEnd:
					kinds["no end"]++
				case r.Short:
					kinds["short"]++
				case r.Start == "":
					kinds["no start"]++
				case r.Start == "7pm?":
					kinds["bad start"]++
				case r.Shift == "":
					kinds["no shift"]++
				default:
					kinds["good"]++
				}
				seen[r] = true
			}
			if len(seen) != 2*m.days() {
				t.Errorf("%v has %d different rows, want %d", m, len(seen), 2*m.days())
			}
		}
	}
	for _, kind := range []string{"twice", "open", "no end", "short", "no start", "bad start", "no shift"} {
		if kinds[kind] == 0 {
			t.Errorf("no row is %s: %v", kind, kinds)
		}
	}
	if kinds["good"] < 50*kinds["no start"] {
		t.Errorf("too little is good: %v", kinds)
	}
}

func TestMonths(t *testing.T) {
	for _, tc := range []struct {
		name, text, old, next string
		days                  int
	}{
		{"a year ends", "2025-12", "12-25", "2026-01", 31},
		{"a leap day", "2024-02", "2-24", "2024-03", 29},
		{"none", "2025-02", "2-25", "2025-03", 28},
		{"one digit in the old way", "2026-01", "1-26", "2026-02", 31},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m, ok := parseMonth(tc.text)
			if !ok || m.String() != tc.text || m.old() != tc.old || (m+1).String() != tc.next || m.days() != tc.days {
				t.Errorf("%s: got %v, %v, %s, next %v, %d days; want %v", tc.text, ok, m, m.old(), m+1, m.days(), tc)
			}
			if old, ok := parseOldMonth(tc.old); !ok || old != m {
				t.Errorf("parseOldMonth(%q) = %v, %v, want %v", tc.old, old, ok, m)
			}
		})
	}
}

func TestOldDialect(t *testing.T) {
	h := newHosts(1)[4]
	at := func(query string) string { return "/ocs?Lo=" + h.token + query }
	for _, tc := range []struct {
		name, path string
		has        []string
		lacks      string
	}{
		{"a month", at("&Month=12-25"), []string{
			"<TITLE>H\xf4pital Sainte-Br\xe8me on call, December 2025", `<TABLE BORDER="1"`, "Children\x92s Wing",
			"7a-7p<FONT SIZE=-2>1</FONT>", "Wed 12/31", "7a-5p / ", " 5p-7a", `TITLE="telehealth"`, "OPEN&nbsp;SHIFT", "&nbsp;",
			at("&Month=1-26"), "\x80" + "0.30", "class=grbg", " \x96 ask first",
		}, "</TD>"},
		{"a day over the year's end", at("&Month=12-25&Day=31"), []string{
			"Wed, Dec 31, 2025", at("&Month=1-26&Day=1") + `"><IMG SRC="/next.gif" TITLE="Next day"`, "<TR class=grbg><td nowrap>",
			"<nobr><b>", "<font color", "7p-7a",
		}, "</td>"},
		{"the last day", at("&Month=" + lastMonth.old() + "&Day=29"), []string{"Previous day"}, "Next day"},
		{"a token of another session", "/ocs?Lo=other&Month=12-25", []string{"session has expired"}, "telehealth"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := h.read(t, tc.path)
			if p.status != http.StatusOK || p.ctype != "text/html" {
				t.Errorf("%d %s, want 200 text/html", p.status, p.ctype)
			}
			for _, want := range tc.has {
				if !strings.Contains(string(p.body), want) {
					t.Errorf("%q lacks %q", p.body, want)
				}
			}
			if strings.Contains(string(p.body), tc.lacks) {
				t.Errorf("%q has %q", p.body, tc.lacks)
			}
			if strings.Contains(tc.path, "Month=12-25&Day") && utf8.Valid(p.body) {
				t.Error("the body is UTF-8, want windows-1252")
			}
		})
	}
	if p := h.read(t, at("&Month=11-25&Rpt=csv")); p.ctype != "text/csv" || bytes.Count(p.body, []byte("\r\n")) != 1+30*len(services) {
		t.Errorf("the report is %s of %d lines", p.ctype, bytes.Count(p.body, []byte("\r\n")))
	}
	for _, query := range []string{"", "&Month=13-25", "&Month=11-25&Day=31", "&Month=11-25&Day=0", "&Month=11-19", "&Who=0"} {
		if p := h.read(t, at(query)); p.status != http.StatusNotFound {
			t.Errorf("%s answers %d, want 404", query, p.status)
		}
	}
	if p := h.read(t, at("&Who=3")); p.status != http.StatusFound || p.location != "/staff/3" {
		t.Errorf("Who=3 answers %d %s, want 302 /staff/3", p.status, p.location)
	}
}

func TestWindows1252(t *testing.T) {
	for _, tc := range []struct{ name, in, want string }{
		{"ASCII stays", "<TD>a&nbsp;b", "<TD>a&nbsp;b"},
		{"Latin-1 is one byte", "Zoë Ünlü\u00a0ÿ", "Zo\xeb \xdcnl\xfc\xa0\xff"},
		{"its own letters", "€ ’ – Š ž Ÿ", "\x80 \x92 \x96 \x8a \x9e \x9f"},
		{"what it has not is a reference", "Łucja ů", "&#321;ucja &#367;"},
		{"a control of Latin-1 is not a letter of it", "\u0085", "&#133;"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := string(windows1252([]byte(tc.in))); got != tc.want {
				t.Errorf("windows1252(%q) = %q, want %q", tc.in, got, tc.want)
			}
		})
	}
}

func TestStaffAreNoNamesakes(t *testing.T) {
	for _, h := range newHosts(3) {
		names := make(map[string]bool)
		for n := 1; n <= staffSize; n++ {
			names[h.person(n).name()] = true
		}
		if len(names) != staffSize {
			t.Errorf("%s has %d names for %d people", h.org, len(names), staffSize)
		}
	}
}

// Whatever the seed, some listed title would harm a terminal.
func TestTitlesAreHostile(t *testing.T) {
	for seed := range uint64(4) {
		hostile := 0
		for _, h := range newHosts(seed) {
			if h.list != listArchive {
				continue
			}
			for _, path := range h.listed {
				_, title, _ := strings.Cut(string(h.read(t, path).body), "<title>")
				title, _, _ = strings.Cut(title, "</title>")
				if strings.ContainsAny(title, "\x1b\u009b\u202e\u200b\u0351\x7f\U000e0048") {
					hostile++
				}
			}
		}
		if hostile < 3 {
			t.Errorf("seed %d: %d hostile titles, want at least 3", seed, hostile)
		}
	}
}

func TestHitLogKeepsTheNewest(t *testing.T) {
	var s Site
	for i := range maxHits + 3 {
		s.log.start(Hit{Path: fmt.Sprint(i)})
	}
	s.log.answered(1, 200) // overwritten meanwhile: nobody else's status
	s.log.answered(maxHits+2, 404)
	hits := s.Log()
	if len(hits) != maxHits || hits[0].Path != "3" || hits[maxHits-1].Path != fmt.Sprint(maxHits+2) || hits[maxHits-1].Status != 404 {
		t.Errorf("Log() has %d hits, from %v to %v", len(hits), hits[0], hits[len(hits)-1])
	}
	if i := slices.IndexFunc(hits, func(h Hit) bool { return h.Status == 200 }); i >= 0 {
		t.Errorf("hit %d has the status of one that is gone", i)
	}
}

// Whatever is asked for: a page comes, or a redirect, or 404; never a panic.
func FuzzPage(f *testing.F) {
	hosts := newHosts(1)
	for _, seed := range []string{
		"/", "/robots.txt", "/schedule/2025-12", "/staff/1", "/a/60", "/go/1", "/moved/0", "/loop/2", "/files/rota.pdf", "/private/x",
		hosts[0].gridPath(0), hosts[0].gridPath(20), "/ocs?Lo=" + hosts[0].token + "&Who=9", "/staff/01", "//", "/a/9999999999999999999",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, path string) {
		u, err := url.ParseRequestURI(path)
		if err != nil {
			return
		}
		p := hosts[0].page(u, "http://here.test", "http://there.test", false)
		switch p.status {
		case http.StatusOK, http.StatusNotFound:
			if len(p.body) == 0 || p.ctype == "" {
				t.Errorf("%q: %d without a body or a type", path, p.status)
			}
		case http.StatusMovedPermanently, http.StatusFound:
			if to, err := url.Parse(p.location); err != nil || to.Path == "" {
				t.Errorf("%q leads to %q", path, p.location)
			}
		default:
			t.Errorf("%q answers %d", path, p.status)
		}
	})
}
