package ui

import (
	"context"
	"fmt"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"weir/engine"
)

// heldJobs makes n ended jobs of 50 hosts.
func heldJobs(from, n int) []engine.JobState {
	jobs := make([]engine.JobState, n)
	for i := range jobs {
		num := from + i
		host := fmt.Sprintf("host%02d.example.org", num%50)
		jobs[i] = engine.JobState{
			ID: engine.JobID(num), Num: uint64(num), Batch: 1, Host: host, URL: fmt.Sprintf("https://%s/page/%d", host, num*7919%n),
			Place: engine.Ended, Outcome: engine.OK + engine.Outcome(num%3), Status: 200, Attempts: 1,
			Elapsed: time.Duration(num*31%5000) * time.Millisecond, Bytes: int64(num * 13 % 90_000), Records: num % 40,
		}
	}
	return jobs
}

// held is a model with so many results.
func held(n int) *Model {
	fake := &fakeController{}
	m := newModel(context.Background(), Deps{Controller: fake, Name: "bench", Interval: time.Second})
	sc := busyScene()
	m.Update(tea.WindowSizeMsg{Width: 120, Height: 36})
	const page = 4096
	for from := 1; from <= n; from += page {
		m.Update(viewMsg{view: &engine.View{Full: from == 1, More: true, Stats: sc.stats, Jobs: heldJobs(from, min(page, n-from+1))}})
	}
	return m
}

// One frame of a busy run: a view with 50 changes, and its cells.
func BenchmarkFrame(b *testing.B) {
	const n = 100_000
	for _, sorted := range []column{byNum, byTime} {
		b.Run("by "+sorted.String(), func(b *testing.B) {
			m := held(n)
			m.results.table.want.by = sorted
			m.Update(m.results.relist(m.results.table.want).make())
			stats, next := busyScene().stats, n+1
			b.ReportAllocs()
			for b.Loop() {
				b.StopTimer()
				jobs := heldJobs(next, 50)
				next += 50
				b.StartTimer()
				m.Update(viewMsg{view: &engine.View{Stats: stats, Jobs: jobs}})
				m.View()
			}
		})
	}
}

// A key press and its frame.
func BenchmarkKey(b *testing.B) {
	m := held(100_000)
	down, up := keyPress("j"), keyPress("k")
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if i%2 == 0 {
			m.Update(down)
		} else {
			m.Update(up)
		}
		m.Update(rushMsg{})
		m.View()
	}
}

// What runs beside the loop when the order changes.
func BenchmarkRelist(b *testing.B) {
	m := held(100_000)
	for _, w := range []want{{by: byURL}, {by: byTime}, {filter: parseFilter("page/77 outcome:ok")}} {
		b.Run(w.by.String()+" "+w.filter.text, func(b *testing.B) {
			for b.Loop() {
				m.results.table.relist(w).make()
			}
		})
	}
}
