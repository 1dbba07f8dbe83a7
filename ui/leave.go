package ui

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"maps"
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
		m.draining = true
		m.deps.Controller.Drain()
		return m.toasts.say(engine.LevelWarn, "draining: leaves when what is queued and in flight has ended"+m.says.say(" · %s asks again", actQuit))
	case leaveCancel:
		if m.leaving || m.stats.Counts.Left() == 0 || m.deps.ReadOnly {
			return tea.Quit
		}
		m.leaving = true
		return tea.Batch(
			m.toasts.say(engine.LevelWarn, m.says.say("cancelling · %s leaves at once", actInterrupt)),
			m.each("", engine.Controller.Cancel, engine.Selector{All: true}))
	}
	return tea.Quit
}

// clipboardMost is how many bytes terminals take for their clipboard.
const clipboardMost = 74_000

// copy copies the URLs of the row or of the marked, or their results.
func (m *Model) copy(asJSON bool) tea.Cmd {
	if m.focus != resultsPanel {
		host := m.focused().host()
		if m.focus == workersPanel {
			host = clean(m.workers.selected().URL, urlBytes)
		}
		return m.toClipboard(host, host)
	}
	ids := m.results.jobs()
	what := plural(len(ids), "URL")
	one := m.results.one()
	if one != nil && one.told {
		what = bare(one.url)
	}
	switch {
	case asJSON:
		return m.copyJSON(ids, what)
	case one != nil && one.told:
		return m.toClipboard(one.url, what)
	}
	return m.copyURLs(what)
}

// copyURLs copies the URLs of what a key acts on, most of which the store has
// to be asked for.
func (m *Model) copyURLs(what string) tea.Cmd {
	var slots []uint32
	known := map[uint32]text{}
	t := m.results.table
	for slot := range m.results.acted(m.results.table.all()) {
		if len(slots) > clipboardMost/8 {
			break // no URL is so short that more of them would fit
		}
		slots = append(slots, slot)
		if tx, ok := t.texts.get(slot); ok {
			known[slot] = tx
		}
	}
	needs := needed(t.x, slices.DeleteFunc(slices.Clone(slots), func(slot uint32) bool { _, ok := known[slot]; return ok }))
	return m.call(func(ctx context.Context) tea.Msg {
		for page := range slices.Chunk(needs, readPage) {
			texts, err := readTexts(ctx, m.deps.Controller.States, page)
			if err != nil {
				return toastMsg{engine.LevelBad, "copy: " + err.Error()}
			}
			maps.Copy(known, texts)
		}
		var b strings.Builder
		for i, slot := range slots {
			if i > 0 {
				b.WriteByte('\n')
			}
			b.WriteString(known[slot].url)
		}
		return thenMsg{func() tea.Cmd { return m.toClipboard(b.String(), what) }}
	})
}

// copyJSON copies the results of jobs.
func (m *Model) copyJSON(ids []engine.JobID, what string) tea.Cmd {
	return m.call(func(context.Context) tea.Msg {
		var b strings.Builder
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		some := false
		for page := range slices.Chunk(ids, exportPage) {
			rs, err := m.read(engine.Query{Jobs: page})
			for i := range rs {
				if err == nil {
					some, err = true, enc.Encode(jsonOf(&rs[i]))
				}
			}
			if err != nil {
				return toastMsg{engine.LevelBad, "copy: " + err.Error()}
			}
			if b.Len() > clipboardMost {
				break
			}
		}
		if !some {
			return toastMsg{engine.LevelWarn, "no result yet: it has not ended"}
		}
		return thenMsg{func() tea.Cmd { return m.toClipboard(b.String(), "the JSON of "+what) }}
	})
}

func (m *Model) toClipboard(text, what string) tea.Cmd {
	if len(text) > clipboardMost {
		return m.toasts.say(engine.LevelWarn, size(int64(len(text)))+" is more than terminals copy"+m.says.say(": %s writes a file", actExport))
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
	if m.focus == hostsPanel {
		return m.openPage("http://" + m.focused().host() + "/")
	}
	r := m.row()
	if r == nil {
		return m.openPage(m.focused().host())
	}
	return m.whenTold(r, func(r *jobRow) tea.Cmd { return m.openPage(r.url) })
}

// whenTold calls do with a row when its text is known.
func (m *Model) whenTold(r *jobRow, do func(*jobRow) tea.Cmd) tea.Cmd {
	if r.told {
		return do(r)
	}
	slot, _ := m.results.table.x.slot(r.id)
	needs := needed(m.results.table.x, []uint32{slot})
	return m.call(func(ctx context.Context) tea.Msg {
		texts, err := readTexts(ctx, m.deps.Controller.States, needs)
		if err != nil {
			return toastMsg{engine.LevelBad, "reading the result: " + err.Error()}
		}
		r.text, r.told = texts[slot], true
		return thenMsg{func() tea.Cmd { return do(r) }}
	})
}

// openPage shows a page in the browser, or copies its URL.
func (m *Model) openPage(url string) tea.Cmd {
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

// exportPage is how many results are read at a time, with all they hold.
const exportPage = 500

// export writes what the filter shows, or the marked.
func (m *Model) export() tea.Cmd {
	t := m.results.table
	marked := m.results.marks.n > 0
	if !marked && t.has.filter.text == "" && t.want.filter.text == "" && t.want.show == showEnded {
		return m.exportAll()
	}
	slots, what := t.rows.all(&t.order), "what the filter shows"
	if marked {
		slots, what = m.results.acted(m.results.table.all()), "the marked"
	}
	needs := needed(t.x, slices.Collect(slots))
	if len(needs) == 0 {
		return m.toasts.say(engine.LevelWarn, "nothing to export: "+what+" has not ended")
	}
	m.exporting = 0
	return m.openExport(what, len(needs), func(yield func(engine.Result, error) bool) {
		for page := range slices.Chunk(needs, exportPage) {
			var ended, cancelled []engine.JobID
			for _, n := range page {
				if n.cancelled {
					cancelled = append(cancelled, n.id)
				} else {
					ended = append(ended, n.id)
				}
			}
			// The store tells of cancelled jobs only by themselves.
			for _, q := range []engine.Query{{Jobs: ended}, {Jobs: cancelled, Outcomes: []engine.Outcome{engine.Cancelled}}} {
				if len(q.Jobs) == 0 {
					continue
				}
				rs, err := m.read(q)
				if !yieldAll(yield, rs, err) {
					return
				}
			}
		}
	})
}

// exportAll writes every result there is.
func (m *Model) exportAll() tea.Cmd {
	until := m.results.table.newest
	m.exporting = until
	return m.openExport("all that ended", m.results.table.ended, func(yield func(engine.Result, error) bool) {
		for after := uint64(0); after < until; {
			rs, err := m.read(engine.Query{After: after, Limit: exportPage})
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
