package ui

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"weir/engine"
)

// This file is what goes out of the screen: a batch to the engine, results to
// a file, the clipboard or the browser, and the operator.

// addedMsg says what became of a batch.
type addedMsg struct {
	name  string
	added engine.Added
	err   error
}

// add adds the batch of the form.
func (m *Model) add(msg addMsg) tea.Cmd {
	b := msg.batch
	if b.Name == "" {
		b.Name = "pasted " + m.now().Local().Format("15:04")
	}
	return m.call(func(ctx context.Context) tea.Msg {
		added, err := m.deps.Controller.Add(ctx, b, msg.jobs)
		return addedMsg{clean(b.Name, whyBytes), added, err}
	})
}

// now returns the time of the last view, and before the first one that of the
// clock it was given.
func (m *Model) now() time.Time {
	if m.live {
		return m.stats.At
	}
	return m.deps.Now()
}

func (m *Model) added(msg addedMsg) tea.Cmd {
	a := msg.added
	text := fmt.Sprintf("batch %d %s added: %s new", a.Batch, msg.name, count(a.New))
	if a.Duplicate > 0 {
		text += ", " + count(a.Duplicate) + " duplicate"
	}
	if a.Invalid > 0 {
		text += ", " + count(a.Invalid) + " invalid"
	}
	if msg.err != nil {
		return m.toasts.say(engine.LevelBad, "adding "+msg.name+": "+msg.err.Error())
	}
	return m.toasts.say(engine.LevelInfo, text)
}

// quit leaves, after a question if something would be lost.
func (m *Model) quit() tea.Cmd {
	if m.leaving {
		return tea.Quit
	}
	d := m.saved()
	if !losingOf(d, m.stats).any() {
		return tea.Quit
	}
	return m.dialogs.push(newQuit(d, m.stats))
}

// leave does what the quit dialog was answered.
func (m *Model) leave(how leaving) tea.Cmd {
	switch how {
	case leaveExport:
		return m.exportAll()
	case leaveDrain: // which is not offered to who only watches
		m.deps.Controller.Drain()
		return m.toasts.say(engine.LevelWarn, "draining: leaves when what is queued and in flight has ended · q asks again")
	case leaveCancel:
		if m.leaving || m.stats.Counts.Left() == 0 || m.deps.ReadOnly {
			return tea.Quit
		}
		m.leaving = true
		return tea.Batch(
			m.toasts.say(engine.LevelWarn, "cancelling · ctrl+c leaves at once"),
			m.each("", engine.Controller.Cancel, engine.Selector{All: true}))
	}
	return tea.Quit
}

// clipboardMost is how many bytes terminals take for their clipboard.
const clipboardMost = 74_000

// copy copies the URLs of the row or of the marked, or their results.
func (m *Model) copy(asJSON bool) tea.Cmd {
	if m.focus != resultsPanel {
		host := m.rowHost()
		if m.focus == workersPanel {
			host = clean(m.workers.selected().URL, urlBytes)
		}
		return m.toClipboard(host, host)
	}
	rows := m.results.acted()
	what := plural(len(rows), "URL")
	if len(rows) == 1 {
		what = bare(rows[0].url)
	}
	if !asJSON {
		urls := make([]string, len(rows))
		for i, r := range rows {
			urls[i] = r.url
		}
		return m.toClipboard(strings.Join(urls, "\n"), what)
	}
	ids := make([]engine.JobID, len(rows))
	for i, r := range rows {
		ids[i] = r.id
	}
	return m.call(func(context.Context) tea.Msg {
		var b strings.Builder
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		rs, err := m.read(engine.Query{Jobs: ids})
		if err == nil && len(rs) == 0 {
			return toastMsg{engine.LevelWarn, "no result yet: it has not ended"}
		}
		for i := range rs {
			if err == nil {
				err = enc.Encode(jsonOf(&rs[i]))
			}
		}
		if err != nil {
			return toastMsg{engine.LevelBad, "copy: " + err.Error()}
		}
		return thenMsg{func() tea.Cmd { return m.toClipboard(b.String(), "the JSON of "+what) }}
	})
}

func (m *Model) toClipboard(text, what string) tea.Cmd {
	if len(text) > clipboardMost {
		return m.toasts.say(engine.LevelWarn, size(int64(len(text)))+" is more than terminals copy: e writes a file")
	}
	return tea.Batch(tea.SetClipboard(text), m.toasts.say(engine.LevelInfo, "copied "+what))
}

// resultJSON is a result as Y copies it: the row of an export.
type resultJSON struct {
	URL       string          `json:"url"`
	FinalURL  string          `json:"final_url"`
	Batch     engine.BatchID  `json:"batch"`
	Outcome   string          `json:"outcome"`
	Class     engine.Class    `json:"class"`
	Error     string          `json:"error"`
	Status    int             `json:"status"`
	Attempts  int             `json:"attempts"`
	Bytes     int64           `json:"bytes"`
	ElapsedMS int64           `json:"elapsed_ms"`
	FetchedAt *time.Time      `json:"fetched_at"`
	Title     string          `json:"title"`
	Records   []engine.Record `json:"records"`
}

func jsonOf(r *engine.Result) resultJSON {
	j := resultJSON{
		URL: r.URL, FinalURL: r.Final, Batch: r.Batch, Outcome: r.Outcome.String(), Class: r.Class, Error: r.Error,
		Status: r.Status, Attempts: r.Attempts, Bytes: r.Bytes, ElapsedMS: r.Elapsed.Milliseconds(), Title: r.Title, Records: r.Records,
	}
	if !r.FetchedAt.IsZero() {
		at := r.FetchedAt.UTC()
		j.FetchedAt = &at
	}
	return j
}

// browse shows the row's page in the browser, or copies its URL.
func (m *Model) browse() tea.Cmd {
	url := m.rowHost()
	if r := m.row(); r != nil {
		url = r.url
	}
	if m.focus == hostsPanel {
		url = "http://" + url + "/"
	}
	if !strings.HasPrefix(url, "http://") && !strings.HasPrefix(url, "https://") {
		return m.toasts.say(engine.LevelWarn, "only http and https pages are opened")
	}
	open := m.deps.Open
	if open == nil {
		return m.toClipboard(url, bare(url)+": open it in a browser of your own")
	}
	return m.call(func(context.Context) tea.Msg {
		if err := open(url); err != nil {
			return toastMsg{engine.LevelBad, "open: " + err.Error()}
		}
		return toastMsg{engine.LevelInfo, "opened " + bare(url)}
	})
}

// export writes what the filter shows, or the marked.
func (m *Model) export() tea.Cmd {
	t := m.results.table
	if len(m.results.marks) == 0 && t.want.filter.text == "" && t.want.show == showEnded {
		return m.exportAll()
	}
	var ids []engine.JobID
	rows, what := t.rows, "what the filter shows"
	if len(m.results.marks) > 0 {
		rows, what = m.results.acted(), "the marked"
	}
	for _, r := range rows {
		if r.place == engine.Ended {
			ids = append(ids, r.id)
		}
	}
	if len(ids) == 0 {
		return m.toasts.say(engine.LevelWarn, "nothing to export: "+what+" has not ended")
	}
	m.exporting = 0
	return m.openExport(what, len(ids), func(yield func(engine.Result, error) bool) {
		for page := range slices.Chunk(ids, olderPage) {
			rs, err := m.read(engine.Query{Jobs: page, Outcomes: allOutcomes})
			if !yieldAll(yield, rs, err) {
				return
			}
		}
	})
}

var allOutcomes = []engine.Outcome{engine.OK, engine.Empty, engine.Failed, engine.Skipped, engine.Cancelled}

// exportAll writes every result there is.
func (m *Model) exportAll() tea.Cmd {
	until := m.results.table.newest
	m.exporting = until
	return m.openExport("all that ended", m.results.table.ended, func(yield func(engine.Result, error) bool) {
		for after := uint64(0); after < until; {
			rs, err := m.read(engine.Query{After: after, Limit: olderPage})
			if !yieldAll(yield, rs, err) || len(rs) == 0 {
				return
			}
			after = rs[len(rs)-1].Num
		}
	})
}

func (m *Model) openExport(what string, most int, results iter.Seq2[engine.Result, error]) tea.Cmd {
	return m.dialogs.push(newExport(m.deps.Exporter, m.call, what, most, "weir.jsonl", results))
}

func yieldAll(yield func(engine.Result, error) bool, rs []engine.Result, err error) bool {
	if err != nil {
		yield(engine.Result{}, err)
		return false
	}
	for _, r := range rs {
		if !yield(r, nil) {
			return false
		}
	}
	return true
}

// wasExported says how an export ended.
func (m *Model) wasExported(msg exportedMsg) tea.Cmd {
	if msg.err != nil {
		return m.toasts.say(engine.LevelBad, "export: "+msg.err.Error())
	}
	if m.exporting > 0 {
		m.exported.path, m.exported.num = msg.path, m.exporting
	}
	return m.toasts.say(engine.LevelInfo, plural(msg.rows, "row")+" written to "+msg.path)
}
