package ui

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"weir/engine"
)

const (
	plainFrame = 500 * time.Millisecond // between two looks at the run
	plainEvery = 10 * time.Second       // between two lines of progress
	plainJobs  = 5                      // failed jobs told of at once; more are counted
	plainBytes = 1 << 20                // the longest line: a result as JSON
	plainLog   = 512                    // lines of the log taken at once: all that are kept for a reader

	// urlsRest is how long URLs that are typed or pasted without a command
	// are gathered, a line each, into one batch.
	urlsRest = 300 * time.Millisecond
)

// Plain shows a run as lines that a screen reader can follow, for terminals
// without a screen as well: no cursor movement, no colour, no motion. It reads
// commands from in, a line each; `help` lists them. A line is read when the one
// before it is answered, so that a list of commands is done in its order. It
// returns nil when the
// operator has left, or when in has ended and all work is done, and ctx's
// cause when ctx ends first. A write to out that fails ends it with that
// error.
func Plain(ctx context.Context, d Deps, in io.Reader, out io.Writer) error {
	if d.ReadOnly {
		d.Controller = engine.ReadOnly(d.Controller)
	}
	sub := d.Controller.Subscribe(engine.SubscribeOptions{MaxLog: plainLog})
	defer sub.Close()
	p := &plain{deps: d, call: callIn(ctx), feed: feed{sub: sub}, in: bufio.NewReader(in), out: out}
	p.waits, p.named = map[engine.JobID]engine.JobState{}, map[string]string{}
	p.fast, p.fell = map[string]bool{}, map[string]bool{}
	for _, note := range d.Notes {
		p.log.add(logLine{at: time.Now(), text: clean(note, 2*whyBytes)})
	}
	// The program is only the loop: it neither reads nor draws anything.
	err := run(ctx, p, tea.WithInput(nil), tea.WithOutput(io.Discard), tea.WithoutRenderer(), tea.WithoutSignalHandler())
	if p.failed != nil {
		return fmt.Errorf("ui: writing lines: %w", p.failed)
	}
	return err
}

// plain is the model behind [Plain].
type plain struct {
	deps Deps
	call caller
	feed feed
	in   *bufio.Reader
	out  io.Writer

	stats  engine.Stats
	before engine.Stats // of the last view, where things may happen without a command
	seen   bool         // the first view has come
	last   uint64       // highest Num seen
	told   engine.Counts
	rested int                              // URLs of which the end of the work was told; 0: some are left
	log    log                              // what the log of the screen has
	waits  map[engine.JobID]engine.JobState // as far as the views tell of them
	fell   map[string]bool                  // fields that have collapsed, as was said

	named    map[string]string // what was changed, by nameKey
	fast     map[string]bool   // what may be asked faster than the operator's interval
	exported exportedPlain     // the last export of all
	frozen   time.Time         // since when nothing is said unasked; zero: it is
	withheld int               // lines that were not said

	urls     []string       // gathered for one batch
	urlTicks int            // lines gathered so far
	asked    *plainQuestion // that awaits its answer; nil: none does
	was      *plainQuestion // the one that did when the line was typed that is done now
	asking   int            // calls under way
	lists    bool           // one of them only waits for the lists of the run

	reading bool   // a line is waited for
	held    string // the line that was read, and waits for the batch of those before it
	deaf    bool   // the input has ended

	pending []string // lines to write
	writing bool     // a command writes now: lines keep their order
	leaving bool     // quits once all is written
	failed  error    // why writing has ended
}

type (
	typedMsg    struct{ text string }    // a line of input
	commandMsg  struct{ text string }    // likewise, and the numbers are those of now
	deafMsg     struct{}                 // there is no more
	wrotePlain  struct{ err error }      // the lines are out
	progressMsg struct{}                 // time for a line of progress
	urlsMsg     struct{ ticks int }      // no more URLs, if none came since
	listsMsg    struct{}                 // the lists that the run began with were read
	saidMsg     struct{ lines []string } // what a call answered
	leftMsg     struct{ lines []string } // likewise, and then leave

	// steeredMsg says what a steering call did.
	steeredMsg struct {
		plainOrder
		done   engine.Done
		undone bool
		err    error
	}

	// answeredMsg brings the answer of a call, with the numbers after it.
	answeredMsg struct {
		answer tea.Msg
		stats  engine.Stats
	}
)

func (p *plain) Init() tea.Cmd {
	p.say("weir writes lines. Type help for the commands, status for how the run does.")
	var lists tea.Cmd
	if p.deps.Lists != nil {
		p.lists = true
		lists = p.ask(func(ctx context.Context) tea.Msg {
			select {
			case <-p.deps.Lists:
			case <-ctx.Done():
			}
			return listsMsg{}
		})
	}
	return tea.Batch(p.next(), p.feed.take(), p.progress(), p.write(), lists)
}

// View is empty: what there is to say is written as lines.
func (p *plain) View() tea.View { return tea.View{} }

func (p *plain) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	cmd := p.update(msg)
	next := p.next()
	return p, tea.Batch(cmd, next, p.write())
}

func (p *plain) update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case typedMsg:
		p.reading = false
		return p.typed(msg.text)
	case commandMsg:
		return p.command(msg.text)
	case listsMsg:
		p.lists = false
	case deafMsg:
		p.reading, p.deaf = false, true
		cmd := p.addURLs()
		p.retire()
		return cmd
	case answeredMsg:
		p.asking--
		p.stats = msg.stats
		cmd := p.update(msg.answer)
		p.retire()
		return cmd
	case viewMsg:
		p.take(msg.view)
		if msg.last && !msg.view.More {
			p.say("the run has ended: " + p.progressLine())
			p.leaving = true
			return nil
		}
		return p.feed.next(plainFrame)
	case frameMsg:
		return p.feed.take()
	case progressMsg:
		if now := p.stats.Counts; p.stats.State == engine.RunRunning && now != p.told {
			p.told = now
			p.unasked(p.progressLine())
		}
		return p.progress()
	case urlsMsg:
		if msg.ticks == p.urlTicks {
			return p.addURLs()
		}
	case saidMsg:
		p.say(msg.lines...)
	case leftMsg:
		p.say(msg.lines...)
		p.leaving = true
	case foundMsg:
		p.known(msg.found.rows)
		return msg.then(msg.found)
	case exportedPlain:
		p.say(msg.lines...)
		if msg.num > 0 {
			p.exported = msg
		}
		if p.asked.ofQuit() {
			p.asked = nil
			if losingOf(p.saved(), p.stats).any() {
				return p.quit(nil)
			}
			p.say("nothing would be lost any more: quit leaves")
		}
	case steeredMsg:
		p.steered(msg)
	case wrotePlain:
		p.writing = false
		if msg.err != nil {
			p.failed, p.pending = msg.err, nil
			return tea.Quit
		}
	}
	return nil
}

// say has lines written: one door, so that nothing leaves it uncleaned.
func (p *plain) say(lines ...string) {
	for _, line := range lines {
		line = clean(line, plainBytes)
		if p.deps.ASCII {
			line = onlyASCII(line)
		}
		p.pending = append(p.pending, line)
	}
}

// unasked says something that nobody asked for.
func (p *plain) unasked(line string) {
	if p.frozen.IsZero() {
		p.say(line)
		return
	}
	p.withheld++
}

// fallen says once that a field has collapsed.
func (p *plain) fallen(b *engine.BatchStats, f engine.FieldFill) {
	before, known := b.Was(f.Field)
	key := fmt.Sprint(b.Batch.ID, f.Field)
	if is := known && f.Collapsed(before); is && !p.fell[key] {
		p.fell[key] = true
		p.unasked(fieldLine(b, f))
	}
}

// write returns the command that writes what is pending, in its order, and
// quits when the operator leaves and nothing is.
func (p *plain) write() tea.Cmd {
	switch {
	case p.writing:
		return nil
	case len(p.pending) == 0 && p.leaving:
		return tea.Quit
	case len(p.pending) == 0:
		return nil
	}
	p.writing = true
	text := strings.Join(p.pending, "\n") + "\n"
	p.pending = nil
	return func() tea.Msg {
		_, err := io.WriteString(p.out, text)
		return wrotePlain{err}
	}
}

// next reads on when all is answered that was typed.
func (p *plain) next() tea.Cmd {
	calls := p.asking
	if p.lists {
		calls--
	}
	switch {
	case p.reading, calls > 0, p.leaving:
		return nil
	case p.held != "":
		text := p.held
		p.held = ""
		return tea.Batch(p.typed(text), p.next())
	case p.deaf:
		return nil
	}
	p.reading = true
	return func() tea.Msg {
		text, err := p.in.ReadString('\n')
		if text = strings.TrimSpace(text); text != "" || err == nil {
			return typedMsg{text}
		}
		return deafMsg{}
	}
}

func (p *plain) progress() tea.Cmd {
	return tea.Tick(plainEvery, func(time.Time) tea.Msg { return progressMsg{} })
}

// take tells what has happened since the last view.
func (p *plain) take(v *engine.View) {
	first := !p.seen
	if !first {
		for _, n := range notices(p.words(), &p.before, &v.Stats) {
			p.unasked(n.text)
		}
	}
	p.seen, p.stats = true, v.Stats
	p.before = engine.Stats{Batches: slices.Clone(v.Stats.Batches), Hosts: slices.Clone(v.Stats.Hosts), Trouble: v.Stats.Trouble}
	told := 0
	if v.Full {
		clear(p.waits)
	}
	for i := range v.Jobs {
		job := &v.Jobs[i]
		delete(p.waits, job.ID)
		if job.Place != engine.Ended {
			p.waits[job.ID] = *job
		}
		news := job.Num > p.last
		p.last = max(p.last, job.Num)
		if first || !news || job.Outcome != engine.Failed && job.Outcome != engine.Empty {
			continue
		}
		if told++; told <= plainJobs {
			p.unasked(rowLine(newRow(job), byNum))
		}
	}
	if told > plainJobs {
		p.unasked(fmt.Sprintf("and %s more failed or empty", count(told-plainJobs)))
	}
	p.log.take(v.Log, v.LogDropped)
	for _, l := range v.Log {
		if l.Level == engine.LevelBad { // the rest is told by notices and answers
			p.unasked(l.Text)
		}
	}
	for i := range v.Stats.Batches {
		for _, f := range v.Stats.Batches[i].Fill {
			p.fallen(&v.Stats.Batches[i], f)
		}
	}
	// A batch may come and end between two views.
	switch c := &v.Stats.Counts; {
	case c.Left() > 0:
		p.rested = 0
	case c.Submitted != p.rested:
		p.rested = c.Submitted
		p.unasked("all work is done: " + p.progressLine())
	}
	p.retire()
}

// retire leaves when nobody can say anything more and all work is done.
func (p *plain) retire() {
	if p.deaf && p.seen && p.asking == 0 && len(p.urls) == 0 && p.stats.Counts.Left() == 0 {
		p.leaving = true
	}
}

// ask makes a call that may block, and comes back with its answer.
func (p *plain) ask(do func(context.Context) tea.Msg) tea.Cmd {
	p.asking++
	c := p.deps.Controller
	return p.call(func(ctx context.Context) tea.Msg {
		answer := do(ctx)
		return answeredMsg{answer, c.Snapshot()}
	})
}
