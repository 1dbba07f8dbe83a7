package demo

import (
	"fmt"
	"net/http"
	"sync"
	"time"
)

// An answer is how a host meets one request: everything but the page.
type answer struct {
	delay  time.Duration // until the first byte
	rest   time.Duration // between the halves of the body
	status int           // 200 stands for whatever the page itself says
	after  time.Duration // Retry-After; 0: none
	fault  fault         // what befalls the body: cut, short, garbled, hollow
}

// A meter counts what a host was asked, and meets each request by the count
// alone: no clock decides, so the same questions in the same order get the
// same answers.
//
// A meter is safe for use by multiple goroutines.
type meter struct {
	host *host

	mu    sync.Mutex
	asked int            // requests, but for robots.txt
	tries map[string]int // of them by path, refused ones apart; only of paths with a fault
}

func newMeter(h *host) *meter { return &meter{host: h, tries: make(map[string]int)} }

// meet decides on one request, and counts it.
func (m *meter) meet(path string) answer {
	if path == "/robots.txt" {
		return answer{delay: robotsDelay, status: http.StatusOK}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	h := m.host
	m.asked++
	if h.crowd > 0 && m.asked%h.crowd == 0 {
		r := h.rand(fmt.Sprintf("refusal %d", m.asked))
		return answer{
			delay:  refuseDelay,
			status: http.StatusTooManyRequests,
			after:  time.Duration(askLeast+r.IntN(askMost-askLeast+1)) * time.Second,
		}
	}
	e, ok := h.known[path]
	if !ok {
		e.delay = otherDelay
	}
	a := answer{delay: e.delay, status: http.StatusOK, fault: e.fault}
	if e.fault == none {
		return a
	}
	m.tries[path]++
	try := m.tries[path]
	switch {
	case e.fault == slow:
		a.delay = e.delay / 2
		a.rest = e.delay - a.delay
	case e.fault == restarts && try == 1:
		a.status, a.after = http.StatusServiceUnavailable, restartTime
	case e.fault == down, e.fault == heals && try == 1, e.fault == relapses && try <= 2:
		a.status = http.StatusServiceUnavailable
	}
	return a
}
