package cli

import (
	"encoding/json"
	"sync"
	"time"

	"weir/engine"
)

// A jsonPrinter writes one object a line, for machines.
type jsonPrinter struct {
	mu  sync.Mutex
	enc *json.Encoder
}

// A jsonEvent is one line. Durations are in seconds.
type jsonEvent struct {
	Time      time.Time            `json:"time"`
	Event     string               `json:"event"` // progress, note or end
	Text      string               `json:"text,omitempty"`
	State     string               `json:"state,omitempty"`
	Limit     string               `json:"limited_by,omitempty"`
	Counts    *jsonCounts          `json:"counts,omitempty"`
	Rate      float64              `json:"rate,omitempty"` // jobs ended a second
	ETA       *float64             `json:"eta,omitempty"`
	Active    float64              `json:"active,omitempty"`
	Requests  uint64               `json:"requests,omitempty"`
	Retried   uint64               `json:"retried,omitempty"`
	Hits      uint64               `json:"backpressure_hits,omitempty"`
	Records   int                  `json:"records,omitempty"`
	Classes   map[engine.Class]int `json:"classes,omitempty"`
	Balanced  *bool                `json:"balanced,omitempty"`
	ResultsIn string               `json:"results_in,omitempty"`
}

// jsonCounts is the ledger.
type jsonCounts struct {
	Submitted int `json:"submitted"`
	Backlog   int `json:"backlog"`
	Queued    int `json:"queued"`
	Retry     int `json:"retry"`
	InFlight  int `json:"in_flight"`
	OK        int `json:"ok"`
	Empty     int `json:"empty"`
	Failed    int `json:"failed"`
	Skipped   int `json:"skipped"`
	Cancelled int `json:"cancelled"`
	Duplicate int `json:"duplicate"`
	Invalid   int `json:"invalid"`
}

func (p *jsonPrinter) every() time.Duration { return time.Second }

func (p *jsonPrinter) write(e jsonEvent) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if e.Time.IsZero() {
		e.Time = time.Now()
	}
	_ = p.enc.Encode(e) // nobody is left to be told that stderr is gone
}

// event is what progress and end have in common.
func event(name string, s engine.Stats) jsonEvent {
	counts := jsonCounts(s.Counts)
	e := jsonEvent{
		Time: s.At, Event: name, State: s.State.String(), Limit: s.Limit.Kind.String(), Counts: &counts,
		Rate: s.Rate, Active: s.Active.Seconds(), Requests: s.Requests, Retried: s.Retried, Hits: s.Hits, Records: s.Rows,
	}
	if s.ETA >= 0 && s.Counts.Left() > 0 {
		eta := s.ETA.Seconds()
		e.ETA = &eta
	}
	return e
}

func (p *jsonPrinter) progress(s engine.Stats) { p.write(event("progress", s)) }

func (p *jsonPrinter) note(text string) { p.write(jsonEvent{Event: "note", Text: text}) }

func (p *jsonPrinter) end(e ending) {
	ev := event("end", e.stats)
	balanced := e.stats.Counts.Balanced()
	ev.Classes, ev.Balanced, ev.ResultsIn = e.classes, &balanced, e.saved
	p.write(ev)
}
