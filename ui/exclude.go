package ui

import (
	"strings"

	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"

	"weir/engine"
)

// excludeMsg is the answer of the exclude dialog: these jobs are to be taken
// out, if they still wait.
type excludeMsg struct{ jobs []engine.JobID }

// An excludeDialog asks for a pattern and shows, with every key, how many of
// the waiting URLs have it, and which.
type excludeDialog struct {
	boxed
	from  engine.Controller
	call  caller
	scope string         // what it is for, in words
	batch engine.BatchID // zero: the run

	field  textinput.Model
	err    string // what is wrong with the pattern
	hunt   *hunt  // for what stands in the field; nil: nothing does
	bag    *bag   // of it, or of the one before until there is news
	wanted bool   // enter was pressed before the hunt had ended
}

// newExclude asks for a pattern for the waiting URLs of a batch, or of the run
// if batch is zero. Scope names these.
func newExclude(c engine.Controller, call caller, scope string, batch engine.BatchID) *excludeDialog {
	return &excludeDialog{boxed: boxed{scope: inInput}, from: c, call: call, scope: scope, batch: batch, field: newField("")}
}

func (e *excludeDialog) Init() tea.Cmd { return nil }

func (e *excludeDialog) Update(msg tea.Msg) (dialog, tea.Cmd) {
	switch e.asked(msg) {
	case actClose, actInterrupt:
		e.drop()
		return nil, nil
	case actAccept:
		e.wanted = e.hunt != nil
		return e.decide()
	}
	switch msg := msg.(type) {
	case tea.KeyPressMsg, tea.PasteMsg:
		return e, e.edit(msg)
	case lookHuntMsg:
		if msg.hunt == e.hunt && !e.bag.done {
			e.bag = e.hunt.bag.Load()
			return e, e.hunt.look()
		}
	case huntMsg:
		if msg.hunt == e.hunt {
			e.bag = e.hunt.bag.Load()
			return e.decide()
		}
	}
	return e, nil
}

// edit takes what is typed or pasted, and counts anew if that is another
// pattern.
func (e *excludeDialog) edit(msg tea.Msg) tea.Cmd {
	before := strings.TrimSpace(e.field.Value())
	e.field = typed(e.field, msg)
	now := strings.TrimSpace(e.field.Value())
	if now == before {
		return nil
	}
	e.drop()
	e.err = ""
	finds, err := parsePattern(now)
	if err != nil {
		e.err = clean(err.Error(), lineBytes)
	}
	if finds == nil {
		e.bag = nil
		return nil
	}
	var shown bag // until there is news of the new pattern, what the last one found
	if e.bag != nil {
		shown = *e.bag
	}
	shown.done = false
	e.hunt, e.bag = newHunt(finds, e.batch), &shown
	return e.hunt.start(e.from, e.call)
}

// drop ends the hunt under way.
func (e *excludeDialog) drop() {
	if e.hunt != nil {
		e.hunt.dropped.Store(true)
	}
	e.hunt, e.wanted = nil, false
}

// decide closes the dialog with its answer, if enter was pressed and it is
// known what that means.
func (e *excludeDialog) decide() (dialog, tea.Cmd) {
	if !e.wanted || !e.hunt.bag.Load().done {
		return e, nil
	}
	e.bag, e.wanted = e.hunt.bag.Load(), false
	if e.bag.err != nil || len(e.bag.jobs) == 0 {
		return e, nil // which it says
	}
	return nil, send(excludeMsg{e.bag.jobs})
}

func (e *excludeDialog) View(th Theme, w, h int) string {
	if tooSmall(w, h) {
		return ""
	}
	w = min(w-4, 74)
	inner := w - 4
	rows := []row{
		{drop: 4},
		{text: cut("Text in the waiting URLs of "+e.scope+":", inner), drop: 1},
		{text: fieldView(th, e.field, inner)},
		{drop: 4},
	}
	rows = append(rows, e.found(th, inner, max(min(h-7, huntShown), 1))...)
	does := "exclude"
	if e.bag != nil && e.bag.done && len(e.bag.jobs) > 0 {
		does += " " + plural(len(e.bag.jobs), "URL")
	}
	if e.wanted {
		does = "excludes when all are counted"
	}
	rows = append(rows,
		row{drop: 4},
		row{text: th.Muted.Render(cut("in any case, or "+rePrefix+"EXPR, a regular expression (RE2)", inner)), drop: 2},
		e.foot(th, inner, hint{act: actAccept, word: does}, hint{act: actClose, word: "leave them"}),
		row{drop: 4})
	return e.box(th, "Exclude waiting URLs", rows, w, h)
}

// found says what the pattern finds, in a line, and names the first of that in
// n lines, whether there are so many or not: the dialog keeps its height.
func (e *excludeDialog) found(th Theme, w, n int) []row {
	rows := make([]row, 1+n)
	for i := range n {
		rows[1+i].drop = 3
	}
	switch b := e.bag; {
	case e.err != "":
		lines := wrap(e.err, th.Bad, w)
		copy(rows, lines[:min(len(lines), 2)])
	case b == nil:
		rows[0].text = th.Muted.Render(cut("what you type is counted here, before enter", w))
	case b.err != nil:
		rows[0].text = th.Bad.Render(cut(clean(b.err.Error(), lineBytes), w))
	default:
		style := th.Text
		if b.done && len(b.jobs) == 0 {
			style = th.Warn
		}
		rows[0].text = style.Render(cut(b.words(w), w))
		for i, url := range b.first[:min(len(b.first), n)] {
			rows[1+i].text = "  " + cut(url, w-2)
		}
		if more := len(b.jobs) - n + 1; more > 1 && n > 1 {
			rows[n].text = th.Muted.Render("  " + th.Glyphs.More + " and " + count(more) + " more")
		}
	}
	return rows
}
