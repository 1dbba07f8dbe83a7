package ui

import (
	"sync"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"
)

// A loop runs commands as a program does, in a bubble and with no terminal.
type loop struct {
	came chan struct{} // capacity 1: a command has answered

	mu sync.Mutex
	in []tea.Msg // what commands have answered
}

// run starts a command.
func (l *loop) run(cmd tea.Cmd) {
	if cmd == nil {
		return
	}
	if l.came == nil {
		l.came = make(chan struct{}, 1)
	}
	came := l.came
	go func() {
		msg := cmd()
		l.mu.Lock()
		l.in = append(l.in, msg)
		l.mu.Unlock()
		select {
		case came <- struct{}{}:
		default:
		}
	}()
}

// rest lets so much time pass. take gets the answers of all commands that end
// within it.
func (l *loop) rest(long time.Duration, take func(tea.Msg)) {
	for end := time.Now().Add(long); ; {
		synctest.Wait()
		l.mu.Lock()
		in := l.in
		l.in = nil
		l.mu.Unlock()
		for _, msg := range in {
			take(msg)
		}
		if len(in) > 0 {
			continue
		}
		left := time.Until(end)
		if left <= 0 {
			return
		}
		select {
		case <-l.came:
		case <-time.After(left):
		}
	}
}
