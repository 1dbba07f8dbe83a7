package engine

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// An Outcome says how a job ended.
type Outcome uint8

// The outcomes. A job that has not ended has OutcomeNone.
const (
	OutcomeNone Outcome = iota
	OK                  // records, or a page recipe satisfied
	Empty               // fetched, but the recipe found less than it expects
	Failed              // Class says how
	Skipped             // never fetched; Class says why
	Cancelled           // by the operator, before it was fetched
)

var outcomeNames = [...]string{"", "ok", "empty", "failed", "skipped", "cancelled"}

// String returns the stable name of the outcome, as exports write it.
func (o Outcome) String() string { return outcomeNames[o] }

// A Class says how a job failed or why it was skipped. The names are stable:
// they stand in exports, metrics and on the screen.
type Class string

// The classes of failed jobs.
const (
	Timeout     Class = "timeout"      // the attempt's time ran out
	DNS         Class = "dns"          // the name did not resolve
	Connect     Class = "connect"      // no connection: refused, unreachable
	Proxy       Class = "proxy"        // the proxy could not be reached, or refused
	TLS         Class = "tls"          // the handshake or certificate failed
	Reset       Class = "reset"        // the connection was cut before the answer was whole
	Protocol    Class = "protocol"     // not HTTP, or HTTP that cannot be read
	Truncated   Class = "truncated"    // the body ended before its length
	Decode      Class = "decode"       // the content coding is broken or unknown
	TooLarge    Class = "too_large"    // body or headers over their cap
	Redirect    Class = "redirect"     // too many hops, a loop, or no usable target
	Blocked     Class = "blocked"      // the address policy forbids it
	Status      Class = "status"       // an answer that is not a success
	RateLimited Class = "rate_limited" // refused for too long
	TooComplex  Class = "too_complex"  // extraction ran over its budget
	NotHTML     Class = "not_html"     // nothing a recipe can read
	Extract     Class = "extract"      // the scraper itself failed on the page
)

// The classes of skipped jobs. Jobs that were never made (duplicates and lines
// that are no URL) are counted as skipped too, without id or row.
const (
	Duplicate Class = "duplicate"
	Robots    Class = "robots"
	Scope     Class = "scope"
	Invalid   Class = "invalid"
)

// A Result says how one job ended, with what was extracted.
type Result struct {
	Job     JobID
	Batch   BatchID
	Num     uint64 // order of ending in the run, from 1; given by the engine
	URL     string // the job's
	Final   string // after redirects; empty: equal to URL, or never fetched
	Host    string
	Outcome Outcome
	Class   Class
	Error   string // what went wrong or is missing, in words; empty if nothing
	Status  int    // HTTP status of the last answer; 0: none

	// Unchanged says that the page is as it was when it was fetched before
	// (status 304): the records are those of the body that was kept.
	Unchanged bool

	Attempts  int           // requests made for the job, redirect hops apart
	Bytes     int64         // of the decoded body
	Elapsed   time.Duration // of the last attempt, from its start to the end of extraction
	FetchedAt time.Time     // when the last attempt started; zero: never

	Title    string
	Records  []Record
	Findings []Finding
	Fill     []FieldFill // of the page's records, in the order of the recipe; a Store need not keep it
	Links    []Job       // found on the page, to become jobs of the same batch

	// Carry is the job's, for as long as nobody has made records of it: see
	// [Salvager].
	Carry string

	Header  []Header  // of the last answer, in the order of their names
	Timing  Timing    // of the last attempt
	History []Attempt // oldest first
}

// State returns what screens are told of the job that r ended. When it ended
// is not known to r.
func (r *Result) State() JobState {
	s := JobState{
		ID: r.Job, Batch: r.Batch, URL: r.URL, Host: r.Host, Place: Ended,
		Attempts: r.Attempts, Outcome: r.Outcome, Class: r.Class, Why: r.Error, Num: r.Num,
		Status: r.Status, Elapsed: r.Elapsed, Bytes: r.Bytes, Records: len(r.Records),
		Findings: len(r.Findings), Title: r.Title,
	}
	if len(r.Findings) > 0 {
		s.Finding = r.Findings[0].Kind
	}
	if r.Unchanged && s.Why == "" {
		s.Why = "unchanged"
	}
	return s
}

// A Record is one extracted row: its fields, in the order of the recipe.
type Record []Field

// A Field is one cell. Value is nil for a cell that was not there, or a string,
// a [Number] or a bool; for a field that takes many it is a []string, or a
// []any of strings and Numbers.
type Field struct {
	Name  string
	Value any
}

// A Number is a decimal number as it is written, of any length: -1234.50. It
// is a number in JSON too, to its last digit.
type Number = json.Number

// Text returns a field's value as one line of text, the items of a list with
// sep between them. It is empty for nil.
func Text(value any, sep string) string {
	switch v := value.(type) {
	case string:
		return v
	case Number:
		return string(v)
	case bool:
		return strconv.FormatBool(v)
	case []string:
		return strings.Join(v, sep)
	case []any:
		items := make([]string, len(v))
		for i, item := range v {
			items[i] = Text(item, sep)
		}
		return strings.Join(items, sep)
	}
	return ""
}

// MarshalJSON writes the record as one object, its fields in their order.
func (r Record) MarshalJSON() ([]byte, error) { return r.AppendJSON(nil) }

// A Finding is a cell that was missing or could not be read. It never ends a
// page: the good rows are kept.
type Finding struct {
	Kind     string // MissingCell, BadCell
	Row, Col int    // from 1; Col is the place of the field in the recipe
	Field    string
	Selector string
	Raw      string // what stood there, at most 80 bytes
}

// String returns the finding in short: MissingCell@R5C3.
func (f Finding) String() string { return fmt.Sprintf("%s@R%dC%d", f.Kind, f.Row, f.Col) }

// A Header is one field of an answer's header.
type Header struct{ Name, Value string }

// Timing says where the time of one attempt went. A stage that did not happen
// (a connection that was reused, no TLS) is below zero.
type Timing struct {
	Waited    time.Duration // for the host's turn, since the job was due
	DNS       time.Duration
	Connect   time.Duration
	TLS       time.Duration
	FirstByte time.Duration // from the headers written to the first byte
	Body      time.Duration
	Extract   time.Duration
}

// An Attempt is one request for a job that has ended.
type Attempt struct {
	Status  int
	Class   Class
	Elapsed time.Duration
	Waited  time.Duration // for its turn
	Why     string        // what followed from it: "status: retried", "no retry left"
}
