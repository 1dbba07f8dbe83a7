package engine

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// A worker goes from job to job of a busy host, but not past what happens
// meanwhile. Each job takes a second; at the end of the third something happens.
func TestPoolRelaysPastNothing(t *testing.T) {
	for _, tc := range []struct {
		name  string
		cfg   PoolConfig
		begin func(*Pool)
		do    func(*Pool, *Turn)
		want  []string // job and second of its start
	}{
		{name: "nothing", want: []string{"0@0s", "1@1s", "2@2s", "3@3s", "4@4s", "5@5s"}},
		{name: "cancel", do: func(p *Pool, _ *Turn) { p.Cancel(nil) }, want: []string{"0@0s", "1@1s", "2@2s"}},
		{name: "pause", do: func(p *Pool, _ *Turn) {
			p.setPaused(true)
			time.AfterFunc(10*time.Second, func() { p.setPaused(false) })
		}, want: []string{"0@0s", "1@1s", "2@2s", "3@13s", "4@14s", "5@15s"}},
		{name: "more workers", do: func(p *Pool, _ *Turn) {
			if err := p.SetWorkers(2); err != nil {
				panic(err)
			}
		}, want: []string{"0@0s", "1@1s", "2@2s", "3@3s", "4@3s", "5@4s"}},
		{name: "limiter", cfg: PoolConfig{Limiter: NewRateLimiter(3 * time.Second)}, want: []string{"0@0s", "1@3s", "2@6s", "3@9s", "4@12s", "5@15s"}},
		{name: "interval", do: func(p *Pool, _ *Turn) {
			p.tune("a.test", func(pc *pace) string { pc.set = 4 * time.Second; return "" })
		}, want: []string{"0@0s", "1@1s", "2@2s", "3@3s", "4@7s", "5@11s"}},
		{name: "probe", cfg: PoolConfig{Workers: 2}, do: func(p *Pool, _ *Turn) {
			p.tune("a.test", func(pc *pace) string { pc.probing = true; return "" })
		}, want: []string{"0@0s", "1@0s", "2@1s", "3@1s", "4@2s", "5@3s"}},
		{name: "host paused", do: func(p *Pool, _ *Turn) {
			p.tune("a.test", func(pc *pace) string { pc.paused.At = time.Now(); return "" })
			time.AfterFunc(10*time.Second, func() {
				p.tune("a.test", func(pc *pace) string { pc.paused = Paused{}; return "" })
			})
		}, want: []string{"0@0s", "1@1s", "2@2s", "3@13s", "4@14s", "5@15s"}},
		{name: "origin held", do: func(p *Pool, _ *Turn) {
			p.hold("o3")
			time.AfterFunc(10*time.Second, func() { p.release("o3") })
		}, want: []string{"0@0s", "1@1s", "2@2s", "4@3s", "5@4s", "3@13s"}},
		{name: "two next steps", do: func(p *Pool, t *Turn) {
			t.again(&Request{Host: "a.test"}, 500*time.Millisecond)
			p.enqueue(waiter{Turn: Turn{Job: Job{ID: 8}, Again: &Request{Host: "a.test"}}, due: time.Now().Add(500 * time.Millisecond)})
		}, want: []string{"0@0s", "1@1s", "2@2s", "3@3s", "2 again@4s", "8 again@5s", "4@6s", "5@7s"}},
		{name: "next steps first", begin: func(p *Pool) {
			for _, id := range []JobID{7, 8} {
				p.enqueue(waiter{Turn: Turn{Job: Job{ID: id}, Again: &Request{Host: "a.test"}}})
			}
		}, want: []string{"7 again@0s", "8 again@1s", "0@2s", "1@3s", "2@4s", "3@5s", "4@6s", "5@7s"}},
		{name: "lower priority of another host", begin: func(p *Pool) {
			for id := range JobID(10) {
				if err := p.Submit(Job{ID: 10 + id, Host: "a.test"}); err != nil {
					panic(err)
				}
			}
			if err := p.Submit(Job{ID: 9, Host: "b.test", Priority: Low}); err != nil {
				panic(err)
			}
		}, want: []string{
			"10@0s", "11@1s", "12@2s", "13@3s", "14@4s", "15@5s", "16@6s", "17@7s", "18@8s", "9@9s",
			"19@10s", "0@11s", "1@12s", "2@13s", "3@14s", "4@15s", "5@16s",
		}},
		{name: "turn of another host comes", begin: func(p *Pool) {
			p.tune("b.test", func(pc *pace) string { pc.set, pc.last = 4*time.Second, time.Now(); return "" })
			if err := p.Submit(Job{ID: 9, Host: "b.test"}); err != nil {
				panic(err)
			}
		}, want: []string{"0@0s", "1@1s", "2@2s", "3@3s", "4@4s", "9@5s", "5@6s"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var got []string
				var p *Pool
				begin := time.Now()
				if tc.cfg.Workers == 0 {
					tc.cfg.Workers = 1
				}
				tc.cfg.Interval = -1
				p, err := NewPool(func(_ context.Context, turn *Turn) error {
					s := fmt.Sprint(turn.Job.ID)
					if turn.Again != nil {
						s += " again"
					} else if turn.Job.ID == 2 && tc.do != nil {
						defer tc.do(p, turn)
					}
					p.mu.Lock()
					got = append(got, fmt.Sprintf("%s@%v", s, time.Since(begin)))
					p.mu.Unlock()
					time.Sleep(time.Second)
					return nil
				}, tc.cfg)
				if err != nil {
					t.Fatal(err)
				}
				p.setPaused(true)
				if tc.begin != nil {
					tc.begin(p)
				}
				for id := range JobID(6) {
					if err := p.Submit(Job{ID: id, Host: "a.test", Origin: fmt.Sprint("o", id)}); err != nil {
						t.Fatal(err)
					}
				}
				p.setPaused(false)
				p.Wait(t.Context())
				slices.Sort(got)
				slices.Sort(tc.want)
				if !slices.Equal(got, tc.want) {
					t.Errorf("carried %q, want %q", got, tc.want)
				}
				for _, l := range p.lanes {
					if l.size != 0 {
						t.Errorf("%d jobs of %s are queued at the end, want 0", l.size, l.host)
					}
				}
				p.Close()
				p.Wait(t.Context())
			})
		})
	}
}

// A Turn says who carries it and when it was handed over, whoever had its place
// in memory before.
func TestPoolMarksEachTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const workers = 3
		var p *Pool
		busy := make(map[int]bool)
		paced := true
		jobs := 0
		p, err := NewPool(func(_ context.Context, turn *Turn) error {
			p.mu.Lock()
			if jobs++; busy[turn.Worker] || turn.Worker < 1 || turn.Worker > workers {
				t.Errorf("job %d is carried by worker %d, whose hands are full: %v", turn.Job.ID, turn.Worker, busy[turn.Worker])
			}
			if want := time.Now(); paced && turn.Handed != want || !paced && !turn.Handed.IsZero() {
				t.Errorf("job %d was handed over at %v, it is %v; paced: %v", turn.Job.ID, turn.Handed, want, paced)
			}
			busy[turn.Worker] = true
			p.mu.Unlock()
			time.Sleep(time.Duration(turn.Job.ID%7) * time.Millisecond)
			p.mu.Lock()
			busy[turn.Worker] = false
			p.mu.Unlock()
			return nil
		}, PoolConfig{Workers: workers, Interval: time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		for _, paced = range []bool{true, false} {
			if !paced {
				p.tune("a.test", func(pc *pace) string { pc.set = -1; return "" })
			}
			for range 2 {
				for id := range JobID(100) {
					if err := p.Submit(Job{ID: id, Host: "a.test"}); err != nil {
						t.Fatal(err)
					}
				}
				if err := p.Wait(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
		}
		if jobs != 400 {
			t.Errorf("%d jobs were carried, want 400", jobs)
		}
		p.Close()
		if err := p.Wait(t.Context()); err != nil || len(p.spare)+len(p.door.spare) < 100 {
			t.Errorf("Wait = %v, %d waiters are kept to use again; want nil, a queue full", err, len(p.spare)+len(p.door.spare))
		}
	})
}
