package ui

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"

	"weir/engine"
)

// plainPage is how many results are looked through at a time.
const plainPage = 1000

// find says the last n results that a filter lets through, and how many do.
func (p *plain) find(f filter, n int) tea.Cmd {
	return p.ask(func(ctx context.Context) tea.Msg {
		var last []string
		var found, all int
		for q := (engine.Query{Limit: plainPage}); ; {
			states, err := p.deps.Controller.States(ctx, q)
			if err != nil {
				return saidMsg{[]string{errorLine(err)}}
			}
			for i := range states {
				row := newRow(&states[i])
				if !f.keeps(row) {
					continue
				}
				if found++; len(last) == n {
					last = last[1:]
				}
				last = append(last, rowLine(row))
			}
			if all += len(states); len(states) < plainPage {
				break
			}
			q.After = states[len(states)-1].Num
		}
		return saidMsg{append(last, fmt.Sprintf("%s of %s match %s", count(found), plural(all, "result"), f.text))}
	})
}

// keeps reports whether a filter lets the row of a result through.
func (f *filter) keeps(r *jobRow) bool {
	for _, t := range f.terms {
		var is bool
		switch t.key {
		case "outcome":
			is = strings.HasPrefix(r.outcome.String(), t.value)
		case "class":
			is = strings.HasPrefix(string(r.class), t.value)
		case "host":
			is = containsFold(r.host, t.value)
		case "batch":
			is = strconv.FormatUint(uint64(r.batch), 10) == t.value
		case "code":
			code := strconv.Itoa(int(r.status))
			is = r.status > 0 && strings.HasPrefix(code, strings.TrimRight(t.value, "x")) || r.status == 0 && t.value == unknown
		}
		if !is {
			return false
		}
	}
	return f.finds(&r.text)
}
