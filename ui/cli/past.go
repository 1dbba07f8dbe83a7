package cli

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"time"

	"weir/engine"
)

// pastFile is where runs leave how well they filled the fields of each recipe,
// in the state directory of the user, so that the next run can tell a field
// that collapsed.
const pastFile = "weir/fill.json"

// pastKept is how many recipes are remembered: those that ran last.
const pastKept = 200

// A past is what earlier runs left. A nil past remembers nothing.
type past struct {
	path string
	fill map[string]pastFill // by recipe
}

// A pastFill is the last batch of a recipe that had records.
type pastFill struct {
	At     time.Time          `json:"at"`
	Fields []engine.FieldFill `json:"fields"`
}

// readPast reads the file of that path. One that is not there is empty.
func readPast(path string) (*past, error) {
	p := &past{path: path, fill: map[string]pastFill{}}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return p, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &p.fill)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return p, nil
}

// before returns what an engine compares with.
func (p *past) before() map[string][]engine.FieldFill {
	if p == nil {
		return nil
	}
	fill := make(map[string][]engine.FieldFill, len(p.fill))
	for name, f := range p.fill {
		fill[name] = f.Fields
	}
	return fill
}

// keep remembers the last batch of each recipe that had records. The file is
// replaced in one step, so that a run that ends at the same moment, or in the
// middle, leaves a whole one.
func (p *past) keep(s *engine.Stats) error {
	changed := false
	for i := range s.Batches {
		b := &s.Batches[i]
		if b.Rows > 0 && len(b.Fill) > 0 {
			p.fill[b.Batch.Recipe.Name] = pastFill{At: s.At.UTC(), Fields: b.Fill}
			changed = true
		}
	}
	if !changed {
		return nil
	}
	names := make([]string, 0, len(p.fill))
	for name := range p.fill {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(p.fill[b].At.Compare(p.fill[a].At), cmp.Compare(a, b))
	})
	for _, name := range names[min(len(names), pastKept):] {
		delete(p.fill, name)
	}
	text, err := json.Marshal(p.fill)
	if err != nil {
		return err
	}
	return replaceFile(p.path, text)
}
