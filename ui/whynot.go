package ui

import (
	"strings"

	"weir/engine"
)

// whyNot says why an act is not possible now, in words for the operator; an
// empty answer means that it is.
func (m *Model) whyNot(a act) string {
	if why := m.whyReadOnly(a); why != "" {
		return why
	}
	if m.keys.of(a).changes() && m.stats.Trouble != "" {
		return "the store failed, which has ended the run: nothing can be changed any more"
	}
	if act := m.keys.of(a); !act.on(m.focus) {
		names := make([]string, len(act.panels))
		for i, p := range act.panels {
			names[i] = itoa(uint64(p)) + " " + p.String()
		}
		return act.name + " works on panel " + strings.Join(names, " or ")
	}
	switch a {
	case actUp, actDown, actPageUp, actPageDown, actTop, actEnd, actPanel, actNextPanel, actPrevPanel, actFilter,
		actShow, actFollow, actWhyRun, actLog, actColumns, actFreeze, actMouse, actUsual, actTheme, actThemeDefault, actThemeHigh, actThemeBlind, actThemeMono, actPalette, actHelp, actAdd, actBack, actQuit, actInterrupt, actSuspend, actSort, actTurn:
		return ""
	case actUndo:
		if m.live && len(m.stats.Undo) == 0 && !m.lively {
			return "nothing to undo"
		}
		return ""
	case actTaller, actFlatter, actWider, actNarrower:
		return m.whyNotResize(a)
	case actScrollDown, actScrollUp:
		if m.results.open == 0 {
			return "no details are open"
		}
		return ""
	case actExport:
		if m.results.table.ended == 0 {
			return "nothing to export: no URL has ended yet"
		}
		if m.results.marks.n == 0 {
			if why := m.whyNotWhole(); why != "" {
				return why
			}
			if m.results.table.want.filter.text != "" && m.results.table.count() == 0 {
				return "nothing to export: no row has what the filter asks for"
			}
		}
		return ""
	}
	if why := m.whyNotRun(a); why != "" {
		return why
	}
	switch a {
	case actCancelAll, actRetryAll, actExclude, actPauseAll, actMore, actFewer:
		return ""
	}
	if m.focused().count() == 0 && m.results.open == 0 {
		return "nothing is selected: " + m.whyEmpty()
	}
	return m.whyNotRow(a)
}

// whyEmpty says why the focused panel has no row.
func (m *Model) whyEmpty() string {
	t := m.results.table
	switch {
	case m.focus != resultsPanel:
	case t.want.filter.text != "":
		return "no row has what the filter asks for"
	case t.want.show == showWaiting:
		return "no URL waits"
	case t.want.show == showEnded && m.stats.Counts.Submitted > 0:
		return "no URL has ended yet"
	}
	return m.focus.String() + " is empty"
}

// whyNotFrozen is whyNot where the display may be frozen: whoever acts thaws it
// first, and only then is known what is possible.
func (m *Model) whyNotFrozen(a act) string {
	if why := m.whyNotCard(a); why != "" {
		return why
	}
	if m.freezer.on && m.keys.of(a).changes() {
		return m.whyReadOnly(a)
	}
	return m.whyNot(a)
}

// whyReadOnly says that an act would change a run that is only watched.
func (m *Model) whyReadOnly(a act) string {
	if act := m.keys.of(a); act.changes() && m.deps.ReadOnly {
		return "read-only: " + act.name + " is not possible here"
	}
	return ""
}

// whyNotWhole says why it is not known yet what the filter shows.
func (m *Model) whyNotWhole() string {
	if t := m.results.table; t.making != nil && (t.has.filter.text != t.want.filter.text || len(t.want.filter.words) > 0) {
		return "what the filter shows is not all known yet: " + m.results.makes()
	}
	return ""
}

// whyNotRun is whyNot for what concerns the whole run.
func (m *Model) whyNotRun(a act) string {
	c := &m.stats.Counts
	switch a {
	case actCancelAll, actPauseAll:
		return runEnded(c)
	case actRetryAll:
		if c.Failed+c.Empty == 0 {
			return "nothing to retry: no URL failed or was empty"
		}
	case actExclude:
		return m.whyNotExclude()
	case actMore:
		if m.workersTo(a) > engine.MaxWorkers {
			return "there are " + count(engine.MaxWorkers) + " workers: that is the most"
		}
	case actFewer:
		if m.workersTo(a) < 1 {
			return "one worker is the least" + m.says.say(": %s pauses the run", actPauseAll)
		}
	}
	return ""
}

// whyNotRow is whyNot for what concerns the row under the cursor; there is one.
func (m *Model) whyNotRow(a act) string {
	if m.focus == workersPanel && m.workers.selected().Job == 0 {
		switch a {
		case actWhy, actOpen:
			if a == actWhy || m.workers.selected().Host != "" {
				return ""
			}
		}
		return "this worker has no URL now"
	}
	switch a {
	case actMarkAll:
		return m.whyNotWhole()
	case actCancel:
		return m.whyNotCancel()
	case actRetry:
		return m.whyNotRetry()
	case actPause:
		return m.whyNotPause()
	case actSlower, actFaster:
		_, now, who := m.paced()
		if step(now, a == actFaster) == now {
			return who + " is at the end of the steps" + m.says.say(": %s types an interval", actInterval)
		}
	case actLower, actHigher:
		return m.whyNotPriority(a)
	case actDetails:
		if m.focus != batchesPanel && m.focus != hostsPanel && m.row() == nil {
			return "nothing is known of this URL yet"
		}
	case actHost:
		if m.hosts.find(m.focused().host()) < 0 {
			return "its host was never asked"
		}
	case actBatch:
		if ids := m.focused().batchIDs(); len(ids) == 0 || m.batches.find(ids[0]) < 0 {
			return "it belongs to no batch"
		}
	}
	return ""
}

// runEnded says that nothing of a run is left; it is empty if something is. So
// it is with the three below, which say what there is nothing left to do with.
func runEnded(c *engine.Counts) string {
	switch {
	case c.Submitted == 0:
		return "nothing is there: no batch was added yet"
	case c.Left() == 0:
		return "nothing is left: every URL has ended"
	}
	return ""
}

func batchEnded(b *engine.BatchStats, verb string) string {
	if b.Counts.Left() > 0 {
		return ""
	}
	return "batch " + itoa(uint64(b.Batch.ID)) + " has ended: nothing is left to " + verb
}

func hostEnded(h *engine.HostStats, verb string) string {
	if h.Waiting+h.InFlight > 0 {
		return ""
	}
	return clean(h.Host, urlBytes) + " has nothing left to " + verb
}

func jobEnded(name string, r *jobRow, verb string) string {
	if r.place != engine.Ended {
		return ""
	}
	return name + " has ended " + r.state() + ": there is nothing to " + verb
}

func (m *Model) whyNotCancel() string {
	switch m.focus {
	case batchesPanel:
		return batchEnded(m.batches.selected(), "cancel")
	case hostsPanel:
		return hostEnded(m.hosts.selected(), "cancel")
	case resultsPanel:
		if !m.results.anyActed(func(_ uint32, r *record) bool { return !r.ended() }) {
			if one := m.results.one(); one != nil {
				return jobEnded("it", one, "cancel")
			}
			return "all of the marked have ended: there is nothing to cancel"
		}
	}
	return ""
}

func (m *Model) whyNotExclude() string {
	c, of := &m.stats.Counts, ""
	if b := m.excludesOf(); b != nil {
		c, of = &b.Counts, " of batch "+itoa(uint64(b.Batch.ID))
	}
	if m.stats.Counts.Submitted == 0 {
		return "nothing waits: no batch was added yet"
	}
	if c.Left() == c.InFlight {
		return "nothing" + of + " waits: every URL has ended or is in flight"
	}
	return ""
}

func (m *Model) whyNotPause() string {
	switch m.focus {
	case batchesPanel:
		return batchEnded(m.batches.selected(), "pause")
	case resultsPanel:
		if !m.results.anyActed(func(_ uint32, r *record) bool { return !r.ended() }) {
			if one := m.results.one(); one != nil {
				return jobEnded("it", one, "pause") + m.says.say(" (%s shows what waits)", actShow)
			}
			return "all of the marked have ended: there is nothing to pause"
		}
	}
	return ""
}

func (m *Model) whyNotRetry() string {
	switch m.focus {
	case batchesPanel:
		if c := m.batches.selected().Counts; c.Failed+c.Empty == 0 {
			return "nothing of this batch failed or was empty"
		}
	case workersPanel:
		return "it is being fetched now"
	case resultsPanel:
		if !m.results.anyActed(func(_ uint32, r *record) bool { return r.outcome == engine.Failed || r.outcome == engine.Empty }) {
			if one := m.results.one(); one != nil && one.place != engine.Ended {
				return "it has not ended yet"
			}
			return "only what failed or was empty is retried"
		}
	}
	return ""
}

func (m *Model) whyNotPriority(a act) string {
	if m.focus == hostsPanel {
		return "priority is a batch's: panel 1"
	}
	if len(m.focused().batchIDs()) == 0 {
		return "it belongs to no batch"
	}
	if _, p := m.priorityTo(a); p < engine.Low || p > engine.High {
		return "its priority is " + map[bool]string{true: "high", false: "low"}[p > engine.High] + " already"
	}
	return ""
}
