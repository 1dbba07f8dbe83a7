package ui

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"

	"weir/engine"
)

func (p *plain) show(args []string) tea.Cmd {
	if len(args) != 1 {
		return p.usage("show")
	}
	num, err := strconv.ParseUint(strings.TrimPrefix(args[0], "#"), 10, 64)
	if err != nil || num == 0 {
		return p.usage("show")
	}
	return p.ask(func(ctx context.Context) tea.Msg {
		rs, err := p.deps.Controller.Results(ctx, engine.Query{After: num - 1, Limit: 1})
		if err != nil {
			return saidMsg{[]string{errorLine("show", err)}}
		}
		if len(rs) == 0 || rs[0].Num != num {
			return saidMsg{[]string{"show: there is no result " + itoa(num) + ": results lists the last of them"}}
		}
		return saidMsg{resultText(rs[0])}
	})
}

// resultText tells a whole result in lines.
func resultText(r engine.Result) []string {
	lines := []string{rowLine(resultRow(&r))}
	if r.Title != "" {
		lines = append(lines, "title: "+r.Title)
	}
	for i, a := range r.History {
		line := fmt.Sprintf("attempt %d: status %s, %s, waited %s", i+1, statusText(int16(a.Status)), duration(a.Elapsed), short(a.Waited))
		if a.Why != "" {
			line += ", " + a.Why
		}
		lines = append(lines, line)
	}
	for _, f := range r.Findings {
		lines = append(lines, "finding: "+f.String()+" "+f.Field)
	}
	for i, rec := range r.Records {
		cells := make([]string, len(rec))
		for c, f := range rec {
			cells[c] = f.Name + " " + cellText(f.Value)
		}
		lines = append(lines, fmt.Sprintf("row %d: %s", i+1, strings.Join(cells, ", ")))
	}
	return lines
}
