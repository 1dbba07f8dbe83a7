package demo

import (
	"sync"
	"time"
)

// maxHits is how many requests the log keeps: the newest.
const maxHits = 8192

// A Hit is one request as the site saw it start.
type Hit struct {
	At     time.Time // when its header had been read
	Host   string
	Method string
	Path   string // with its query
	Status int    // of the answer; 0: not answered yet, or cut
}

// A hitLog is a ring of hits. The zero hitLog is empty and ready.
type hitLog struct {
	mu   sync.Mutex
	ring []Hit
	next uint64 // number of the next hit; it stands at next % maxHits
}

// start notes a request and returns its number.
func (l *hitLog) start(h Hit) uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	h.At = time.Now() // under the lock, so that the order is that of the times
	n := l.next
	l.next++
	if len(l.ring) < maxHits {
		l.ring = append(l.ring, h)
	} else {
		l.ring[n%maxHits] = h
	}
	return n
}

// answered notes the status of a request, if it is still kept.
func (l *hitLog) answered(n uint64, status int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if n+maxHits >= l.next {
		l.ring[n%maxHits].Status = status
	}
}

// Log returns the requests in the order in which they started, oldest first;
// at most the last 8192.
func (s *Site) Log() []Hit {
	l := &s.log
	l.mu.Lock()
	defer l.mu.Unlock()
	out := make([]Hit, 0, len(l.ring))
	if len(l.ring) < maxHits {
		return append(out, l.ring...)
	}
	oldest := l.next % maxHits
	return append(append(out, l.ring[oldest:]...), l.ring[:oldest]...)
}
