package scrape_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"weir/engine"
	"weir/scrape"
)

const (
	password = "pa&s s/wörd"
	user     = "ann@one.test"
)

// An office is a site that shows pages to those who have logged in only.
type office struct {
	*visits
	t *testing.T

	form    string                      // of the page with the form; empty: one as it should be
	post    func(r *http.Request) int   // another answer than that of a good login; 0: that one
	wall    func(w http.ResponseWriter) // what strangers see of a page; nil: a redirect to the form
	page    func(w http.ResponseWriter, r *http.Request) bool
	sso     string // host of the form; empty: that of the pages
	expires int    // pages until a session ends; 0: never

	mu       sync.Mutex
	sessions map[string]int // pages seen, by session
	csrf     int
	logins   int
}

func newOffice(t *testing.T) *office {
	t.Setenv("WEIR_TEST_USER", user)
	t.Setenv("WEIR_TEST_PW", password)
	return &office{visits: newVisits(), t: t, sessions: map[string]int{}}
}

func (o *office) serve(w http.ResponseWriter, r *http.Request) {
	o.add(r)
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case r.URL.Path == "/login" && r.Method == http.MethodPost:
		o.posted(w, r)
	case r.URL.Path == "/login":
		o.csrf++
		form := o.form
		if form == "" {
			form = `<form action=/search><input name=q></form><form method=post><input type=hidden name=csrf value=CSRF>
				<input name=user><input type=password name=pw><input type=checkbox name=stay checked><input type=checkbox name=no>
				<select name=lang><option value=de>de<option selected>en</select><button name=go value=1>Log in</button><input type=submit name=other></form>`
		}
		fmt.Fprint(html2(w), strings.ReplaceAll(form, "CSRF", fmt.Sprint("c", o.csrf)))
	case !o.known(w, r):
	case o.page != nil && o.page(w, r):
	default:
		html(w, r.URL.Path)
	}
}

func html2(w http.ResponseWriter) http.ResponseWriter {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	return w
}

func (o *office) posted(w http.ResponseWriter, r *http.Request) {
	r.ParseForm()
	if o.post != nil {
		if status := o.post(r); status != 0 {
			w.WriteHeader(status)
			return
		}
	}
	want := map[string]string{"csrf": fmt.Sprint("c", o.csrf), "user": user, "pw": password, "stay": "on", "lang": "en", "go": "1"}
	for name, value := range want {
		if got := r.PostForm[name]; !slices.Equal(got, []string{value}) {
			// As bad sites do, it repeats what it was told.
			w.Header().Set("X-Echo", r.PostForm.Encode())
			fmt.Fprintf(html2(w), "<title>wrong: %s</title><form method=post><input name=user value=%q><input type=password name=pw value=%q></form>", r.PostForm.Get("pw"), r.PostForm.Get("user"), r.PostForm.Get("pw"))
			return
		}
	}
	if len(r.PostForm) != len(want) || r.Referer() == "" || r.Header.Get("Origin") != "http://"+r.Host || r.URL.RawQuery != "" {
		o.t.Errorf("the form was sent as %v with %v", r.PostForm, r.Header)
	}
	o.logins++
	sid := fmt.Sprint("s3ss10n", o.logins)
	o.sessions[sid] = 0
	cookie := &http.Cookie{Name: "sid", Value: sid, Path: "/"}
	if o.sso != "" {
		cookie.Domain = "office.test"
	}
	http.SetCookie(w, cookie)
	http.Redirect(w, r, "/home?for="+user, http.StatusFound)
}

// known reports whether a request has a session, and else shows it the wall.
func (o *office) known(w http.ResponseWriter, r *http.Request) bool {
	c, err := r.Cookie("sid")
	if err == nil {
		if seen, ok := o.sessions[c.Value]; ok && (o.expires == 0 || seen < o.expires) {
			if r.URL.Path != "/home" {
				o.sessions[c.Value]++
			}
			return true
		}
	}
	switch {
	case o.wall != nil:
		o.wall(w)
	case o.sso != "":
		http.Redirect(w, r, "http://"+o.sso+"/login?back=x", http.StatusFound)
	default:
		http.Redirect(w, r, "/login?back=x", http.StatusFound)
	}
	return false
}

// enterAt is a recipe that logs in.
func enterAt(url, more string) string {
	return titles + "login: {url: '" + url + `', fields: {user: "${WEIR_TEST_USER}", pw: "${WEIR_TEST_PW}"}` + more + "}\n"
}

// office returns a walk through an office, one request a second.
func (o *office) walk(cfg scrape.Config) *walk {
	w := newWalk(o.t, o.serve, cfg)
	w.cfg.Interval = time.Second
	return w
}

func urls(n int) (list []string) {
	for i := range n {
		list = append(list, fmt.Sprintf("http://one.test/%d", i+1))
	}
	return list
}

// bubble runs a test of an office in a bubble.
func bubbled(t *testing.T, f func(t *testing.T, o *office)) {
	o := newOffice(t)
	synctest.Test(t, func(t *testing.T) {
		o.t, o.begin = t, time.Now()
		f(t, o)
	})
}

// Five workers log in once, and every request of it takes a turn.
func TestLoginTakesTurns(t *testing.T) {
	bubbled(t, func(t *testing.T, o *office) {
		w := o.walk(scrape.Config{})
		w.run(enterAt("http://one.test/login", ""), urls(6)...)
		w.counts(engine.Counts{Submitted: 6, OK: 6})
		o.inOrder(t, "0 /login", "1 POST /login", "2 /home", "3 /1", "4 /2", "5 /3", "6 /4", "7 /5", "8 /6")
		for _, res := range w.results() {
			if res.Attempts != 1 || res.Status != 200 || res.Final != "" {
				t.Errorf("%s: %d attempts, status %d, final %s", res.URL, res.Attempts, res.Status, res.Final)
			}
		}
	})
}

// The same without a pace: no request goes out while one of the login is under
// way.
func TestLoginUnpaced(t *testing.T) {
	bubbled(t, func(t *testing.T, o *office) {
		o.page = func(http.ResponseWriter, *http.Request) bool { return false }
		slow := func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/login" || r.URL.Path == "/home" {
				time.Sleep(time.Second)
			}
			o.serve(w, r)
		}
		w := newWalk(t, slow, scrape.Config{})
		w.run(enterAt("http://one.test/login", ""), urls(6)...)
		w.counts(engine.Counts{Submitted: 6, OK: 6})
		o.mu.Lock()
		got := strings.Join(o.seen[:3], " ")
		o.mu.Unlock()
		if got != "/login POST /login /home" || len(o.seen) != 9 || w.took > 3500*time.Millisecond {
			t.Errorf("asked for %q in %v, want one login of 3s and then the pages", o.seen, w.took)
		}
	})
}

// The form is at another host, which has turns of its own.
func TestLoginAtAnotherHost(t *testing.T) {
	bubbled(t, func(t *testing.T, o *office) {
		o.sso = "sso.office.test"
		w := o.walk(scrape.Config{})
		w.run(enterAt("http://sso.office.test/login", ""), "http://a.office.test/1", "http://a.office.test/2", "http://b.office.test/3", "http://c.office.test/4")
		w.counts(engine.Counts{Submitted: 4, OK: 4})
		o.mu.Lock()
		defer o.mu.Unlock()
		if got := strings.Join(o.seen[:3], " "); got != "/login POST /login /home" || o.at[2] != 2*time.Second || len(o.seen) != 7 {
			t.Errorf("asked for %q at %v, want one login", o.seen, o.at)
		}
		if w.took > 4*time.Second {
			t.Errorf("took %v, want at most 2s for the login, 1s until the jobs that wait there have a turn, and 1s for the second page of a", w.took)
		}
	})
}

func TestLoginWithBase(t *testing.T) {
	for _, tc := range []struct{ url, listed, want string }{
		{"", "http://one.test/a/b?c", "/login"},
		{"url: \"{base}/months/{month}\"\n", "http://one.test/rota/months/2025-11", "/rota/login"},
		{"url: \"{base}/months/{month}\"\n", "http://one.test/months/2025-11", "/login"},
		{"url: \"{base}/months/{month}\"\n", "http://one.test/elsewhere", "/login"},
	} {
		o := newOffice(t)
		w := newWalk(t, func(w http.ResponseWriter, r *http.Request) {
			o.add(r)
			w.WriteHeader(404)
		}, scrape.Config{})
		w.cfg.Retries = -1
		w.run(enterAt("{base}/login", "")+tc.url, tc.listed)
		o.want(t, tc.want)
	}
}

// A session ends after three pages. Whatever says so, there is one more login
// for all, and no page is lost.
func TestLoginAgain(t *testing.T) {
	for name, tc := range map[string]struct {
		more string
		wall func(w http.ResponseWriter)
	}{
		"redirect to the form": {},
		"select":               {", again: {select: 'form#login'}", func(w http.ResponseWriter) { fmt.Fprint(html2(w), "<title>x</title><form id=login>") }},
		"match":                {", again: {match: 'Please log +in'}", func(w http.ResponseWriter) { fmt.Fprint(html2(w), "<title>x</title><p>Please <b>log in</b>") }},
		"status":               {", again: {status: [401, 403]}", func(w http.ResponseWriter) { w.WriteHeader(403) }},
	} {
		t.Run(name, func(t *testing.T) {
			bubbled(t, func(t *testing.T, o *office) {
				o.wall, o.expires = tc.wall, 3
				w := o.walk(scrape.Config{})
				w.run(enterAt("http://one.test/login", tc.more), urls(5)...)
				w.counts(engine.Counts{Submitted: 5, OK: 5})
				o.inOrder(t, "0 /login", "1 POST /login", "2 /home", "3 /1", "4 /2", "5 /3", "6 /4",
					"7 /login", "8 POST /login", "9 /home", "10 /4", "11 /5")
			})
		})
	}
}

// Some pages are not for this account, and say so like an ended session. They
// do not make it log in for ever.
func TestLoginForPagesThatAreNotForUs(t *testing.T) {
	bubbled(t, func(t *testing.T, o *office) {
		o.page = func(w http.ResponseWriter, r *http.Request) bool {
			if strings.HasSuffix(r.URL.Path, "0") || len(r.URL.Path) == 2 || r.URL.Path == "/home" {
				return false
			}
			w.WriteHeader(403)
			return true
		}
		w := o.walk(scrape.Config{})
		w.run(enterAt("http://one.test/login", ", again: {status: 403}"), urls(100)...) // 1 to 9 and each tenth are good
		w.counts(engine.Counts{Submitted: 100, OK: 19, Failed: 81})
		if o.logins > 5 {
			t.Errorf("%d logins, want no more than 5", o.logins)
		}
		got := w.result("http://one.test/99")
		if got.Class != engine.Status || got.Status != 403 || got.Error != "login: the page asks for one" {
			t.Errorf("ended as %q %d %q", got.Class, got.Status, got.Error)
		}
	})
}

// A login that is refused is not tried twice, and everything ends in words that
// say why and hold no secret.
func TestLoginThatIsRefused(t *testing.T) {
	for _, tc := range []struct {
		name, form string
		post       func(*http.Request) int
		env        string
		class      engine.Class
		words      string
		asked      []string
	}{
		{name: "wrong password", env: "not the password", class: engine.Extract, words: "login: rejected: the page asks for it again", asked: []string{"0 /login", "1 POST /login"}},
		{name: "refused by status", post: func(*http.Request) int { return 401 }, class: engine.Status, words: "login: rejected: status 401 Unauthorized", asked: []string{"0 /login", "1 POST /login"}},
		{
			name: "out of order", post: func(*http.Request) int { return 500 }, class: engine.Status, words: "login: status 500 Internal Server Error (the form was sent 2 times, and is not again)",
			asked: []string{"0 /login", "1 POST /login", "3 /login", "4 POST /login"},
		},
		{name: "no form", form: "<title>soon</title>", class: engine.Extract, words: "login: the page has no such form (3 times)", asked: []string{"0 /login", "2 /login", "6 /login"}},
		{name: "another field", form: "<form method=post><input name=email><input type=password name=pw></form>", class: engine.Extract, words: "login: the form has no field user; besides those that are given it has: email", asked: []string{"0 /login"}},
		{name: "sent with GET", form: "<form><input name=user><input type=password name=pw></form>", class: engine.Extract, words: "login: the form is not sent with POST: what is secret would stand in a URL", asked: []string{"0 /login"}},
		{name: "leads inside", form: "<form method=post action='http://10.0.0.1/'><input name=user><input type=password name=pw></form>", class: engine.Blocked, words: "login: address 10.0.0.1: private", asked: []string{"0 /login", "2 /login", "6 /login"}},
		{name: "redirect that sends the form on", post: func(*http.Request) int { return 307 }, class: engine.Redirect, words: "login: the form would have to be sent to another place", asked: []string{"0 /login", "1 POST /login", "3 /login", "4 POST /login"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			bubbled(t, func(t *testing.T, o *office) {
				if tc.env != "" {
					os.Setenv("WEIR_TEST_PW", tc.env) // newOffice sees to its end
				}
				o.form, o.post = tc.form, tc.post
				w := o.walk(scrape.Config{})
				w.run(enterAt("http://one.test/login", ""), urls(20)...)
				w.counts(engine.Counts{Submitted: 20, Failed: 20})
				o.inOrder(t, tc.asked...)
				classes := map[engine.Class]int{}
				last := ""
				for _, res := range w.results() {
					classes[res.Class]++
					if last = res.Error; !strings.HasPrefix(res.Error, "login: ") {
						t.Errorf("%s: %q", res.URL, res.Error)
					}
				}
				if !slices.ContainsFunc(w.results(), func(r engine.Result) bool { return strings.HasPrefix(r.Error, tc.words) }) || classes[tc.class] == 0 {
					t.Errorf("ended with %v %q, want %s %q", classes, last, tc.class, tc.words)
				}
				w.keeps(tc.env, password, user)
			})
		})
	}
}

// keeps checks that nothing that anyone can see of the run holds one of the
// secrets, in whatever coding.
func (w *walk) keeps(secrets ...string) {
	w.t.Helper()
	var seen strings.Builder
	out, err := json.Marshal(w.results())
	if err != nil {
		w.t.Fatal(err)
	}
	seen.Write(out)
	fmt.Fprintf(&seen, "%+v", w.results())
	sub := w.engine.Subscribe(engine.SubscribeOptions{})
	var v engine.View
	sub.Take(&v)
	fmt.Fprintf(&seen, "%+v", v)
	sub.Close()
	for _, s := range secrets {
		if s == "" {
			continue
		}
		for _, form := range []string{s, strings.ReplaceAll(s, "@", "%40"), strings.NewReplacer("&", "%26", " ", "+", "/", "%2F", "ö", "%C3%B6").Replace(s), strings.NewReplacer("&", "%26", " ", "%20", "/", "%2F", "ö", "%C3%B6").Replace(s), strings.ReplaceAll(s, "&", `\u0026`)} {
			if i := strings.Index(seen.String(), form); i >= 0 {
				w.t.Errorf("%q is seen: %s", form, seen.String()[max(0, i-100):min(seen.Len(), i+100)])
			}
		}
	}
}

// A site repeats what it was told wherever it can. None of it comes out.
func TestLoginSecretsStayInside(t *testing.T) {
	bubbled(t, func(t *testing.T, o *office) {
		o.page = func(w http.ResponseWriter, r *http.Request) bool {
			c, _ := r.Cookie("sid")
			w.Header().Set("X-User", user)
			w.Header().Set("X-Pass", password)
			http.SetCookie(w, &http.Cookie{Name: "copy", Value: c.Value})
			switch r.URL.Path {
			case "/1":
				fmt.Fprintf(html2(w), "<title>your password is %s</title><a href='/2?pw=pa%%26s%%20s%%2Fw%%C3%%B6rd'>x</a><a href=/3>y</a>", password)
			case "/3":
				http.Redirect(w, r, "/4?u=ann%40one.test", http.StatusFound)
			case "/4":
				w.WriteHeader(404)
			default:
				return false
			}
			return true
		}
		w := o.walk(scrape.Config{})
		w.run(enterAt("http://one.test/login", "")+"follow: [{select: a}]\n", urls(1)...)
		w.counts(engine.Counts{Submitted: 2, OK: 1, Failed: 1})
		w.keeps(password, user, "s3ss10n1")
		w.holds(`{"title":"your password is (hidden)"}`)
	})
}

func TestLoginToken(t *testing.T) {
	for _, tc := range []struct{ name, token string }{
		{"in a header", "{select: 'meta[name=csrf]', attr: content, header: X-CSRF}"},
		{"in the query", "{select: .token, query: tok}"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			bubbled(t, func(t *testing.T, o *office) {
				var sent []string
				o.page = func(w http.ResponseWriter, r *http.Request) bool {
					sent = append(sent, r.URL.Path+" "+r.Header.Get("X-CSRF")+" "+r.URL.RawQuery)
					fmt.Fprintf(html2(w), "<meta name=csrf content='t0ken&%d'><p class=token>t0ken&amp;%d</p><title>%s</title><a href='/2?tok=old&a=b'>x</a><a href='/3?tok=t0ken%%261'>x</a><a href=http://two.test/x>", o.logins, o.logins, r.URL.Path)
					return true
				}
				strangers := 0
				w := newWalk(t, func(w http.ResponseWriter, r *http.Request) {
					if r.Host == "two.test" {
						strangers++
						if r.Header.Get("X-CSRF") != "" || r.URL.Query().Has("tok") {
							t.Errorf("%s was told the token: %v %q", r.Host, r.Header, r.URL.RawQuery)
						}
					}
					o.serve(w, r)
				}, scrape.Config{})
				w.cfg.Interval = time.Second
				w.cfg.Workers = 1
				w.run(enterAt("http://one.test/login", ", token: "+tc.token)+"follow: [{select: a, pages: 1}]\n", urls(1)...)
				want := []string{"/home  for=" + user, "/1 t0ken&1 ", "/2 t0ken&1 tok=old&a=b"} // the other link holds the token
				if strings.Contains(tc.token, "query") {
					want = []string{"/home  for=" + user, "/1  tok=t0ken%261", "/2  a=b&tok=t0ken%261", "/3  tok=t0ken%261"}
					w.keeps("t0ken&1")
					w.result("http://one.test/2?a=b")
				}
				if strangers == 0 {
					t.Error("nothing was asked of the other host")
				}
				slices.Sort(sent)
				slices.Sort(want)
				if !slices.Equal(sent, want) {
					t.Errorf("asked for %q, want %q: the token goes to no other host", sent, want)
				}
			})
		})
	}
}

func TestLoginTokenThatIsNotThere(t *testing.T) {
	bubbled(t, func(t *testing.T, o *office) {
		w := o.walk(scrape.Config{})
		w.run(enterAt("http://one.test/login", ", token: {select: meta, header: X}"), urls(3)...)
		w.counts(engine.Counts{Submitted: 3, Failed: 3})
		if got := w.result(urls(3)[2]).Error; !strings.HasPrefix(got, "login: no token: nothing on the page is meta") {
			t.Errorf("ended with %q", got)
		}
		if o.logins > 2 {
			t.Errorf("%d logins, want at most 2", o.logins)
		}
	})
}

// The job whose request logs in is cancelled while it is under way. Another
// takes its place.
func TestLoginIsCancelledInTheMiddle(t *testing.T) {
	bubbled(t, func(t *testing.T, o *office) {
		w := newWalk(t, func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPost && len(o.seen) == 1 {
				o.add(r)
				r.ParseForm() // or the server does not see that nobody waits any more
				<-r.Context().Done()
				return
			}
			o.serve(w, r)
		}, scrape.Config{})
		w.cfg.Interval = time.Second
		w.before = func(e *engine.Engine) {
			go func() {
				time.Sleep(5500 * time.Millisecond)
				s := e.Snapshot()
				var busy engine.JobID
				for _, wk := range s.Slots {
					if wk.Job != 0 {
						busy = wk.Job
					}
				}
				if busy == 0 {
					t.Error("no worker is logging in")
				}
				e.Cancel(t.Context(), engine.Selector{Jobs: []engine.JobID{busy}})
			}()
		}
		w.run(enterAt("http://one.test/login", ""), urls(4)...)
		w.counts(engine.Counts{Submitted: 4, OK: 3, Cancelled: 1})
		if got := strings.Join(o.seen[:5], " "); got != "/login POST /login /login POST /login /home" || o.at[2] != 5600*time.Millisecond {
			t.Errorf("asked for %q at %v, want the form again when the next job looks, 200ms after the last look", o.seen, o.at)
		}
	})
}

func TestPrepare(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"pw": "s3cret\r\n", "blank": "\n", "long": strings.Repeat("x", 70<<10)} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("WEIR_TEST_SET", "s3cret")
	t.Setenv("WEIR_TEST_EMPTY", "")
	recipe := filepath.Join(dir, "site.yaml")
	for _, tc := range []struct{ value, want string }{
		{"${WEIR_TEST_SET}", ""},
		{"a${WEIR_TEST_SET}b${file:pw}", ""},
		{"${file:" + filepath.Join(dir, "pw") + "}", ""},
		{"${WEIR_TEST_NONE}", "the environment has no WEIR_TEST_NONE"},
		{"${WEIR_TEST_SET}${WEIR_TEST_EMPTY}", "the environment has no WEIR_TEST_EMPTY"},
		{"${file:none}", "file none: no such file or directory"},
		{"${file:blank}", "file blank: empty"},
		{"${file:long}", "file long: not a file of at most 64 KiB"},
		{"${file:.}", "file .: not a file of at most 64 KiB"},
	} {
		r, err := scrape.ParseRecipe(recipe, []byte(titles+"login:\n  url: http://one.test/login\n  fields:\n    pw: '"+tc.value+"'\n"))
		if err != nil {
			t.Fatal(err)
		}
		s, err := scrape.New(scrape.Config{})
		if err != nil {
			t.Fatal(err)
		}
		err = s.Prepare(r)
		want := ""
		if tc.want != "" {
			want = "scrape: recipe " + recipe + ":7:9: login field pw: " + tc.want
		}
		if got := fmt.Sprint(err); got != want && !(err == nil && want == "") {
			t.Errorf("%s: %v, want %s", tc.value, err, want)
		}
		if err != nil && strings.Contains(err.Error(), "s3cret") || strings.Contains(r.Text(), "s3cret") || strings.Contains(fmt.Sprintf("%+v", r), "s3cret") {
			t.Errorf("%s: a value is told", tc.value)
		}
	}
}

func TestLoginWithoutPrepare(t *testing.T) {
	g := site(t, scrape.Config{}, func(http.ResponseWriter, *http.Request) { t.Error("something was asked for") })
	r, err := scrape.ParseRecipe("walk.yaml", []byte(enterAt("http://one.test/login", "")))
	if err != nil {
		t.Fatal(err)
	}
	g.recipe = g.Use(r)
	if got := g.get(t, "http://one.test/"); got.Class != engine.Extract || got.Error != "login: what it needs was not read at the start" {
		t.Errorf("ended as %q %q", got.Class, got.Error)
	}
}

func TestLoginIsChecked(t *testing.T) {
	for _, tc := range []struct{ text, want string }{
		{"{fields: {a: b}}", "login has no url"},
		{"{url: 'http://one.test/'}", "login has no fields"},
		{"{url: '/login', fields: {a: b}}", "begins with neither"},
		{"{url: '{base}/{month}', fields: {a: b}}", "only {base} is filled"},
		{"{url: 'http://u:p@one.test/', fields: {a: b}}", "user and password in a URL"},
		{"{url: 'http://one.test/', fields: {a: '${B'}}", "login field a: ${ without its }"},
		{"{url: 'http://one.test/', fields: {a: '${s3cret value}'}}", "login field a: ${...} holds neither"},
		{"{url: 'http://one.test/', fields: {user: bob, User_Password: s3cret}}", "walk.yaml:4:69: login field User_Password is a password and stands in the recipe: write ${NAME} or"},
		{"{url: 'http://one.test/', fields: {pw: s3cret}}", "login field pw is a password"},
		{"{url: 'http://one.test/', fields: {a: [b]}}", "a is a list, not text"},
		{"{url: 'http://one.test/', fields: {a: b}, token: {select: a}}", "a token has select and one of header and query"},
		{"{url: 'http://one.test/', fields: {a: b}, token: {header: X}}", "a token has select and one of header and query"},
		{"{url: 'http://one.test/', fields: {a: b}, token: {select: a, header: Host}}", "header Host: cannot be set"},
		{"{url: 'http://one.test/', fields: {a: b}, token: {select: a, query: 'a b'}}", "no parameter's name"},
		{"{url: 'http://one.test/', fields: {a: b}, again: {status: 500}}", `status is "500", not a whole number from 400 to 499`},
		{"{url: 'http://one.test/', field: {a: b}}", `unknown key "field" in login; did you mean`},
	} {
		_, err := scrape.ParseRecipe("walk.yaml", []byte(titles+"login: "+tc.text+"\n"))
		if err == nil || !strings.Contains(err.Error(), tc.want) || !strings.HasPrefix(err.Error(), "scrape: recipe walk.yaml:4") {
			t.Errorf("%s: %v, want line 4 and %s", tc.text, err, tc.want)
		}
		if err != nil && strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: %v repeats it", tc.text, err)
		}
	}
}

// What is no secret may be called something like one, or hold nothing.
func TestLoginTakesOpenFields(t *testing.T) {
	for _, fields := range []string{"{passport: a, compass: b, pw: ''}", "{password: '${file:pw.txt}'}", "{password: 'x${A}'}"} {
		if _, err := scrape.ParseRecipe("walk.yaml", []byte(titles+"login: {url: 'http://one.test/', fields: "+fields+"}\n")); err != nil {
			t.Errorf("%s: %v", fields, err)
		}
	}
}

func TestFetchLogsInFirst(t *testing.T) {
	o := newOffice(t)
	g := site(t, scrape.Config{IgnoreRobots: true}, o.serve)
	r := g.use(t, enterAt("http://one.test/login", ""))
	page, res, err := g.Fetch(t.Context(), "http://one.test/1", r)
	if err != nil || res.Outcome != engine.OK || !strings.Contains(string(page.Body), "<title>/1</title>") {
		t.Fatalf("Fetch = %q, %+v, %v; want the page behind the login", page.Body, res, err)
	}
	o.want(t, "/login", "POST /login", "/home", "/1")
	t.Setenv("WEIR_TEST_PW", "wrong one")
	g = site(t, scrape.Config{IgnoreRobots: true}, o.serve)
	r = g.use(t, enterAt("http://one.test/login", ""))
	if _, _, err = g.Fetch(t.Context(), "http://one.test/2", r); err == nil || err.Error() != "scrape: login: rejected: the page asks for it again" {
		t.Errorf("Fetch with a wrong password: %v", err)
	}
}

// Two logins that went well do not count against one that does not.
func TestLoginTroubleAfterGoodOnes(t *testing.T) {
	bubbled(t, func(t *testing.T, o *office) {
		posts := 0
		o.expires = 2
		o.post = func(*http.Request) int {
			if posts++; posts == 3 {
				return 500
			}
			return 0
		}
		w := o.walk(scrape.Config{})
		w.run(enterAt("http://one.test/login", ""), urls(6)...)
		w.counts(engine.Counts{Submitted: 6, OK: 6})
		if o.logins != 3 || posts != 4 {
			t.Errorf("%d logins of %d forms sent, want 3 of 4", o.logins, posts)
		}
	})
}

// robots.txt rules the pages, and not the one page that the operator names to
// log in at.
func TestLoginIsNotForRobots(t *testing.T) {
	bubbled(t, func(t *testing.T, o *office) {
		w := newPoliteWalk(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/robots.txt" {
				o.add(r)
				fmt.Fprint(w, "User-agent: *\nDisallow: /login\nDisallow: /home\nDisallow: /2\n")
				return
			}
			o.serve(w, r)
		}, scrape.Config{})
		w.cfg.Interval = time.Second
		w.run(enterAt("http://one.test/login", ""), urls(3)...)
		w.counts(engine.Counts{Submitted: 3, OK: 2, Skipped: 1})
		o.inOrder(t, "0 /robots.txt", "1 /login", "2 POST /login", "3 /home", "4 /1", "5 /3")
	})
}

// Old sites begin a form between a table and its rows, and the parser leaves it
// empty. Others have controls elsewhere that name their form.
func TestLoginFormsThatAreOutOfOrder(t *testing.T) {
	const inputs = `<input type=hidden name=csrf value=CSRF><input name=user><input type=password name=pw>
		<input type=radio name=stay value=no><input type=radio name=stay checked><textarea name=lang>en</textarea>`
	for name, form := range map[string]string{
		"between a table and its rows": "<table><form method=post><tr><td>" + inputs + "<button name=go value=1>x</button></form></table>",
		"elsewhere":                    "<input form=f name=go value=1 type=hidden><input name=stray value=1><form method=POST id=f>" + inputs + "</form><input form=g name=other value=2>",
	} {
		t.Run(name, func(t *testing.T) {
			bubbled(t, func(t *testing.T, o *office) {
				o.form = form
				w := o.walk(scrape.Config{})
				w.run(enterAt("http://one.test/login", ""), urls(1)...)
				w.counts(engine.Counts{Submitted: 1, OK: 1})
			})
		})
	}
}
