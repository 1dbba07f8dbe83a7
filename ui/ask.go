package ui

import (
	"time"

	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"
)

// A waking is a question: it is deaf during its grace.
type waking struct {
	boxed
	awake bool
}

func (w *waking) Init() tea.Cmd {
	return tea.Tick(grace, func(time.Time) tea.Msg { return awakeMsg{w} })
}

// stays says that a click beside it is no answer.
func (*waking) stays() bool { return true }

// hears returns what is asked of the question, once it is awake.
func (w *waking) hears(msg tea.Msg) act {
	if msg, ok := msg.(awakeMsg); ok {
		w.awake = w.awake || msg.question == w
	}
	if !w.awake {
		return actNone
	}
	return w.asked(msg)
}

// A question is answered with yes or no. Yes sends its message; no, and what
// closes a dialog, leave things as they are.
type question struct {
	waking
	title string
	text  []string // a line each
	verb  string   // what yes does
	yes   tea.Msg
}

// newQuestion asks, under title, whether verb is to be done; yes is sent if so.
func newQuestion(title string, text []string, verb string, yes tea.Msg) *question {
	return &question{waking: waking{boxed: boxed{scope: inQuestion}}, title: title, text: text, verb: verb, yes: yes}
}

func (q *question) Update(msg tea.Msg) (dialog, tea.Cmd) {
	switch q.hears(msg) {
	case actYes:
		return nil, send(q.yes)
	case actNone:
		return q, nil
	}
	return nil, nil
}

func (q *question) View(th Theme, w, h int) string {
	if tooSmall(w, h) {
		return ""
	}
	w = min(w-4, 74)
	rows := []row{{drop: 2}} // where there is little room the choices have it
	for _, line := range q.text {
		rows = append(rows, dropped(1, wrap(line, th.Text, w-4))...)
	}
	rows = append(rows, row{drop: 2}, q.choice(th, actYes, q.verb), q.choice(th, actClose, "no"), row{drop: 2})
	return q.box(th, q.title, rows, w, h)
}

// An input asks for one line.
type input struct {
	boxed
	title, label string
	field        textinput.Model
	check        func(string) (tea.Msg, error)
	proposed     bool // what is in the field is the proposal, untouched
	err          string
}

// newInput asks for one line and proposes value: typing or a paste replaces it,
// any other key edits it. Enter gives the line to check, which returns the
// message to send, or an error that is shown while the input stays.
func newInput(title, label, value string, check func(string) (tea.Msg, error)) *input {
	return &input{boxed: boxed{scope: inInput}, title: title, label: label, field: newField(value), check: check, proposed: true}
}

// newField returns a line of input with a steady cursor.
func newField(value string) textinput.Model {
	f := textinput.New()
	f.Prompt = ""
	f.KeyMap.Paste.Unbind() // terminals paste by themselves
	f.SetValue(clean(value, lineBytes))
	f.CursorEnd()
	f.Focus()
	return f
}

func (i *input) Init() tea.Cmd { return nil }

func (i *input) Update(msg tea.Msg) (dialog, tea.Cmd) {
	switch i.asked(msg) {
	case actClose, actInterrupt:
		return nil, nil
	case actAccept:
		answer, err := i.check(i.field.Value())
		if err != nil {
			i.err = clean(err.Error(), lineBytes)
			return i, nil
		}
		return nil, send(answer)
	}
	if types(msg) {
		i.field, i.err = typedOver(i.field, &i.proposed, msg), ""
	}
	return i, nil
}

// types reports whether a message is for a line that is typed.
func types(msg tea.Msg) bool {
	switch msg.(type) {
	case tea.KeyPressMsg, tea.PasteMsg:
		return true
	}
	return false
}

// typedOver is typed for a field whose value may be a mere proposal: text takes the
// place of that.
func typedOver(f textinput.Model, proposed *bool, msg tea.Msg) textinput.Model {
	key, pressed := msg.(tea.KeyPressMsg)
	if *proposed && (!pressed || key.Text != "") {
		f.SetValue("")
	}
	*proposed = false
	return typed(f, msg)
}

// typed gives a field a key or a paste, cleaned.
func typed(f textinput.Model, msg tea.Msg) textinput.Model {
	switch m := msg.(type) {
	case tea.PasteMsg:
		msg = tea.PasteMsg{Content: clean(m.Content, lineBytes)}
	case tea.KeyPressMsg:
		m.Text = cleanKey(m.Text)
		msg = m
	}
	f, _ = f.Update(msg)
	return f
}

// cleanKey cleans what one key types; a space is one.
func cleanKey(s string) string {
	if s == "" || s == " " {
		return s
	}
	return clean(s, lineBytes)
}

func (i *input) View(th Theme, w, h int) string {
	if tooSmall(w, h) {
		return ""
	}
	w = min(w-4, 74)
	rows := []row{
		{drop: 1},
		{text: i.label, drop: 2},
		{text: fieldView(th, i.field, w-4)},
		{text: th.Bad.Render(i.err), drop: 1},
		i.foot(th, w-4, hint{act: actAccept}, hint{act: actClose, word: "leave it"}),
		{drop: 1},
	}
	return i.box(th, i.title, rows, w, h)
}

// send returns a command that sends msg.
func send(msg tea.Msg) tea.Cmd { return func() tea.Msg { return msg } }
