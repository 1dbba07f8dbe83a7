package scrape_test

import (
	"strings"
	"testing"

	"weir/engine"
)

// robotsFaults are what can go wrong with a robots.txt; what follows from it for
// a page is in RFC 9309, section 2.3.1.
func robotsFaults(t *testing.T) []fault {
	const rules = "User-agent: *\nDisallow: /\n"
	text := func(body string) string { return answerOf("Connection: close\r\n", body) }
	status := func(line string) func(*peer) {
		return says("HTTP/1.1 " + line + "\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
	}
	list := []fault{
		{name: "that forbids", ends: "skipped robots", talk: says(text(rules))},
		{name: "that is not there", ends: "ok", talk: status("404 Not Found")},
		{name: "that is none of our business", ends: "ok", talk: status("401 Unauthorized")},
		{name: "that asks to wait", ends: "status", words: "429", talk: status("429 Too Many Requests")},
		{name: "of a server in trouble", ends: "status", words: "503", talk: status("503 Service Unavailable")},
		{name: "of another protocol", ends: "status", words: "101", talk: hangs("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n")},
		{name: "that is not modified, unasked", ends: "ok", talk: status("304 Not Modified")},
		{name: "that is cut", ends: "truncated", talk: says(okHead + "Content-Length: 1000\r\n\r\n" + rules)},
		{name: "that is reset", ends: "reset", talk: func(p *peer) { p.reset() }},
		{name: "that is no HTTP", ends: "protocol", talk: says("220 mail.one.test ESMTP\r\n")},
		{name: "that never comes", ends: "timeout", slow: true, talk: func(p *peer) { p.hang() }},
		{name: "a byte at a time", ends: "timeout", slow: true, talk: func(p *peer) { p.say(okHead, "\r\n"); p.drip(rules + strings.Repeat("#", 5000)) }},
		{name: "without end", ends: "skipped robots", memory: 8 << 20, talk: floods(okHead+"\r\n"+rules, "# and more\n")},
		{name: "of 1 TiB", ends: "skipped robots", memory: 8 << 20, talk: floods(okHead+"Content-Length: 1099511627776\r\n\r\n"+rules, "# and more\n")},
		{name: "in a bomb", ends: "ok", memory: 24 << 20, talk: says(answerOf("Connection: close\r\n"+isCoded("gzip"), string(bomb(t, "gzip", 64<<20))))},
		{name: "in two codings", ends: "decode", talk: says(answerOf(isCoded("gzip, gzip"), rules))},
		{name: "of one line", ends: "ok", memory: 8 << 20, talk: says(text("User-agent: " + strings.Repeat("x", 600<<10) + "\n" + rules))},
		{name: "whose first 500 KiB end in a rule", ends: "ok", memory: 8 << 20, talk: says(text("User-agent: *\n" + strings.Repeat("#", 500<<10-14-12) + "\nDisallow: /private\n"))},
		{name: "of 24,000 groups", ends: "skipped robots", memory: 64 << 20, talk: says(text(rules + strings.Repeat("User-agent:*\nAllow:x\n", 24000)))},
		{name: "of stars", ends: "timeout", slow: true, memory: 64 << 20, url: "http://{addr}/" + strings.Repeat("a", 4000), talk: says(text("User-agent: *\n" + strings.Repeat("Disallow: /*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b\n", 12000)))},
		{name: "of noise", ends: "ok", memory: 4 << 20, talk: says(text(noise(100 << 10)))},
		{name: "that is a page", ends: "ok", talk: says(text("<!doctype html><title>Not found</title>"))},
		{name: "in UTF-16", ends: "ok", talk: says(text("\xff\xfeU\x00s\x00e\x00r\x00-\x00a\x00g\x00e\x00n\x00t\x00:\x00*\x00\n\x00D\x00i\x00s\x00a\x00l\x00l\x00o\x00w\x00:\x00/\x00"))},
		{name: "that redirects to itself", ends: "ok", talk: moved("/robots.txt")},
		{name: "that redirects without end", ends: "ok", talk: moved("x")},
		{name: "that redirects into the own machine", ends: "ok", talk: moved("http://127.0.0.1:1/")},
		{name: "that redirects to file:", ends: "ok", talk: moved("file:///etc/passwd")},
	}
	for i := range list {
		f := &list[i]
		f.name = "a robots.txt " + f.name
		talk := f.talk
		f.talk = func(p *peer) {
			if strings.HasPrefix(p.first, "GET /robots.txt ") {
				talk(p)
				return
			}
			p.say("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: text/html\r\n\r\n" + faultPage)
		}
		f.run = obedient
	}
	return list
}

// obedient asks for robots.txt and then for the page, as the engine does.
func obedient(t *testing.T, g *rig, url string) *engine.Result {
	t.Helper()
	step, _ := g.ask(t, url)
	if step.Robots == nil {
		return step.Result
	}
	return g.Do(t.Context(), g.ruled(t, url)).Result
}
