package scrape

import (
	"context"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/jimsmart/grobotstxt"
)

const (
	maxRobots     = 500 << 10      // bytes of a robots.txt that are parsed (RFC 9309, section 2.5)
	maxRobotsHops = 5              // redirects on the way to one (section 2.3.1.2)
	robotsFresh   = 24 * time.Hour // section 2.4
	maxCrawlDelay = 300 * time.Second
)

// rules are the lines of one robots.txt that are for us.
type rules struct {
	lines []rule
	delay time.Duration // Crawl-delay; 0: none
	fence error         // the address policy did not let us ask
}

// A rule is one Allow or Disallow line. Its pattern is in the form that
// normal gives to paths.
type rule struct {
	allow   bool
	pattern string
}

// allows reports whether path (with its query) may be fetched, and if not,
// which pattern forbids it. The longest pattern that matches decides, Allow
// before Disallow (RFC 9309, section 2.2.2). It returns ctx's cause when ctx
// ends first: half a megabyte of stars takes its time.
func (r *rules) allows(ctx context.Context, path string) (ok bool, by string, err error) {
	path = literal(normal(path))
	best := rule{allow: true}
	for _, line := range r.lines {
		if len(line.pattern) < len(best.pattern) || len(line.pattern) == len(best.pattern) && !line.allow {
			continue // could not change the answer
		}
		fixed := line.pattern
		if i := strings.IndexAny(fixed, "*$"); i >= 0 {
			fixed = fixed[:i]
		}
		if !strings.HasPrefix(path, fixed) {
			continue // Matches would say the same, with an allocation
		}
		if len(fixed) < len(line.pattern) && ctx.Err() != nil {
			return false, "", context.Cause(ctx)
		}
		if grobotstxt.Matches(path, line.pattern) {
			best = line
		}
	}
	return best.allow, best.pattern, nil
}

// parseRobots keeps the lines for agent, a product token, or if there is no
// group for it, those for everyone.
func parseRobots(text, agent string) *rules {
	p := &robotsParser{agent: agent}
	if len(text) > maxRobots {
		text = wholeLines(text[:maxRobots])
	}
	text = strings.TrimPrefix(text, string(utf8BOM))
	grobotstxt.Parse(ascii(text), p)
	if p.named {
		return &p.own
	}
	return &p.everyone
}

// wholeLines leaves out the line in which a robots.txt was cut. Half a rule is
// another rule: Disallow: / is the beginning of most of them.
func wholeLines(text string) string {
	return text[:strings.LastIndexAny(text, "\r\n")+1]
}

// A robotsParser sorts the lines of a robots.txt while grobotstxt reads them.
type robotsParser struct {
	agent         string
	own, everyone rules
	named         bool // there is a group for agent

	// Lines of several agents in a row begin a group for all of them. A
	// Crawl-delay is no rule of RFC 9309 and does not end such a row; for
	// delays it does, or one agent's delay would be the next one's too.
	group, delays scope
}

// A scope says for whom the lines being read are.
type scope struct {
	own, everyone bool
	full          bool // the next agent begins a new one
}

func (s *scope) add(own, everyone bool) {
	if s.full {
		*s = scope{}
	}
	s.own = s.own || own
	s.everyone = s.everyone || everyone
}

func (p *robotsParser) HandleUserAgent(_ int, value string) {
	// As grobotstxt does: a star followed by space and more is still a star.
	everyone := value == "*" || strings.HasPrefix(value, "* ") || strings.HasPrefix(value, "*\t")
	own := !everyone && p.agent != "" && strings.EqualFold(productToken(value), p.agent)
	p.named = p.named || own
	p.group.add(own, everyone)
	p.delays.add(own, everyone)
}

func (p *robotsParser) HandleAllow(_ int, value string) {
	p.add(true, value)
	// Google's reading: an index page is its directory too.
	if i := strings.LastIndexByte(value, '/'); i >= 0 && strings.HasPrefix(value[i:], "/index.htm") {
		p.add(true, value[:i+1]+"$")
	}
}

func (p *robotsParser) HandleDisallow(_ int, value string) { p.add(false, value) }

func (p *robotsParser) add(allow bool, value string) {
	p.group.full, p.delays.full = true, true
	if value == "" {
		return
	}
	pattern := normal(value)
	if i := len(pattern) - 1; strings.IndexByte(pattern[:max(i, 0)], '$') >= 0 {
		pattern = strings.ReplaceAll(pattern[:i], "$", "%24") + pattern[i:] // only at the end it is special
	}
	line := rule{allow, strings.Clone(pattern)} // the clone lets go of the whole text
	if p.group.own {
		p.own.lines = append(p.own.lines, line)
	} else if p.group.everyone {
		p.everyone.lines = append(p.everyone.lines, line)
	}
}

func (p *robotsParser) HandleUnknownAction(_ int, action, value string) {
	if !strings.EqualFold(action, "crawl-delay") {
		return
	}
	p.delays.full = true
	delay := crawlDelay(value)
	if p.delays.own {
		p.own.delay = max(p.own.delay, delay)
	}
	if p.delays.everyone {
		p.everyone.delay = max(p.everyone.delay, delay)
	}
}

func (p *robotsParser) HandleRobotsStart()        {}
func (p *robotsParser) HandleRobotsEnd()          {}
func (p *robotsParser) HandleSitemap(int, string) {}

// crawlDelay reads seconds, at most maxCrawlDelay; 0 for what is none.
func crawlDelay(value string) time.Duration {
	sec, err := strconv.ParseFloat(value, 64)
	if err != nil && !math.IsInf(sec, 1) || math.IsNaN(sec) || sec <= 0 {
		return 0
	}
	return time.Duration(min(sec, maxCrawlDelay.Seconds()) * float64(time.Second))
}

// productToken returns the product of a User-Agent, its part before the
// version: weir of "weir/1.0 (+mail@one.test)" (RFC 9110, section 10.1.5).
func productToken(agent string) string {
	const symbols = "!#$%&'*+-.^_`|~"
	end := strings.IndexFunc(agent, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune(symbols, r)
	})
	if end < 0 {
		return agent
	}
	return agent[:end]
}

// encoded are the characters that a URL may or may not have percent-encoded,
// depending on where they stand.
const encoded = " \"'<>\\^`{|}"

// normal writes the percent-encodings of a path or pattern in one way: letters
// and digits as themselves, the rest with upper-case hex (RFC 9309, section
// 2.2.2).
func normal(path string) string {
	if !strings.ContainsAny(path, "%"+encoded) {
		return path
	}
	out := make([]byte, 0, len(path)+8)
	for i := 0; i < len(path); i++ {
		c, escaped := unhex(path[i:])
		if escaped {
			i += 2
		} else {
			c = path[i]
		}
		if escaped && !unreserved(c) || strings.IndexByte(encoded, c) >= 0 {
			out = append(out, '%', hexDigits[c>>4], hexDigits[c&15])
		} else {
			out = append(out, c)
		}
	}
	return string(out)
}

// literal percent-encodes what is special in a pattern and stands in a path,
// where it is a character like others: a pattern that means the character has it
// encoded (RFC 9309, section 2.2.3).
func literal(path string) string {
	if !strings.ContainsAny(path, "*$") {
		return path
	}
	return strings.NewReplacer("*", "%2A", "$", "%24").Replace(path)
}

// ascii returns a robots.txt with its bytes over ASCII percent-encoded and its
// hex in upper case. grobotstxt would do so to each pattern, but takes digits
// for lower-case letters and makes %C3 a control character.
func ascii(text string) string {
	text = escapeHigh(text)
	out := []byte(text)
	for i := range out {
		if _, ok := unhex(text[i:]); ok {
			copy(out[i:], strings.ToUpper(text[i:i+3]))
		}
	}
	return string(out)
}

// unhex returns the byte that s begins with as %XX.
func unhex(s string) (byte, bool) {
	if len(s) < 3 || s[0] != '%' {
		return 0, false
	}
	n, err := strconv.ParseUint(s[1:3], 16, 8)
	return byte(n), err == nil
}

func unreserved(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._~", c) >= 0
}
