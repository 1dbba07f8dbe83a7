package ui

import (
	"time"

	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"
)

// A waking keeps a question deaf during its grace.
type waking struct{ awake bool }

func (w *waking) Init() tea.Cmd {
	return tea.Tick(grace, func(time.Time) tea.Msg { return awakeMsg{w} })
}

// hears reports whether msg is a key that the question takes.
func (w *waking) hears(msg tea.Msg) (tea.KeyPressMsg, bool) {
	switch msg := msg.(type) {
	case awakeMsg:
		w.awake = w.awake || msg.question == w
	case tea.KeyPressMsg:
		return msg, w.awake
	}
	return tea.KeyPressMsg{}, false
}

// A question is answered with yes or no. Yes sends its message; no, esc, enter
// and ctrl+c leave things as they are.
type question struct {
	waking
	title string
	text  []string // a line each
	verb  string   // what yes does
	yes   tea.Msg
}

// newQuestion asks, under title, whether verb is to be done; yes is sent if so.
func newQuestion(title string, text []string, verb string, yes tea.Msg) *question {
	return &question{title: title, text: text, verb: verb, yes: yes}
}

func (q *question) Update(msg tea.Msg) (dialog, tea.Cmd) {
	press, ok := q.hears(msg)
	if !ok {
		return q, nil
	}
	switch press.String() {
	case "y", "Y":
		return nil, send(q.yes)
	case "n", "N", "esc", "enter", "q", "ctrl+c":
		return nil, nil
	}
	return q, nil
}

func (q *question) View(th Theme, w, h int) string {
	if tooSmall(w, h) {
		return ""
	}
	w = min(w-4, 74)
	rows := []row{{drop: 1}}
	for _, line := range q.text {
		rows = append(rows, wrap(line, th.Text, w-4)...)
	}
	rows = append(rows, row{drop: 1},
		row{text: choice(th, "y", q.verb)},
		row{text: choice(th, "esc", "no")},
		row{drop: 1})
	return box(th, q.title, rows, w, h)
}

// An input asks for one line.
type input struct {
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
	return &input{title: title, label: label, field: newField(value), check: check, proposed: true}
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
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		switch msg.String() {
		case "esc", "ctrl+c":
			return nil, nil
		case "enter":
			answer, err := i.check(i.field.Value())
			if err != nil {
				i.err = clean(err.Error(), lineBytes)
				return i, nil
			}
			return nil, send(answer)
		}
		i.field, i.err = typedOver(i.field, &i.proposed, msg), ""
	case tea.PasteMsg:
		i.field, i.err = typedOver(i.field, &i.proposed, msg), ""
	}
	return i, nil
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
		{text: keys(th, w-4, "enter", "take it", "esc", "leave it")},
		{drop: 1},
	}
	return box(th, i.title, rows, w, h)
}

// send returns a command that sends msg.
func send(msg tea.Msg) tea.Cmd { return func() tea.Msg { return msg } }
