package scrape_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"golang.org/x/net/dns/dnsmessage"

	"weir/engine"
	"weir/scrape"
)

// moved answers with a redirect to location.
func moved(location string) func(*peer) {
	return says("HTTP/1.1 302 Found\r\nConnection: close\r\nContent-Length: 0\r\nLocation: ", location, "\r\n\r\n")
}

func redirectFaults() []fault {
	// A walk answers each path with a redirect to the next, "" with the page.
	walk := func(next func(path string) string) func(*peer) {
		return func(p *peer) {
			_, path, _ := strings.Cut(p.first, " ")
			path, _, _ = strings.Cut(path, " ")
			to := next(path)
			if to == "" {
				p.say(answerOf("", faultPage))
				return
			}
			moved(to)(p)
		}
	}
	list := []fault{
		{name: "a redirect to itself", words: "loop", talk: moved("/")},
		{name: "a redirect to itself by another name", words: "loop", talk: moved("/a/../#b")},
		{name: "two redirects to one another", words: "loop", talk: walk(func(path string) string {
			return map[string]string{"/": "/a", "/a": "/b", "/b": "/a"}[path]
		})},
		{name: "redirects without end", words: "more than 10 redirects", talk: walk(func(path string) string { return path + "x" })},
		{name: "ten redirects", ends: "ok", talk: walk(func(path string) string {
			if path == "/xxxxxxxxxx" {
				return ""
			}
			return path + "x"
		})},
		{name: "a redirect to file:", words: "scheme file", talk: moved("file:///etc/passwd")},
		{name: "a redirect to ftp:", words: "scheme ftp", talk: moved("ftp://127.0.0.1/x")},
		{name: "a redirect to gopher:", words: "scheme gopher", talk: moved("gopher://127.0.0.1:6379/_FLUSHALL")},
		{name: "a redirect to javascript:", words: "scheme javascript", talk: moved("javascript:alert(1)")},
		{name: "a redirect to data:", words: "scheme data", talk: moved("data:text/html,<title>x</title>")},
		{name: "a redirect to about:", words: "scheme about", talk: moved("about:blank")},
		{name: "a redirect without a place", words: "without a Location", talk: says("HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n")},
		{name: "a redirect to an empty place", words: "without a Location", talk: moved("")},
		{name: "a redirect to several places", ends: "ok", talk: walk(func(path string) string {
			if path == "/a" {
				return ""
			}
			return "/a\r\nLocation: http://127.0.0.1:1/"
		})},
		{name: "a redirect to a place of 60 KiB", words: "longer than 8000 bytes", talk: moved("/" + strings.Repeat("x", 60<<10))},
		{name: "a redirect to a place without end", ends: "too_large", talk: floods("HTTP/1.1 302 Found\r\nLocation: /", "x")},
		{name: "a redirect to what is not ASCII", ends: "ok", talk: walk(func(path string) string {
			if path == "/%FC%E9" {
				return ""
			}
			return "/\xfc\xe9"
		})},
		{name: "a line end in a redirect's place", ends: "protocol", talk: moved("/a\rSet-Cookie: b")},
		{name: "coded line ends in a redirect's place", ends: "ok", talk: walk(func(path string) string {
			if path == "/a%0D%0AX-Evil:%201" {
				return ""
			}
			return "/a%0D%0AX-Evil: 1"
		})},
		{name: "a redirect to no URL", words: "not a URL", talk: moved("http://[::1")},
		{name: "a redirect with a password", words: "user and password", talk: moved("http://a:b@127.0.0.1/")},
		{name: "a redirect with a body without end", ends: "redirect", talk: floods("HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n", "x")},
		{name: "a redirect whose body hangs", ends: "redirect", talk: hangs("HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 9\r\n\r\n")},
		{name: "a choice of places", ends: "status", words: "status 300", talk: says("HTTP/1.1 300 Many\r\nLocation: /\r\nContent-Length: 0\r\n\r\n")},
		// What an operator lists.
		{name: "a listed URL with line ends", ends: "ok", url: "http://{addr}/a\r\nX-Evil: 1\r\n\r\n", talk: func(p *peer) {
			if p.first == "GET /aX-Evil:%201 HTTP/1.1\r\n" {
				p.say(answerOf("", faultPage))
			}
		}},
		{name: "a listed host with line ends", ends: "skipped invalid", url: "http://127.0.0.1:80\r\nX-Evil: 1/"},
		{name: "a listed URL with a password", ends: "skipped invalid", words: "user and password", url: "http://a:b@{addr}/"},
		{name: "two listed URLs in one", ends: "skipped invalid", url: "http://{addr}/ http://{addr}/"},
	}
	for i := range list {
		if list[i].ends == "" {
			list[i].ends = "redirect"
		}
	}
	return list
}

// addressFaults are redirects from a page of the operator's to a server on the
// same machine that is not, in every way that its address can be written.
func addressFaults() []fault {
	var list []fault
	for _, host := range []string{
		"127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "017700000001", "127.0.0.1.", "0", "0.0.0.0", "127.255.255.254",
		"[::1]", "[::]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[::ffff:0:127.0.0.1]", "[64:ff9b::127.0.0.1]", "[64:ff9b:1::7f00:1]", "[2002:7f00:1::]", "[2001::7f00:1]",
		"１２７.０.０.１", "127。0。0。1", "①②⑦.0.0.1", "%31%32%37.0.0.1", "127.0.0.1%2e", "12\t7.0.0.1",
		"169.254.169.254", "2852039166", "0xa9fea9fe", "0251.0376.0251.0376", "[::ffff:169.254.169.254]", "[fd00:ec2::254]", "[fe80::a9fe:a9fe]", "168.63.129.16", "100.100.100.200", "192.0.0.192",
		"10.0.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1", "198.18.0.1", "192.0.2.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "255.255.255.255", "[fc00::1]", "[fec0::1]", "[ff02::1]", "[2001:db8::1]",
	} {
		list = append(list, fault{name: "a redirect to " + strings.ReplaceAll(host, "\t", "TAB"), run: inwards(func(port string) string { return "http://" + host + ":" + port + "/" })})
	}
	for name, place := range map[string]string{
		"two slashes": "//127.0.0.1:%s/", "backslashes": `\\127.0.0.1:%s\`, "three slashes": "http:///127.0.0.1:%s/", "no slashes": "https:127.0.0.1:%s", "mixed slashes": `/\127.0.0.1:%s/`,
	} {
		list = append(list, fault{name: "a redirect to 127.0.0.1 by " + name, run: inwards(func(port string) string { return fmt.Sprintf(place, port) })})
	}
	for i := range list {
		list[i].ends, list[i].words = "blocked", "neither listed nor allowed (--allow "
	}
	return append(list,
		fault{name: "a redirect to 127.0.0.1 behind a public name", ends: "redirect", words: "user and password", run: inwards(func(port string) string { return "http://one.test@127.0.0.1:" + port + "/" })},
		fault{name: "a redirect to 127.0.0.1 before a public name", ends: "redirect", words: "user and password", run: inwards(func(port string) string { return "http://127.0.0.1:" + port + "@one.test/" })},
		fault{name: "a redirect to a number that is no address", ends: "redirect", words: "not a URL", run: inwards(func(port string) string { return "http://127.0.0.1.1:" + port + "/" })},
		fault{name: "a redirect to an address of another zone", ends: "redirect", words: "not a URL", run: inwards(func(port string) string { return "http://[fe80::1%25lo]:" + port + "/" })},
		fault{name: "a followed link to 127.0.0.1", ends: "blocked", far: true},
	)
}

// inwards follows a redirect to a place that a server listens at, which must
// not see a connection. No other place does either: the rig's dials end here.
func inwards(place func(port string) string) func(*testing.T, *rig, string) *engine.Result {
	return func(t *testing.T, _ *rig, _ string) *engine.Result {
		inside := serveFault(t, nil, says(answerOf("", "<title>inside</title>")))
		_, port, _ := net.SplitHostPort(inside.addr())
		outside := serveFault(t, nil, func(p *peer) {
			p.request()
			moved(place(port))(p)
		})
		var dialer net.Dialer
		g := newRig(t, scrape.Config{Dial: func(ctx context.Context, network, addr string) (net.Conn, error) {
			if addr != outside.addr() && addr != inside.addr() {
				return nil, errors.New("dialled " + addr)
			}
			return dialer.DialContext(ctx, network, addr)
		}})
		defer g.Close()
		got := g.meet(t, "http://"+outside.addr()+"/", false)
		if n := inside.connections(); n > 0 {
			t.Errorf("%d connections inside", n)
		}
		inside.close()
		outside.close()
		return got
	}
}

// nameFaults are names whose addresses lead inwards, answered by a name server
// of the tests, and name servers that fail.
func nameFaults(t *testing.T) []fault {
	// followed meets a link that a page led to, by a name.
	followed := func(answers ...any) func(*testing.T, *rig, string) *engine.Result {
		return func(t *testing.T, g *rig, url string) *engine.Result {
			r, stop := resolver(t, answers...)
			defer stop()
			g.ResolveBy(r)
			return g.meet(t, strings.Replace(url, "127.0.0.1", "one.test", 1), true)
		}
	}
	loopback := func(c *scrape.Config) { c.Allow = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")} }
	return []fault{
		{name: "a name of the own machine", ends: "blocked", words: "loopback", run: followed("127.0.0.1")},
		{name: "a name of the own machine in IPv6", ends: "blocked", words: "loopback", run: followed("::1")},
		{name: "a name of the own machine, mapped", ends: "blocked", words: "loopback", run: followed("::ffff:127.0.0.1")},
		{name: "a name of no address", ends: "blocked", words: "this network", run: followed("0.0.0.0")},
		{name: "a name of many forbidden addresses", ends: "blocked", words: "loopback", run: followed([]string{"127.0.0.1", "::1", "127.0.0.2", "::ffff:127.0.0.3"})},
		{name: "a name that changes its address", ends: "blocked", words: "address 127.0.0.2: loopback", cfg: loopback, run: func(t *testing.T, g *rig, url string) *engine.Result {
			r, stop := resolver(t, "127.0.0.1", "127.0.0.2") // the first is allowed
			defer stop()
			g.ResolveBy(r)
			url = strings.Replace(url, "127.0.0.1", "one.test", 1)
			if got := g.meet(t, url, true); got.Outcome != engine.OK {
				t.Errorf("before it changed: %v %q %q, want ok", got.Outcome, got.Class, got.Error)
			}
			return g.meet(t, url, true)
		}, talk: says("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: text/html\r\n\r\n" + faultPage)},
		{name: "a name that nobody has", ends: "dns", words: "no such host", run: followed(dnsmessage.RCodeNameError)},
		{name: "a name server that fails", ends: "dns", run: followed(dnsmessage.RCodeServerFailure)},
		{name: "a name server that refuses", ends: "dns", run: followed(dnsmessage.RCodeRefused)},
		{name: "a name without addresses", ends: "dns", run: followed([]string{})},
		{name: "a name server that answers noise", ends: "timeout", slow: true, run: followed([]byte("noise"))},
		{name: "a name server that says nothing", ends: "timeout", slow: true, run: followed(nil)},
	}
}

// resolver returns one that asks a name server on loopback. Its answers are
// given in turn, the last one again and again, each to both questions (for IPv4
// and IPv6) of a lookup: an address, a []string of them, an RCode, a []byte that
// is no answer, or nil for none.
func resolver(t *testing.T, answers ...any) (r *net.Resolver, stop func()) {
	t.Helper()
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	var asking []net.Conn
	stop = func() {
		c.Close()
		mu.Lock()
		defer mu.Unlock()
		for _, c := range asking { // package net waits 5 s for an answer, whatever its context says
			c.Close()
		}
		wg.Wait()
	}
	wg.Go(func() {
		given := map[dnsmessage.Type]int{}
		buf := make([]byte, 1500)
		for {
			n, from, err := c.ReadFrom(buf)
			if err != nil {
				return
			}
			var ask dnsmessage.Message
			if err := ask.Unpack(buf[:n]); err != nil || len(ask.Questions) != 1 {
				t.Errorf("name server: %v", err)
				return
			}
			kind := ask.Questions[0].Type
			answer := answers[min(given[kind], len(answers)-1)]
			given[kind]++
			if raw, ok := answer.([]byte); ok {
				c.WriteTo(raw, from)
			} else if answer != nil {
				c.WriteTo(reply(t, &ask, answer), from)
			}
		}
	})
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		conn, err := d.DialContext(ctx, "udp", c.LocalAddr().String())
		if err == nil {
			mu.Lock()
			defer mu.Unlock()
			asking = append(asking, conn)
		}
		return conn, err
	}}, stop
}

// reply packs a name server's answer.
func reply(t *testing.T, ask *dnsmessage.Message, answer any) []byte {
	msg := dnsmessage.Message{Header: dnsmessage.Header{ID: ask.ID, Response: true, RecursionAvailable: true}, Questions: ask.Questions}
	q := ask.Questions[0]
	add := func(text string) {
		addr := netip.MustParseAddr(text)
		head := dnsmessage.ResourceHeader{Name: q.Name, Class: dnsmessage.ClassINET}
		switch {
		case q.Type == dnsmessage.TypeA && addr.Is4():
			msg.Answers = append(msg.Answers, dnsmessage.Resource{Header: head, Body: &dnsmessage.AResource{A: addr.As4()}})
		case q.Type == dnsmessage.TypeAAAA && addr.Is6():
			msg.Answers = append(msg.Answers, dnsmessage.Resource{Header: head, Body: &dnsmessage.AAAAResource{AAAA: addr.As16()}})
		}
	}
	switch answer := answer.(type) {
	case string:
		add(answer)
	case []string:
		for _, a := range answer {
			add(a)
		}
	case dnsmessage.RCode:
		msg.RCode = answer
	}
	out, err := msg.Pack()
	if err != nil {
		t.Error(errors.New("name server: " + err.Error()))
	}
	return out
}
