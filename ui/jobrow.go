package ui

import (
	"strings"
	"time"

	"weir/engine"
)

const (
	urlBytes = 4096 // most of a URL that the screen keeps
	whyBytes = 512  // and of an error or a title
)

// A jobRow is one job as it is drawn and acted on, cleaned.
type jobRow struct {
	id     engine.JobID
	num    uint64 // order of ending; 0: has not ended
	host   string
	class  engine.Class
	reason engine.Reason
	time   time.Duration // of the last attempt
	bytes  int64

	batch   engine.BatchID
	records int32
	tries   int32
	status  int16
	place   engine.Place
	outcome engine.Outcome

	text
	told bool // the text is known; else it is to be read from the store
}

// A text is what of a job the screen reads from the store when it needs it.
type text struct {
	url, title, why string
	ended           int64 // seconds of Unix; 0: not known
}

// newText cleans the text of a job's state as it enters the screen.
func newText(s *engine.JobState) text {
	t := text{url: clean(s.URL, urlBytes), title: clean(s.Title, whyBytes), why: why(s.Place, s.Outcome, s.Class, s.Why, s.Findings, s.Finding)}
	if !s.Ended.IsZero() {
		t.ended = s.Ended.Unix()
	}
	return t
}

// newRow cleans a job's state.
func newRow(s *engine.JobState) *jobRow {
	return &jobRow{
		id: s.ID, num: s.Num, batch: s.Batch, host: clean(s.Host, urlBytes),
		class: engine.Class(clean(string(s.Class), whyBytes)), reason: s.Reason,
		time: s.Elapsed, bytes: s.Bytes, records: int32(s.Records),
		tries: int32(s.Attempts), status: int16(s.Status), place: s.Place, outcome: s.Outcome,
		text: newText(s), told: true,
	}
}

// resultRow is newRow for what the store has kept.
func resultRow(r *engine.Result) *jobRow {
	state := r.State()
	return newRow(&state)
}

// state returns the word of the outcome column.
func (r *jobRow) state() string { return stateText(r.place, r.outcome) }

func stateText(p engine.Place, o engine.Outcome) string {
	if p == engine.Ended {
		return o.String()
	}
	return p.String()
}

// why writes the last column: the class, then what is known besides.
func why(at engine.Place, o engine.Outcome, class engine.Class, words string, findings int, first string) string {
	parts := []string{string(class), words}
	switch {
	case class != "" && strings.HasPrefix(words, string(class)):
		parts = parts[1:]
	case at == engine.Ended && o == engine.OK && words == "" && findings > 0:
		parts = append(parts, plural(findings, "finding"), first)
	}
	var b strings.Builder
	for _, p := range parts {
		if p != "" && b.Len() > 0 {
			b.WriteString(": ")
		}
		b.WriteString(p)
	}
	return clean(b.String(), whyBytes)
}

// bare returns a URL without its scheme, as lists show it.
func bare(url string) string {
	if _, rest, ok := strings.Cut(url, "://"); ok {
		return rest
	}
	return url
}
