package ui

import (
	"fmt"

	tea "charm.land/bubbletea/v2"

	"weir/engine"
)

// A batchDialog tells how a batch goes, and how well its fields are filled. It
// shows the batch as it is in the last view.
type batchDialog struct {
	batches *batches
	stats   *engine.Stats
	id      engine.BatchID
	top     int // first field that is shown
	room    int // fields at the last drawing
}

func (d *batchDialog) Init() tea.Cmd { return nil }

func (d *batchDialog) Update(msg tea.Msg) (dialog, tea.Cmd) {
	press, ok := msg.(tea.KeyPressMsg)
	if !ok {
		return d, nil
	}
	switch press.String() {
	case "esc", "d", "q", "enter", "ctrl+c":
		return nil, nil
	case "j", "down":
		d.top++
	case "k", "up":
		d.top--
	case "J", "pgdown":
		d.top += d.room
	case "K", "pgup":
		d.top -= d.room
	case "g", "home":
		d.top = 0
	case "G", "end":
		d.top = len(d.fields())
	}
	d.top = max(0, min(d.top, len(d.fields())-d.room))
	return d, nil
}

// batch returns the batch, nil if the view has none of that number.
func (d *batchDialog) batch() *engine.BatchStats {
	if i := d.batches.find(d.id); i >= 0 {
		return &d.batches.list[i]
	}
	return nil
}

func (d *batchDialog) fields() []engine.FieldFill {
	if b := d.batch(); b != nil {
		return b.Fill
	}
	return nil
}

func (d *batchDialog) View(th Theme, w, h int) string {
	b := d.batch()
	if b == nil || tooSmall(w, h) {
		return ""
	}
	w = min(w-2, 96)
	rows := []row{{drop: 3}}
	if h >= 15 { // else the fields have the room
		for _, text := range whyBatch(b, d.stats)[1:] {
			rows = append(rows, wrap(text, th.Text, w-4)...)
		}
	}
	state, style := batchState(b, d.stats, th)
	facts := []string{"recipe " + clean(b.Batch.Recipe.Name, whyBytes), "priority " + b.Batch.Priority.String()}
	if b.State == engine.BatchRunning {
		state = "eta " + state
	}
	rows = append(rows, row{text: style.Render(state) + th.Muted.Render(" "+th.Glyphs.Dot+" "+facts[0]+" "+th.Glyphs.Dot+" "+facts[1])}, row{drop: 3})
	d.room = max(min(h, 19)-len(rows)-5, 1)
	rows = append(rows, d.table(th, b, w-4)...)
	line := []string{"esc", "close"}
	if len(b.Fill) > d.room {
		line = []string{"j k", "scroll", "esc", "close"}
	}
	rows = append(rows, row{drop: 2}, row{text: keys(th, w-4, line...), drop: 1})
	return box(th, fmt.Sprintf("Batch %d %s", b.Batch.ID, nameOf(&b.Batch)), rows, w, h)
}

// table draws the fields: how many records have a value, and the share that had
// one in the batch before.
func (d *batchDialog) table(th Theme, b *engine.BatchStats, w int) []row {
	if len(b.Fill) == 0 {
		return []row{{text: th.Muted.Render("no records yet: fields are counted page by page")}}
	}
	const bar = 10
	wide := w >= 64
	name := w - 6 - 2*9
	if wide {
		name -= bar + 1 + 9
	}
	head := newLine(w, false).paint(th.Muted, pad("field", name))
	if wide {
		head.gap(bar + 1)
	}
	head.paint(th.Muted, right("filled", 6)+right("values", 9)+right("records", 9))
	if wide {
		head.paint(th.Muted, right("before", 9))
	}
	rows := []row{{text: head.end()}}
	top := max(0, min(d.top, len(b.Fill)-d.room))
	for _, f := range b.Fill[top:min(top+d.room, len(b.Fill))] {
		before, known := b.Was(f.Field)
		style, mark := th.OK, ""
		if known && f.Collapsed(before) {
			style, mark = th.Warn, "! "
		}
		l := newLine(w, false).put(pad(mark+clean(f.Field, whyBytes), name))
		if wide {
			l.paint(style, th.Glyphs.bar(f.Filled, f.Records, bar)).gap(1)
		}
		l.paint(style, right(itoa(uint64(f.Percent()))+"%", 6)).put(right(count(f.Filled), 9) + right(count(f.Records), 9))
		if wide {
			was := unknown
			if known && before.Records > 0 {
				was = itoa(uint64(before.Percent())) + "%"
			}
			l.paint(th.Muted, right(was, 9))
		}
		rows = append(rows, row{text: l.end()})
	}
	return rows
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
