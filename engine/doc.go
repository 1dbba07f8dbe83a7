// Package engine works off lists of URLs, politely and under control: a
// rate-limited, bounded pool with a backlog behind it, books that balance, and
// a feed that screens read. It knows clocks and queues; it knows no HTTP, no
// HTML and no terminal.
//
// # The way of a URL
//
//	Add ─► Store ─► feeder ─► queue ─► the host's turn ─► worker ─► Scraper.Do
//	       backlog   │  ▲      │  ▲                                  │
//	                 │  └──────┘  │ Again: a redirect goes round      │
//	                 │ ErrQueueFull, counted   ◄─────────────────────┤
//	                 │                                               │ Result
//	       backlog ◄─┴── due again ◄── retry.go ◄────────────────────┤
//	                                                                 ▼
//	       screens ◄─ Subscription ◄─ feed ◄─ counted ◄─ Store.Finish
//
// Each station is a file: [Engine.Add] in add.go, feeder.go, door.go, queue.go
// and dispatch.go, pace.go with throttle.go and breaker.go, carry.go, origin.go
// for robots.txt, retry.go, feed.go. The operator's hand is in steer.go, pause.go
// and tune.go.
//
// # Promises
//
// Order: inside a host, jobs of a higher priority start first, but a lower one
// that waits has at least about every tenth start; batches of one priority take
// turns; a batch's jobs start in the order of its list, retries behind them.
// Between hosts there is none, but while workers are what is short, the hosts
// share them by the same rule ([Pool]).
//
// Pace: two requests to one host start at least its interval apart, whatever
// the number of workers, after idling, a pause or a late timer too. The next
// turn counts from the moment the last request's headers were written. A host
// that refuses is asked less often, and never more often than the operator
// allows ([Throttle]). One that cannot be reached is left alone and probed
// ([HostDown]); while a host is parked its jobs leave the queue to others.
//
// Workers: while jobs of other hosts wait, a paced host has no more requests in
// flight than it has already brought to an end at once, and one more, and after
// a timeout no more than one. So one that accepts and then stalls holds one
// worker, and not all of them ([Crowding]).
//
// Loss: a job counts as ended only when the store has kept its result. The
// queue refuses what it cannot hold ([ErrQueueFull]); the feeder counts that
// and offers the job again. The books ([Counts]) balance at every moment.
//
// Waiting: [Pool.Submit], [Subscription.Take] and [Engine.Snapshot] never
// block for long. Nothing in here waits for a screen.
//
// Goroutines: [Engine.Run] owns the feeder, the committer and, through the
// pool, the workers, and returns when all of them have ended. An idle worker
// keeps the clock, so no goroutine exists for a timer's sake.
//
// # Figures
//
// These are ratios of one interleaved run on two cores (AMD EPYC, Go 1.26.8);
// testdata/peers repeats them.
//
// An empty job, from Submit to its end, costs with one producer what it costs in
// pond and with eight two thirds of it; a sixth of what it costs in ants; at most
// twice a bare channel of functions, with host and priority kept.
// A refused Submit costs three quarters of pond's and allocates nothing.
//
// Ten callers of one [RateLimiter] at 5 ms pass no closer than that; those of
// x/time/rate, uber's ratelimit and failsafe-go come through too early every
// third time. It takes an eighth longer than the ideal for it, and at 20 ms a
// thirtieth. Whoever comes after fifty callers that gave up waits for what is
// left of one interval, where the others let it wait for the turns of forty.
//
// Of a million jobs, one costs 1.3 times as much over a thousand hosts as over
// one. A waiting job with a URL of 60 bytes takes 150 bytes in a [MemStore]. A
// change costs the feed some 60 ns with one reader, and with many. Cancelling a
// batch of 100,000 jobs of one host takes some 40 microseconds.
//
// # Lives
//
// A run outlives its engine if its [Store] does. [New] goes on with what the
// store has: batches, pauses, retries due, blocks that still count, what the
// throttle has learnt, the rules of robots.txt. What was in flight is fetched
// once more, what had ended never. A gap is a gap across lives too: after a kill
// a paced host waits one interval before its first request. No time that was
// noted grows because the clock went back. A store that fails ends the run with
// [ErrStore]; so does a panic in the feeder or the committer ([PanicError]). One
// in a Scraper is the failure of its job.
//
// The jobs of a run are a [Frontier], whatever keeps it: a [MemStore] has it
// and the results in memory, and a store on disk gives it a [Journal] and puts
// its jobs back with [Frontier.Refill]. What is scheduled next is never asked
// of a disk.
//
// # Endings
//
// [Engine.Drain] finishes what is queued and in flight, and leaves the
// backlog. Cancel drops what is selected, ends its requests, and can be undone.
// [Engine.Close] takes no more batches and finishes everything.
package engine
