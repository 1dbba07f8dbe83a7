package peers

import (
	"context"
	"fmt"
	"iter"
	"testing"

	"weir/engine"
)

// An empty scraper answers everything at once.
type empty struct{}

func (empty) Do(_ context.Context, r engine.Request) engine.Step {
	r.Report(engine.PhaseSent)
	return engine.Step{Result: &engine.Result{Outcome: engine.OK}}
}

// BenchmarkHosts is one empty job through the whole engine, from the list to
// its kept result, unpaced. The cost of a job must not grow with the number of
// hosts. Run it with -benchtime 1000000x: 1,000 hosts of 1,000 jobs.
func BenchmarkHosts(b *testing.B) {
	for _, hosts := range []int{1, 1000} {
		b.Run(fmt.Sprintf("hosts=%d", hosts), func(b *testing.B) {
			names := make([]string, hosts)
			for i := range names {
				names[i] = fmt.Sprintf("h%d.test", i)
			}
			list := func(yield func(engine.Job, error) bool) {
				for i := range b.N {
					url := fmt.Sprintf("http://%s/%d", names[i%hosts], i)
					if !yield(engine.Job{URL: url, Host: names[i%hosts], Fingerprint: url}, nil) {
						return
					}
				}
			}
			e, err := engine.New(empty{}, engine.Config{Interval: -1})
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			added, err := e.Add(b.Context(), engine.Batch{Name: "all"}, iter.Seq2[engine.Job, error](list))
			if err != nil || added.New != b.N {
				b.Fatalf("Add: %d new, %v", added.New, err)
			}
			b.ResetTimer() // what a job costs to list is the same for all
			e.Close()
			if err := e.Run(b.Context()); err != nil {
				b.Fatal(err)
			}
			b.StopTimer()
			if got := e.Snapshot().Counts.OK; got != b.N {
				b.Fatalf("%d of %d ok", got, b.N)
			}
		})
	}
}
