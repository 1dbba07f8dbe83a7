package engine

import "testing"

// BenchmarkFeedChange is one change of a job with one reader, who takes a view
// as often as a screen would that draws 30 times a second at 100,000 changes a
// second.
func BenchmarkFeedChange(b *testing.B) {
	f := newFeed(func(*Stats) {})
	s := f.subscribe(SubscribeOptions{})
	var v View
	states := make([]JobState, 1000)
	for i := range states {
		states[i] = JobState{ID: JobID(i + 1), URL: "http://one.test/", Place: InFlight}
		f.set(states[i])
	}
	s.Take(&v)
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		f.set(states[n%len(states)])
		if n++; n%3333 == 0 {
			<-s.Ready()
			s.Take(&v)
		}
	}
}
