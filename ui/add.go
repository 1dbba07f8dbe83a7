package ui

import (
	"errors"
	"fmt"
	"iter"
	"strconv"
	"strings"
	"time"

	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"

	"weir/engine"
)

type jobSeq = iter.Seq2[engine.Job, error]

// addMsg is the answer of the Add form: this batch is to be added.
type addMsg struct {
	batch engine.Batch
	jobs  jobSeq
}

const (
	// settle is how long the list must rest before it is read for the
	// preview.
	settle = 30 * time.Millisecond

	// burst is how soon after enter or tab another key says that this is an
	// unbracketed paste: its line ends arrive as keys, microseconds apart.
	burst = 15 * time.Millisecond

	// askLines is the most typed lines that esc drops unasked.
	askLines = 5
)

// The fields of the form, in the order of tab.
const (
	fieldText = iota
	fieldRecipe
	fieldPriority
	fieldInterval
	fields
)

type (
	settleMsg struct{ edit int }  // the list rests, if this was the last edit
	burstMsg  struct{ press int } // enter or tab was meant, if this was the last key
	fasterMsg struct{}            // faster than the run was asked to be is meant
	dropMsg   struct{}            // the typed list may go
)

// An addForm makes a batch of what is typed, pasted or named.
type addForm struct {
	boxed
	planner Planner
	recipes []string
	pace    time.Duration // of the run; -1: unpaced

	text     addText
	recipe   int // index in recipes
	priority engine.Priority
	interval textinput.Model
	proposed bool // the interval is the run's, untouched
	focus    int

	presses int    // keys so far
	held    string // an enter or tab that waits for burst, as the text it would be
	edits   int    // changes of the list or a field so far
	scan    *scan  // of the list as it is; nil until it rests
	shown   *tally // the newest there is
	say     string // why enter did nothing
	adding  bool   // enter was pressed: the batch goes as soon as it is known
	faster  bool   // the operator wants to be faster than the run
	onlyBad bool   // the list gives way to its refused lines
	bad     scroll // of those
}

// newAddForm returns the form with text in it. Pace is the interval of the run.
func newAddForm(p Planner, pace time.Duration, text string) *addForm {
	if pace <= 0 {
		pace = -1
	}
	f := &addForm{
		boxed:   boxed{scope: inAdd},
		planner: p, recipes: p.Recipes(), pace: pace,
		text: newAddText(), interval: newField(paceText(pace)), proposed: true, shown: &tally{},
	}
	if text != "" {
		f.text.insert(text)
	}
	return f
}

func (f *addForm) Init() tea.Cmd { return f.changed() }

func (f *addForm) Update(msg tea.Msg) (dialog, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.PasteMsg:
		f.presses++
		return f, f.paste(msg.Content)
	case tea.KeyPressMsg:
		return f.press(msg)
	case hitMsg:
		f.release()
		if msg.act == actAccept {
			return f.enter()
		}
		return f.do(msg.act)
	case pickMsg:
		f.release()
		return f.pick(msg.item)
	case wheelMsg:
		if f.onlyBad {
			f.bad.move(msg.by)
		} else {
			f.text.move(msg.by)
		}
	case burstMsg:
		if held := f.held; held != "" && msg.press == f.presses {
			f.held = ""
			if held == "\t" {
				f.move(1)
				return f, nil
			}
			return f.enter()
		}
	case settleMsg:
		if msg.edit == f.edits && strings.TrimSpace(f.text.value()) != "" {
			spec, _ := f.spec() // a bad interval does not change the list
			f.scan = newScan(f.edits, spec)
			return f, f.scan.start(f.planner)
		}
	case lookMsg:
		if f.scan != nil && msg.id == f.scan.id && !f.shown.done {
			return f.look(f.scan.look())
		}
	case scanMsg:
		if f.scan != nil && msg.id == f.scan.id {
			return f.look(nil)
		}
	case fasterMsg:
		f.faster = true
		return f.enter()
	case dropMsg:
		f.drop()
		return nil, nil
	}
	return f, nil
}

// look takes over what the scan has counted, and adds the batch if that was
// only waiting for it; else it goes on with next.
func (f *addForm) look(next tea.Cmd) (dialog, tea.Cmd) {
	f.shown = f.scan.tally.Load()
	switch {
	case !f.adding:
	case f.shown.err != nil || f.shown.done && f.shown.fresh == 0:
		f.adding = false
		f.say = "nothing to add"
	case f.shown.fresh > 0:
		f.drop() // it is read again, by the engine
		return nil, send(addMsg{f.shown.batch, f.shown.jobs})
	}
	return f, next
}

// room returns where keys are pressed now.
func (f *addForm) room() scope {
	switch {
	case f.onlyBad:
		return inRefused
	case f.focus == fieldRecipe || f.focus == fieldPriority:
		return inChoice
	}
	return inAdd
}

// press takes a key.
func (f *addForm) press(msg tea.KeyPressMsg) (dialog, tea.Cmd) {
	f.presses++
	f.say = ""
	f.scope = f.room()
	asked := f.asked(msg)
	if f.release() { // it was text, and so is this
		if cmd, ok := f.hold(asked, msg); ok {
			return f, tea.Batch(f.changed(), cmd)
		}
		f.text.update(msg)
		return f, f.changed()
	}
	if f.focus == fieldText && !f.onlyBad {
		if cmd, ok := f.hold(asked, msg); ok {
			return f, cmd
		}
	}
	switch {
	case asked != actNone:
		return f.do(asked)
	case f.onlyBad:
	case f.focus == fieldText:
		if msg.String() == "tab" { // it goes to no field: it separates, as in a paste
			f.text.insert("\t")
			return f, f.changed()
		}
		if f.text.update(msg) {
			return f, f.changed()
		}
	case f.focus == fieldInterval:
		before := f.interval.Value()
		f.interval = typedOver(f.interval, &f.proposed, msg)
		if f.interval.Value() != before {
			f.faster = false
			return f, f.changed()
		}
	}
	return f, nil
}

// release puts an enter or tab that waits for burst into the list, and reports
// whether there was one.
func (f *addForm) release() bool {
	held := f.held
	f.held = ""
	if held != "" {
		f.text.insert(held)
	}
	return held != ""
}

// hold keeps an enter or a tab back until it is known to be no part of a
// paste. A paste that ends with one is then added, as typing it would.
func (f *addForm) hold(asked act, msg tea.KeyPressMsg) (tea.Cmd, bool) {
	switch {
	case asked == actAccept:
		f.held = "\n"
	case asked == actNextField && msg.String() == "tab":
		f.held = "\t"
	default:
		return nil, false
	}
	press := f.presses
	return tea.Tick(burst, func(time.Time) tea.Msg { return burstMsg{press} }), true
}

// do does what a key or a click asks for.
func (f *addForm) do(a act) (dialog, tea.Cmd) {
	step := 0
	switch a {
	case actClose, actInterrupt:
		return f.close()
	case actBack:
		f.onlyBad = false
	case actRefused:
		f.onlyBad = !f.onlyBad && len(f.shown.bad) > 0
		f.bad = scroll{}
	case actNextField:
		f.move(1)
	case actPrevField:
		f.move(-1)
	case actNewLine:
		if f.focus == fieldText {
			f.text.insert("\n")
			return f, f.changed()
		}
	case actAccept:
		if !f.onlyBad {
			return f.enter()
		}
	case actBefore:
		step = -1
	case actAfter:
		step = 1
	default:
		f.bad.do(a)
	}
	switch n := len(f.recipes); {
	case step == 0:
	case f.focus == fieldRecipe && n > 0:
		f.recipe = (f.recipe + step + n) % n
		return f, f.changed()
	case f.focus == fieldPriority:
		f.priority = min(max(f.priority+engine.Priority(step), engine.Low), engine.High)
		return f, f.changed()
	}
	return f, nil
}

// pick gives a field the keys; one that has them goes to its next choice.
func (f *addForm) pick(field int) (dialog, tea.Cmd) {
	if again := f.focus == field; again && !f.onlyBad {
		return f.do(actAfter)
	}
	f.onlyBad, f.focus = false, field
	return f, nil
}

// close leaves the refused lines, or the form: a long list not unasked.
func (f *addForm) close() (dialog, tea.Cmd) {
	if f.onlyBad {
		f.onlyBad = false
		return f, nil
	}
	if n := f.text.count(); n > askLines {
		text := []string{plural(n, "line") + " of this list are not added yet."}
		return f, send(pushMsg{newQuestion("Drop the list?", text, "drop it", dropMsg{})})
	}
	f.drop()
	return nil, nil
}

// paste puts text into the list, or into the interval if that has the focus.
func (f *addForm) paste(s string) tea.Cmd {
	f.release()
	f.say, f.onlyBad = "", false
	if f.focus == fieldInterval {
		f.interval = typedOver(f.interval, &f.proposed, tea.PasteMsg{Content: s})
	} else {
		f.focus = fieldText
		f.text.insert(s)
	}
	return f.changed()
}

// move gives the focus to the next field, or the one before.
func (f *addForm) move(step int) { f.focus = (f.focus + step + fields) % fields }

// changed drops the preview and has the next one made when the list rests.
func (f *addForm) changed() tea.Cmd {
	f.drop()
	f.edits++
	f.adding = false
	if f.text.count() == 0 {
		f.shown = &tally{}
	}
	edit := f.edits
	return tea.Tick(settle, func(time.Time) tea.Msg { return settleMsg{edit} })
}

// drop ends the scan.
func (f *addForm) drop() {
	if f.scan != nil {
		f.scan.dropped.Store(true)
		f.scan = nil
	}
}

// enter adds the batch, now or when its preview has found the first URL.
func (f *addForm) enter() (dialog, tea.Cmd) {
	spec, err := f.spec()
	switch {
	case err != nil:
		f.say, f.focus = err.Error(), fieldInterval
		return f, nil
	case strings.TrimSpace(f.text.value()) == "":
		f.say = "nothing to add: type or paste URLs"
		return f, nil
	case spec.Interval != 0 && f.quicker(spec.Interval) && !f.faster:
		text := []string{
			fmt.Sprintf("%s between two requests to a host: this run was asked to keep %s.", paceText(spec.Interval), paceText(f.pace)),
			"Each host of this batch would be asked more often than that.",
		}
		return f, send(pushMsg{newQuestion("Faster than the run?", text, "add it with that interval", fasterMsg{})})
	}
	f.adding = true
	if f.scan == nil {
		return f, nil // it will be, when the list has settled
	}
	return f.look(nil)
}

// quicker reports whether d asks a host more often than the run does.
func (f *addForm) quicker(d time.Duration) bool { return f.pace > 0 && d < f.pace }

// spec returns the form as the planner takes it.
func (f *addForm) spec() (Spec, error) {
	spec := Spec{Text: f.text.value(), Priority: f.priority}
	if len(f.recipes) > 0 {
		spec.Recipe = f.recipes[f.recipe]
	}
	d, err := parsePace(f.interval.Value())
	if d != f.pace {
		spec.Interval = d // the run's own stays zero: it follows a change of the run's
	}
	return spec, err
}

// paceText writes an interval so that parsePace reads it back.
func paceText(d time.Duration) string {
	switch {
	case d <= 0:
		return "0"
	case d < 10*time.Second && d%(100*time.Millisecond) == 0:
		return short(d)
	}
	return d.String()
}

var errPace = errors.New("interval: a number of seconds, or 500ms, 2s, 1m30s; 0 does not pace")

// parsePace reads an interval: seconds, or a number with its unit. Zero comes
// back below zero, which is how the engine says unpaced.
func parsePace(s string) (time.Duration, error) {
	s = strings.ReplaceAll(strings.TrimSpace(s), " ", "")
	d, err := time.ParseDuration(s)
	if f, ferr := strconv.ParseFloat(s, 64); ferr == nil && f >= 0 && f <= 86400 {
		d, err = time.Duration(f*float64(time.Second)), nil
	}
	switch {
	case err != nil || d < 0 || d > 24*time.Hour:
		return 0, errPace
	case d == 0:
		return -1, nil
	}
	return d, nil
}
