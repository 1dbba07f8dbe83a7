package ui

import (
	"context"
	"time"

	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"

	"weir/engine"
)

// A Model is the root of the screen: it owns the panels, hands them what the
// feed brings, and acts on keys. Make one with [New], and Close it after its
// program has ended.
type Model struct {
	deps Deps
	call caller
	read func(engine.Query) ([]engine.Result, error) // what the store has kept
	feed *feed

	th      Theme
	look    Look
	keys    keyMap
	says    keyMap // as sentences name them: not those of what cannot be done here
	w, h    int
	demand  demand // of rows, when sizes were last told
	blurred bool
	focus   panel

	stats   engine.Stats // of the last view; At is the clock of the screen
	limited steady       // what the header says limits the run
	rate    heldRate     // of the run, in the header
	peak    float64      // highest rate so far
	live    bool         // there was a view
	quiet   bool         // none since the last second
	anew    bool         // the views start over: older results have to be read
	seen    uint64       // Num of the newest result before they did
	batches *batches
	workers *workers
	hosts   *hosts
	results *results
	detail  detail
	log     log
	freezer freezer
	pointer pointer
	dialogs dialogs
	toasts  toasts

	filter    textinput.Model
	filtering bool     // the filter has the keys
	choices   []string // of tab, while it is pressed again and again
	choice    int
	typed     string // what stood there before tab

	pressed  int               // keys so far
	lively   bool              // one came within the last half second
	rush     []tea.KeyPressMsg // keys of the last moment: text, if they are too many
	pasting  bool              // they are
	moved    int               // that many of them, the first ones, have been done: they only move
	held     string            // the key that may be held; empty: none
	holds    int               // presses of such keys so far
	faster   map[string]bool   // who may be asked faster than the operator's interval
	ordered  int               // workers asked for and not yet seen; 0: none
	exported struct {          // results that an export has written
		path string
		num  uint64
	}
	exporting uint64 // Num of the last result of the export under way; 0: it is not of all
	leaving   bool   // cancelling on the way out
	draining  bool   // the screen ends with the run

	changing bool      // a change is under way
	changes  []tea.Cmd // those that wait for it, in the order of their keys

	drawn *tea.View // the last frame, while nothing has changed
}

// newModel returns the model of a screen that has not been shown yet. It
// subscribes to the controller; its calls end with ctx.
func newModel(ctx context.Context, d Deps) *Model {
	if d.Now == nil {
		d.Now = time.Now
	}
	if d.ReadOnly {
		d.Controller = engine.ReadOnly(d.Controller)
	}
	call, keys := callIn(ctx), d.Keys.list()
	m := &Model{
		deps: d, call: call, th: NewTheme(true, d.ASCII).Called(d.Theme), keys: keys, focus: resultsPanel,
		feed:   &feed{sub: d.Controller.Subscribe(engine.SubscribeOptions{})},
		read:   func(q engine.Query) ([]engine.Result, error) { return d.Controller.Results(ctx, q) },
		detail: newDetail(d.Controller, d.Bodies, call, keys), filter: newField(""), faster: map[string]bool{},
	}
	m.batches, m.workers, m.hosts, m.results = newBatches(&m.stats), newWorkers(&m.stats), newHosts(&m.stats), newResults(&m.stats)
	m.dialogs.keys = keys
	m.watch(d.ReadOnly)
	m.results.pace, m.results.table.read = d.Interval, d.Controller.States
	m.wear(d.Look)
	m.filter.Blur()
	return m
}

// watch says whether the run is only watched: sentences name none of the keys
// then that would change it.
func (m *Model) watch(only bool) {
	m.deps.ReadOnly, m.says = only, m.keys
	if only {
		m.says = m.keys.watching()
	}
	m.batches.only, m.results.only = only, only
	m.batches.keys, m.results.keys, m.detail.keys = m.says, m.says, m.says
}

// Close ends the model's subscription.
func (m *Model) Close() error { return m.feed.sub.Close() }

// Run shows the screen until the operator leaves, the run has ended after a
// drain, or ctx ends. The terminal is given back in every case. It returns nil
// when the operator left, the cause when ctx ended, and an [engine.PanicError]
// when the screen panicked.
func Run(ctx context.Context, d Deps, opts ...tea.ProgramOption) error {
	m := newModel(ctx, d)
	defer m.Close()
	before := m.look
	err := run(ctx, m, append([]tea.ProgramOption{tea.WithFPS(drawRate)}, opts...)...)
	if d.Keep != nil && m.look != before {
		d.Keep(m.look)
	}
	return err
}

// Init asks for the terminal's colours, the first view and the clock.
func (m *Model) Init() tea.Cmd {
	return tea.Batch(tea.RequestBackgroundColor, m.feed.take(), second())
}

// Update takes a message.
func (m *Model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	if _, ok := msg.(frameMsg); ok { // the one message that changes no cell
		m.tell(msg) // it has reached the terminal
		return m, m.feed.take()
	}
	if _, ok := msg.(drawnMsg); ok {
		m.deps.Drawn()
		return m, nil
	}
	m.drawn = nil
	cmd := m.update(msg)
	return m, tea.Batch(cmd, m.askTexts(), m.askFirsts())
}

func (m *Model) update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		first := m.w == 0
		m.w, m.h = msg.Width, msg.Height
		m.resize()
		if m.filtering && formOf(m.w, m.h) == cardForm { // no input takes keys that is not to be seen
			m.filterAct(actAccept)
		}
		if first && m.deps.Drawn != nil {
			return drawn()
		}
	case tea.BackgroundColorMsg:
		m.th = m.th.Lit(msg.IsDark())
	case tea.ColorProfileMsg:
		m.th = m.th.On(msg.Profile)
	case tea.FocusMsg:
		m.blurred = false
	case tea.BlurMsg:
		m.blurred = true

	case viewMsg:
		return tea.Batch(m.takeView(msg), m.dialogs.update(msg))
	case columnsMsg:
		m.choose(msg.columns)
	case statsMsg:
		if m.freezer.on {
			m.freezer.keep(&msg.stats)
			return m.dialogs.update(msg)
		}
		said := m.takeStats(&msg.stats)
		return tea.Batch(said, m.dialogs.update(msg))
	case secondMsg:
		return tea.Batch(second(), m.clock())
	case olderMsg:
		return m.takeOlder(msg)
	case listedMsg:
		return m.listed(msg)
	case textsMsg:
		return m.takeTexts(msg)
	case firstsMsg:
		return m.takeFirsts(msg)
	case detailMsg, bodyMsg:
		var cmd tea.Cmd
		m.detail, cmd = m.detail.Update(msg)
		return cmd

	case tea.KeyPressMsg:
		return tea.Batch(m.wake(), m.key(msg))
	case tea.MouseMsg:
		return tea.Batch(m.wake(), m.mouse(msg))
	case rushMsg:
		return m.endRush()
	case letGoMsg:
		if msg.press == m.holds {
			m.held = ""
		}
	case tea.PasteMsg:
		return tea.Batch(m.wake(), m.paste(msg.Content))
	case calmMsg:
		m.lively = m.lively && msg.keys != m.pressed

	case actMsg:
		return m.do(msg.act, "")
	case thenMsg:
		return msg.do()
	case doneMsg:
		return m.done(msg)
	case addMsg:
		return m.add(msg)
	case addedMsg:
		return m.added(msg)
	case excludeMsg:
		return m.exclude(msg.jobs)
	case quitMsg:
		return m.leave(msg.how)
	case exportedMsg:
		return m.wasExported(msg)
	case toastMsg:
		return m.toasts.say(msg.level, msg.text)
	case toastGoneMsg:
		m.toasts.gone(msg.id)
	default:
		return m.dialogs.update(msg)
	}
	return nil
}

// takeView brings in what changed and asks for the next view.
func (m *Model) takeView(msg viewMsg) tea.Cmd {
	v := msg.view
	m.quiet = false
	if m.freezer.on {
		m.freezer.take(v)
		m.log.take(v.Log, v.LogDropped)
		return m.onward(msg)
	}
	cmds := []tea.Cmd{m.takeStats(&v.Stats)}
	m.log.take(v.Log, v.LogDropped)
	if v.Full {
		if !m.anew { // else what came before that is still to be read
			m.anew, m.seen = true, m.results.table.newest
		}
		m.results.table.doubt()
	}
	m.results.take(v.Jobs)
	if m.anew && !v.More {
		m.anew = false
		cmds = append(cmds, m.startOlder(m.results.forget()))
	}
	return tea.Batch(append(cmds, m.reshow(), m.onward(msg))...)
}

// onward asks for the view after one, or leaves after the last.
func (m *Model) onward(msg viewMsg) tea.Cmd {
	if v := msg.view; msg.last && !v.More {
		m.feed.over = true
		if (m.draining || v.Stats.State == engine.RunDraining) && v.Stats.Trouble == "" {
			return tea.Quit // drained: that is what was waited for
		}
		return nil // the run has ended; the screen stays
	}
	return m.feed.next(m.frame())
}

// takeStats brings in the numbers. The clock of the screen moves at most five
// times a second.
func (m *Model) takeStats(s *engine.Stats) tea.Cmd {
	var cmds []tea.Cmd
	if m.live {
		for _, n := range notices(m.says, &m.stats, s) {
			cmds = append(cmds, m.toasts.say(n.level, n.text))
		}
	}
	at := m.stats.At
	m.stats = *s
	step := 200 * time.Millisecond
	if m.blurred {
		step = time.Second
	}
	if late := s.At.Sub(at); m.live && 0 <= late && late < step {
		m.stats.At = at
	}
	if m.ordered == s.Workers {
		m.ordered = 0
	}
	m.live = true
	m.limited.take(s)
	m.rate.take(s)
	for _, r := range s.History {
		m.peak = max(m.peak, r)
	}
	m.tell(numbersMsg{})
	if m.demands() != m.demand {
		m.resize()
	}
	return tea.Batch(cmds...)
}

// tell hands a message to all panels.
func (m *Model) tell(msg tea.Msg) {
	for p := batchesPanel; p <= resultsPanel; p++ {
		m.panel(p).Update(msg)
	}
}

// clock asks for the numbers when a second has passed without a change and
// something is going on.
func (m *Model) clock() tea.Cmd {
	was := m.quiet
	m.quiet = true
	if !was || over(&m.stats) || m.stats.Trouble != "" || m.stats.State == engine.RunIdle {
		return nil
	}
	return m.call(func(context.Context) tea.Msg { return statsMsg{m.deps.Controller.Snapshot()} })
}

// frame returns how long a frame lasts now.
func (m *Model) frame() time.Duration {
	switch {
	case m.blurred:
		return blurredFrame
	case m.lively:
		return livelyFrame
	case m.stats.Rate > racing:
		return racingFrame
	}
	return calmFrame
}

// wake makes frames short for a while, beginning with the one under way.
func (m *Model) wake() tea.Cmd {
	m.lively = true
	m.feed.hurry()
	m.pressed++
	n := m.pressed
	return tea.Tick(lively, func(time.Time) tea.Msg { return calmMsg{n} })
}

// unsaved returns how many results are in no file.
func (m *Model) unsaved() int { return losingOf(m.saved(), m.stats).unsaved }

// saved returns the deps with the file that holds all results: that of an
// export, if nothing has ended since and nothing is left: a question that stays
// open while more ends would not be true any more.
func (m *Model) saved() Deps {
	if m.stats.Counts.Left() > 0 {
		return m.deps
	}
	return savedIn(m.exported.path, m.exported.num, m.deps, &m.stats, m.results.table.newest)
}

// savedIn returns the deps with a file that all results up to num were written
// to, if that is the newest of them.
func savedIn(path string, num uint64, d Deps, s *engine.Stats, newest uint64) Deps {
	if path != "" && num >= newest {
		ended := uint64(losingOf(d, *s).ended())
		d.Saving, d.Saved = path, func() uint64 { return ended }
	}
	return d
}
