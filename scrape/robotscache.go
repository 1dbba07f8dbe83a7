package scrape

import (
	"container/list"
	"sync"
	"time"
)

const (
	// robotsKept is a little longer than robotsFresh: a job may start just
	// before the rules are asked for anew.
	robotsKept = robotsFresh + time.Hour

	robotsBudget = 64 << 20 // bytes of rules kept, of all origins together
	entryBytes   = 200      // what an origin costs, about
	ruleBytes    = 24       // what a rule costs besides its pattern
)

// A robotsCache holds the rules of origins. The zero value is empty. When it is
// over its budget, the rules that were used longest ago go. It is safe for use
// by multiple goroutines.
type robotsCache struct {
	mu      sync.Mutex
	entries map[string]*list.Element // of *robotsEntry
	recent  list.List                // used last at the front
	used    int                      // bytes
}

type robotsEntry struct {
	origin string
	rules  *rules // nil: they are in text, for agent, and were not read yet
	text   string
	agent  string
	until  time.Time
	size   int
}

func (c *robotsCache) put(origin string, r *rules) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.entries == nil {
		c.entries = make(map[string]*list.Element)
	}
	if old, ok := c.entries[origin]; ok {
		c.drop(old)
	}
	e := &robotsEntry{origin: origin, rules: r, until: time.Now().Add(robotsKept)}
	e.size = e.bytes()
	c.entries[origin] = c.recent.PushFront(e)
	c.used += e.size
	for c.used > robotsBudget {
		c.drop(c.recent.Back())
	}
}

// bytes returns what an entry costs, about.
func (e *robotsEntry) bytes() int {
	size := len(e.origin) + entryBytes + len(e.text)
	if e.rules != nil {
		for _, line := range e.rules.lines {
			size += len(line.pattern) + ruleBytes
		}
	}
	return size
}

// recall puts in the rules of an origin as their text, and reports whether
// there is room for it: half of the budget is for those that are asked for.
func (c *robotsCache) recall(origin, text, agent string, until time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.entries == nil {
		c.entries = make(map[string]*list.Element)
	}
	e := &robotsEntry{origin: origin, text: text, agent: agent, until: until}
	e.size = e.bytes()
	if _, ok := c.entries[origin]; ok || c.used+e.size > robotsBudget/2 {
		return false
	}
	c.entries[origin] = c.recent.PushFront(e)
	c.used += e.size
	return true
}

// get returns the rules of an origin, nil if they are not known or too old.
func (c *robotsCache) get(origin string) *rules {
	c.mu.Lock()
	defer c.mu.Unlock()
	at, ok := c.entries[origin]
	if !ok {
		return nil
	}
	e := at.Value.(*robotsEntry)
	if !time.Now().Before(e.until) {
		c.drop(at)
		return nil
	}
	c.recent.MoveToFront(at)
	if e.rules == nil {
		c.used -= e.size
		e.rules, e.text = parseRobots(e.text, e.agent), ""
		e.size = e.bytes()
		c.used += e.size
	}
	return e.rules
}

func (c *robotsCache) drop(at *list.Element) {
	e := at.Value.(*robotsEntry)
	c.recent.Remove(at)
	delete(c.entries, e.origin)
	c.used -= e.size
}
