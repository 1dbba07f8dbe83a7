package ui

import (
	"fmt"

	"weir/engine"
)

// batchFacts tell how a batch goes, and how well its fields are filled.
type batchFacts struct {
	batches *batches
	stats   *engine.Stats
	says    keyMap
	id      engine.BatchID
}

// batch returns the batch, nil if the view has none of that number.
func (f batchFacts) batch() *engine.BatchStats {
	if i := f.batches.find(f.id); i >= 0 {
		return &f.batches.list[i]
	}
	return nil
}

func (f batchFacts) title() (string, bool) {
	b := f.batch()
	if b == nil {
		return "", false
	}
	return fmt.Sprintf("Batch %d %s", b.Batch.ID, nameOf(&b.Batch)), true
}

func (f batchFacts) head(th Theme, w int, roomy bool) []row {
	b := f.batch()
	var rows []row
	if roomy {
		for _, text := range whyBatch(f.says, b, f.stats)[1:] {
			rows = append(rows, wrap(text, th.Text, w)...)
		}
	}
	state, style := batchState(b, f.stats, th)
	if b.State == engine.BatchRunning {
		state = "eta " + state
	}
	dot := " " + th.Glyphs.Dot + " "
	facts := dot + "recipe " + clean(b.Batch.Recipe.Name, whyBytes) + dot + "priority " + b.Batch.Priority.String()
	rows = append(rows, row{text: style.Render(state) + th.Muted.Render(facts)})
	if roomy {
		rows = append(rows, row{drop: 3})
	}
	return rows
}

// list draws the fields: how many records have a value, and the share that had
// one in the batch before.
func (f batchFacts) list(th Theme, w int) (heading, lines []row) {
	b := f.batch()
	if len(b.Fill) == 0 {
		return nil, []row{{text: th.Muted.Render("no records yet: fields are counted page by page")}}
	}
	wide := w >= 64
	bar, room := 10, w-6-2*9 // the least of the bar, and what there is for it and the names
	if wide {
		room -= 1 + 9
	} else {
		bar = 0
	}
	names, name := make([]string, len(b.Fill)), width("field")
	for i, field := range b.Fill {
		names[i] = clean(field.Field, whyBytes)
		if before, known := b.Was(field.Field); known && field.Collapsed(before) {
			names[i] = "! " + names[i]
		}
		name = max(name, width(names[i]))
	}
	name = min(name+2, room-bar) // near what is told of them
	if wide {
		bar = min(room-name, 30)
	}
	head := newLine(w, false).paint(th.Muted, pad("field", name))
	if wide {
		head.gap(bar + 1)
	}
	head.paint(th.Muted, right("filled", 6)+right("values", 9)+right("records", 9))
	if wide {
		head.paint(th.Muted, right("before", 9))
	}
	for i, field := range b.Fill {
		before, known := b.Was(field.Field)
		style := th.OK
		if known && field.Collapsed(before) {
			style = th.Warn
		}
		l := newLine(w, false).put(pad(cut(names[i], name-1), name))
		if wide {
			l.paint(style, th.Glyphs.bar(field.Filled, field.Records, bar)).gap(1)
		}
		l.paint(style, right(itoa(uint64(field.Percent()))+"%", 6)).put(right(count(field.Filled), 9) + right(count(field.Records), 9))
		if wide {
			was := unknown
			if known && before.Records > 0 {
				was = itoa(uint64(before.Percent())) + "%"
			}
			l.paint(th.Muted, right(was, 9))
		}
		lines = append(lines, row{text: l.end()})
	}
	return []row{{text: head.end()}}, lines
}

// fallen says in at most w cells which field of a batch collapsed, the first if
// several did, and how much of it is left: " ! date 12%". It is empty if none
// did.
func fallen(b *engine.BatchStats, w int) string {
	for _, f := range b.Fill {
		if before, known := b.Was(f.Field); known && f.Collapsed(before) {
			left := " " + itoa(uint64(f.Percent())) + "%"
			return " ! " + cut(clean(f.Field, whyBytes), w-3-width(left)) + left
		}
	}
	return ""
}
