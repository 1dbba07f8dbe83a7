package ui

import (
	"context"
	"fmt"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
)

// An Offer is an unfinished run that the operator can go on with. What its
// words say is foreign text: it is cleaned.
type Offer struct {
	Run     string    // what `weir resume` calls it: "7"
	At      time.Time // when it was worked on last; zero: not known
	Left    int       // URLs that are not fetched
	Of      int       // of so many
	Sources string    // what it is about: "urls.txt, 3 URLs"; may be empty
	More    int       // unfinished runs besides this one
	ASCII   bool      // the terminal has no glyphs
	Theme   string    // its name; empty or unknown: the default
	Keys    Keys      // from [Bind]; zero: those that weir comes with
	NoMouse bool      // the terminal keeps the mouse
}

// An Answer is what an operator says to an [Offer].
type Answer uint8

// The answers. None of them loses anything.
const (
	AnswerNew    Answer = iota // begin a new run; the old one stays as it is
	AnswerResume               // go on with the old one
	AnswerLeave                // neither, now
)

// Ask shows the offer in the terminal until the operator has answered, and
// gives the terminal back. It is a question: keys of its first 300 ms, which
// were on their way before it, do not answer it. When ctx ends, the answer is
// AnswerLeave, with ctx's cause.
func (o Offer) Ask(ctx context.Context, opts ...tea.ProgramOption) (Answer, error) {
	m := newAsking(o, time.Now())
	if err := run(ctx, m, append([]tea.ProgramOption{tea.WithFPS(drawRate)}, opts...)...); err != nil {
		return AnswerLeave, err
	}
	return m.answer, nil
}

// An asking is the screen of an offer: the question, and nothing behind it.
type asking struct {
	dialogs
	run     string
	answer  Answer
	th      Theme
	noMouse bool
	w, h    int
}

func newAsking(o Offer, now time.Time) *asking {
	o.Run, o.Sources = clean(o.Run, lineBytes), clean(o.Sources, lineBytes)
	d := &offerDialog{waking: waking{boxed: boxed{scope: inOffer, keys: o.Keys.list()}}, offer: o}
	if !o.At.IsZero() {
		d.when = left(o.At, max(now.Sub(o.At), 0).Truncate(time.Second))
	}
	return &asking{
		dialogs: dialogs{open: []dialog{d}}, run: o.Run, answer: AnswerLeave,
		th: NewTheme(true, o.ASCII).Called(o.Theme), noMouse: o.NoMouse,
	}
}

func (a *asking) Init() tea.Cmd { return tea.Batch(tea.RequestBackgroundColor, a.open[0].Init()) }

func (a *asking) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		a.w, a.h = msg.Width, msg.Height
	case tea.BackgroundColorMsg:
		a.th = a.th.Lit(msg.IsDark())
	case tea.ColorProfileMsg:
		a.th = a.th.On(msg.Profile)
	case tea.MouseClickMsg:
		if msg.Button == tea.MouseLeft && !a.noMouse {
			a.content() // which finds out what is where
			return a, a.click(msg.X, msg.Y)
		}
	case answerMsg:
		a.answer = msg.answer
		return a, tea.Quit
	default:
		return a, a.update(msg)
	}
	return a, nil
}

func (a *asking) View() tea.View {
	v := tea.NewView(a.content())
	v.AltScreen, v.WindowTitle = true, "weir"
	if !a.noMouse {
		v.MouseMode = tea.MouseModeCellMotion
	}
	return v
}

func (a *asking) content() string {
	if a.w < 1 || a.h < 1 {
		return ""
	}
	name := newLine(a.w, false).gap(1).paint(a.th.Accent, "weir").end()
	if tooSmall(a.w, a.h-2) { // no box is drawn
		name = newLine(a.w, false).put("run " + a.run + "? enter resumes, " + a.open[0].frame().bound().shown("", actNo) + " new").end()
	}
	s := a.draw(strings.Join(fill([]string{name}, a.h, a.w), "\n"), a.th, a.w, a.h, 1)
	if a.th.ASCII {
		s = onlyASCII(s)
	}
	return s
}

// answerMsg is what the question was answered.
type answerMsg struct{ answer Answer }

// An offerDialog asks whether an unfinished run goes on.
type offerDialog struct {
	waking
	offer Offer
	when  string // it was left; empty: not known
}

func (d *offerDialog) Update(msg tea.Msg) (dialog, tea.Cmd) {
	answer := AnswerLeave
	switch d.hears(msg) {
	case actNone:
		return d, nil
	case actAccept, actYes:
		answer = AnswerResume
	case actClose, actNo, actBack:
		answer = AnswerNew
	}
	return d, send(answerMsg{answer})
}

func (d *offerDialog) View(th Theme, w, h int) string {
	if tooSmall(w, h) {
		return ""
	}
	w = min(w-2, 74)
	o := &d.offer
	what := "Run " + o.Run + " is not finished"
	if d.when != "" {
		what = "Run " + o.Run + " was left " + d.when
	}
	rows := []row{{drop: 5}}
	rows = append(rows, dropped(1, wrap(what+".", th.Text, w-4))...)
	rows = append(rows, dropped(2, wrap(fmt.Sprintf("%s of %s are not fetched yet.", count(o.Left), plural(o.Of, "URL")), th.Text, w-4))...)
	if o.Sources != "" {
		rows = append(rows, row{text: th.Muted.Render(cut(o.Sources, w-4)), drop: 3})
	}
	if o.More > 0 {
		rows = append(rows, row{text: th.Muted.Render(cut(plural(o.More, "more run")+" like it: weir runs lists them.", w-4)), drop: 4})
	}
	leave := d.choice(th, actQuit, "leave")
	leave.drop = 3
	rows = append(rows, row{drop: 4},
		d.choice(th, actAccept, "resume it where it was"),
		d.choice(th, actNo, cut("a new run; this one stays: weir resume "+o.Run, w-12)),
		leave,
		row{drop: 5})
	return d.box(th, "Resume run "+o.Run+"?", rows, w, h)
}

// left says when something was left, which was so long ago.
func left(at time.Time, ago time.Duration) string {
	day := "on 2 Jan 2006 at 15:04"
	if ago < 12*time.Hour {
		day = "at 15:04"
	}
	since := ", " + round(ago) + " ago"
	if ago < time.Minute {
		since = ", just now"
	}
	return at.Local().Format(day) + since
}
