package cli

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"sync"
	"syscall"
	"time"

	tea "charm.land/bubbletea/v2"

	"weir/engine"
	"weir/ui"
)

// A mode says how a run is shown.
type mode int

const (
	headless mode = iota
	plain         // lines that answer to typed words
	screen
)

// mode decides how a run is shown.
func (a *app) mode(cfg Config) mode {
	switch {
	case cfg.Headless, cfg.Output == "-", cfg.Records == "-":
		return headless
	case cfg.Plain:
		return plain // asked for: through a pipe too
	case !isTerminal(a.stdout):
		return headless
	case dumb():
		return plain
	}
	return screen
}

// Exit codes.
const (
	exitFailed    = 1
	exitUsage     = 2
	exitStore     = 3 // the run could not be kept
	exitCancelled = 130
)

// stopSignals are those that end a run.
var stopSignals = []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT}

// errInterrupted is the cause of what a signal ended.
var errInterrupted = errors.New("interrupted")

// A run is one life of the engine.
type run struct {
	app   *app
	cfg   Config
	s     *Session
	name  string // in the screen's header
	plans []*plan
	mode  mode
	keep  *keeping                      // nil: the run is in memory only
	known map[engine.RecipeRef][]string // fields of the recipes of an earlier life
	sink  *sink                         // nil: results go to no file
	print printer
	hold  *holder // print, while a screen covers what it would write; nil: no screen
	seen  string  // URL of the metrics; empty: not served

	work    *group
	working context.Context         // the engine's
	halt    context.CancelCauseFunc // ends working
	adding  context.Context
	noMore  context.CancelCauseFunc // ends adding
	drawn   chan struct{}           // closed when a screen has drawn its first frame, or will not
	added   chan struct{}           // closed when the lists have been read, or will not be
	leaving sync.Once

	fed  error // of reading the lists
	lost error // of writing results, after which no more are written
}

// start runs an engine that has been built, and returns the exit code. It ends
// this life of k.
func (a *app) start(ctx context.Context, cfg Config, s *Session, name string, ps []*plan, k *keeping) (code int, err error) {
	r := &run{app: a, cfg: cfg, s: s, name: name, plans: ps, mode: a.mode(cfg), keep: k, drawn: make(chan struct{}), added: make(chan struct{})}
	return r.live(ctx)
}

// live is the whole life of a run, from what is left to check to the end of its
// file.
func (r *run) live(ctx context.Context) (code int, err error) {
	a, cfg := r.app, r.cfg
	defer func() {
		empty := len(r.s.Engine.Snapshot().Batches) == 0
		if cerr := r.keep.close(r.state(err), empty); cerr != nil && !isStoreTrouble(err) {
			code, err = exitStore, errors.Join(err, &storeError{cerr})
		}
	}()
	r.print = newPrinter(a.stderr, cfg.Log, r.mode != headless || cfg.Output == "-" || cfg.Records == "-")
	stop, err := r.serveMetrics(ctx)
	if err != nil {
		return exitUsage, err
	}
	defer stop()
	if r.mode == screen {
		r.hold = &holder{printer: r.print}
		r.print = r.hold
	}
	if r.sink, err = openSink(ctx, a.deps, cfg, r.s.Engine, r.keep.outputs(), a.stdout, r.fields(), r.print.note); err != nil {
		if isStoreTrouble(err) {
			return exitStore, err
		}
		return exitUsage, err
	}
	for _, w := range cfg.warnings() {
		r.print.note(w)
		r.name += ": " + w // the screen's header
	}
	return r.run(ctx)
}

// fields are those of the one recipe of a run to which no other can come.
func (r *run) fields() []string {
	all := maps.Clone(r.known)
	for _, p := range r.plans {
		if all == nil {
			all = map[engine.RecipeRef][]string{}
		}
		all[p.batch.Recipe] = p.fields
	}
	if r.mode != headless || len(all) != 1 {
		return nil
	}
	for _, fields := range all {
		return fields
	}
	return nil
}

func (r *run) run(ctx context.Context) (int, error) {
	r.work = newGroup(ctx)
	defer r.work.stop(nil)
	r.working, r.halt = context.WithCancelCause(r.work.ctx)
	defer r.halt(nil)
	r.adding, r.noMore = context.WithCancelCause(r.work.ctx)
	defer r.noMore(nil)

	sigs := make(chan os.Signal, 2)
	signal.Notify(sigs, stopSignals...)
	defer signal.Stop(sigs)
	watched := newGroup(ctx)
	shown, hide := context.WithCancelCause(r.work.ctx) // the screen's
	defer hide(nil)
	gone := make(chan struct{}) // closed when the terminal is given back
	over := make(chan struct{}) // closed when the run is
	interrupted := make(chan struct{})
	watched.run(func(context.Context) error {
		select {
		case <-sigs:
		case <-over:
			return nil
		}
		close(interrupted)
		if r.mode == headless {
			r.print.note(r.parting() + "; once more leaves at once")
			watched.run(func(context.Context) error { r.leave(ctx); return nil })
		} else {
			hide(errInterrupted)
		}
		select {
		case <-sigs:
			select { // not before the terminal is given back, if that works

			case <-gone:
			case <-time.After(time.Second):
			}
			os.Exit(exitCancelled)
		case <-over:
		}
		return nil
	})

	if r.seen != "" && r.mode != screen {
		r.print.note("metrics on " + r.seen)
	}
	if r.sink != nil {
		sub := r.s.Engine.Subscribe(engine.SubscribeOptions{})
		r.work.run(func(ctx context.Context) error { return r.save(ctx, sub) })
	}
	r.work.run(r.carryOn)
	r.work.run(r.feed)

	var err error
	var from time.Time // log lines before it were on the screen
	if r.mode == headless {
		close(gone)
	} else {
		err = r.show(shown)
		close(gone)
		from = time.Now()
		if r.s.Engine.Snapshot().State != engine.RunDraining {
			r.leave(ctx)
		}
	}
	watch(r.work.ctx, r.print, r.s.Engine, from)
	if werr := r.work.wait(); err == nil && werr != r.lost {
		err = werr
	}
	err = errors.Join(err, r.finish(ctx))
	close(over)
	watched.wait()
	return r.code(interrupted, err), err
}

// save writes results while they come. After a panic, too, no more are written.
func (r *run) save(ctx context.Context, sub *engine.Subscription) (err error) {
	defer sub.Close()
	defer func() {
		if v := recover(); v != nil {
			r.lost = &panicError{v, debug.Stack()}
			err = r.lost
		}
	}()
	r.lost = r.sink.run(ctx, sub)
	if r.mode != headless {
		return nil // the screen tells what is not saved, and can save it elsewhere
	}
	return r.lost
}

// carryOn is the engine at work. That it was left with work to do is no error.
func (r *run) carryOn(context.Context) error {
	err := r.s.Engine.Run(r.working)
	if errors.Is(err, errInterrupted) {
		return nil
	}
	return err
}

// feed adds the lists; without a screen there is nothing to add after them.
func (r *run) feed(context.Context) error {
	defer close(r.added)
	var rest <-chan struct{}
	if r.mode == screen {
		rest = r.drawn
	}
	_, err := feed(r.adding, r.s, r.plans, rest, r.print.note)
	r.fed = errors.Join(r.fed, err)
	if r.mode == headless {
		r.s.Engine.Close()
	}
	return nil
}

// show is the screen, until the operator leaves it or ctx ends.
func (r *run) show(ctx context.Context) error {
	drawn := sync.OnceFunc(func() { close(r.drawn) })
	defer drawn()
	planner := newPlanner(r.app.deps, r.s, r.cfg.Recipe)
	d := ui.Deps{
		Controller: r.controller(planner),
		Name:       r.name,
		Interval:   r.cfg.Interval,
		Planner:    planner,
		Exporter:   exporter{r.app.deps, r.s.Engine},
		Bodies:     r.s.Bodies,
		Kept:       r.keep.again(),
		Lists:      r.added,
		Drawn:      drawn,
		Open:       opener(),
		ASCII:      r.cfg.ASCII || !utf8Locale(),
		ReadOnly:   r.cfg.ReadOnly,
		Theme:      r.cfg.Theme,
		Keys:       r.cfg.Keys,
	}
	r.app.remember(&d)
	if r.sink != nil {
		d.Saving, d.Saved = r.sink.where(), r.sink.last.Load
	}
	var err error
	if r.mode == plain {
		in := r.app.stdin
		for _, p := range r.plans {
			if p.in == in || p.name == "stdin" {
				in = strings.NewReader("")
			}
		}
		err = ui.Plain(ctx, d, in, r.app.stdout)
	} else {
		giveBack, fewer := keepTitle(r.app.stdout), oneMore()
		err = ui.Run(ctx, d, tea.WithoutSignalHandler())
		fewer()
		giveBack()
		r.hold.release()
	}
	if ctx.Err() != nil {
		return nil // whoever ended it knows why
	}
	return err
}

// parting is what leave does, in a word.
func (r *run) parting() string {
	if r.keep != nil {
		return "leaving"
	}
	return "cancelling"
}

// leave ends the run: no list is read on, and requests under way end. What is
// left is cancelled, or waits in the run's file if there is one. Calls after
// the first wait for it.
func (r *run) leave(ctx context.Context) {
	r.leaving.Do(func() {
		r.noMore(errInterrupted)
		for _, p := range r.plans {
			p.halt()
		}
		<-r.added
		if r.keep != nil {
			r.halt(errInterrupted)
			return
		}
		// There may be nothing to cancel, or nobody to ask any more.
		_, _ = r.s.Engine.Cancel(ctx, engine.Selector{All: true})
		r.s.Engine.Close()
	})
}

// over reports whether nothing is left that another life of the run could do.
func (r *run) over() bool {
	st := r.s.Engine.Snapshot()
	return st.Counts.Left() == 0 && (r.keep == nil || st.State == engine.RunCancelled || !r.keep.unread())
}

// state is how this life of the run ended.
func (r *run) state(err error) runState {
	switch {
	case isStoreTrouble(err) || r.lost != nil:
		return stateFailed
	case err != nil || !r.over():
		return stateInterrupted
	}
	return stateFinished
}

// finish brings the files to their end and prints the ledger.
func (r *run) finish(ctx context.Context) error {
	err, saved := r.lost, ""
	switch {
	case r.sink == nil:
	case err != nil:
		_ = r.sink.close() // the files are short already, and why is known
	default:
		if err = r.sink.finish(ctx, r.keep == nil || r.over()); err == nil {
			saved = r.sink.where()
		}
	}
	end, cerr := account(ctx, r.s.Engine)
	if cerr != nil && r.keep != nil {
		cerr = &storeError{cerr}
	}
	end.saved = saved
	r.print.end(end)
	for _, line := range collapsed(&end.stats) {
		r.print.note(line)
	}
	err = errors.Join(err, cerr, r.kept(), r.fed)
	switch {
	case r.keep == nil || len(end.stats.Batches) == 0:
	case !r.over():
		r.print.note(r.keep.again() + " goes on")
	default:
		c := end.stats.Counts
		rows := c.Ended() > c.Duplicate+c.Invalid // which have none
		if more := r.keep.more(c.Failed > 0, saved == "" && rows); more != "" {
			r.print.note(more)
		}
	}
	if r.keep != nil {
		if offer := r.keep.runs.stale(time.Now()); offer != "" {
			r.print.note(offer)
		}
	}
	return err
}

// kept says what became of the bodies that were to be kept.
func (r *run) kept() error {
	if r.s.Kept == nil {
		return nil
	}
	words, err := r.s.Kept()
	r.print.note("bodies in " + r.cfg.Keep + ": " + words)
	if err != nil {
		return fmt.Errorf("--keep-bodies: %w", err)
	}
	return nil
}

// code is the exit code of a run that has ended.
func (r *run) code(interrupted <-chan struct{}, err error) int {
	if isStoreTrouble(err) {
		return exitStore
	}
	select {
	case <-interrupted:
		return exitCancelled
	default:
	}
	st := r.s.Engine.Snapshot()
	c := st.Counts
	switch {
	case r.fed != nil:
		return exitUsage
	case err == nil && c.Left() > 0 && c.Left() == st.Guarded:
		return exitFailed // so much failed that the safeguard ended the run
	case err == nil && (c.Cancelled > 0 || !r.over()):
		return exitCancelled
	case err != nil || c.Failed > 0:
		return exitFailed
	}
	return 0
}
