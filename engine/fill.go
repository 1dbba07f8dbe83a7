package engine

import "slices"

// A FieldFill says in how many records a field has a good value. A site that
// has changed goes on answering 200; what shows it is a field that stops being
// filled.
type FieldFill struct {
	Field   string
	Filled  int // records with a value of the field's type
	Records int // of all pages on which the field could have been
}

// Percent returns the share of records that are filled, rounded down; 0 of no
// records.
func (f FieldFill) Percent() int {
	if f.Records == 0 {
		return 0
	}
	return f.Filled * 100 / f.Records
}

// fillFields is how many fields the books of a batch hold. Recipes have fewer;
// a table whose columns name themselves may have any number.
const fillFields = 256

// Collapsed reports whether a field fell below half of the share that it had
// before, where both are told by enough records to mean something. Half and
// twenty are choices: a month with fewer names is no alarm, a column that moved
// is one.
func (f FieldFill) Collapsed(before FieldFill) bool {
	const enough = 20
	return f.Records >= enough && before.Records >= enough &&
		2*f.Filled*before.Records < before.Filled*f.Records
}

// Was returns how well a field was filled before, and whether that is known.
func (b *BatchStats) Was(field string) (FieldFill, bool) {
	at := slices.IndexFunc(b.Before, func(f FieldFill) bool { return f.Field == field })
	if at < 0 {
		return FieldFill{}, false
	}
	return b.Before[at], true
}

// A fill sums up the fields of a batch. What was told of it stays as it is: it
// is copied before it changes.
type fill struct {
	fields []FieldFill
	told   bool
}

// add counts one page. The engine's lock is held.
func (f *fill) add(page []FieldFill) {
	if len(page) == 0 {
		return
	}
	if f.told {
		f.fields, f.told = slices.Clone(f.fields), false
	}
	f.fields = addFill(f.fields, page)
}

// addFill adds the fields of one page to those of others.
func addFill(fields, page []FieldFill) []FieldFill {
	for i := range page {
		at := i // where it stands on nearly every page
		if at >= len(fields) || fields[at].Field != page[i].Field {
			at = slices.IndexFunc(fields, func(have FieldFill) bool { return have.Field == page[i].Field })
		}
		if at < 0 {
			if len(fields) == fillFields {
				continue
			}
			at = len(fields)
			fields = append(fields, FieldFill{Field: page[i].Field})
		}
		fields[at].Filled += page[i].Filled
		fields[at].Records += page[i].Records
	}
	return fields
}

// tell returns the fields so far, for reading only. The engine's lock is held.
func (f *fill) tell() []FieldFill {
	f.told = true
	return f.fields
}
