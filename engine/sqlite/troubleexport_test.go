package sqlite

import (
	"context"
	"database/sql/driver"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// Ask returns what queries find in a file: for each a line for each row, with
// bars between the columns.
func Ask(path string, queries ...string) (said []string, err error) {
	c, err := connect(path)
	if err != nil {
		return nil, err
	}
	for _, sql := range queries {
		var lines []string
		err = errors.Join(err, c.each(context.Background(), sql, nil, func(row []driver.Value) error {
			cells := make([]string, len(row))
			for i, v := range row {
				if cells[i] = fmt.Sprint(v); v == nil {
					cells[i] = ""
				}
			}
			lines = append(lines, strings.Join(cells, "|"))
			return nil
		}))
		said = append(said, strings.Join(lines, "\n"))
	}
	return said, errors.Join(err, c.Close())
}

// A Place is where a row stands in a file.
type Place struct {
	Page uint32
	More []uint32 // where it goes on
}

// Places returns where the rows of a whole file stand, by table and key, which
// pages are free, and how many there are.
func Places(t *testing.T, path string) (places map[string]Place, free []uint32, pages int) {
	t.Helper()
	w, done, err := wreckOf(path)
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	c, err := connect(path)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	tables, err := tablesOf(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	places = map[string]Place{}
	buf := make([]byte, w.size)
	for i := range w.pages {
		n := uint32(i + 1)
		page, err := w.read(n, buf)
		if err != nil {
			t.Fatal(err)
		}
		if n == 1 {
			continue // the schema
		}
		if w.pages[i].free {
			free = append(free, n)
			continue
		}
		k := kind(page[0])
		if k != tableLeaf && k != indexLeaf && k != indexInner {
			continue
		}
		first := 8
		if k == indexInner {
			first = 12
		}
		for cell := range int(binary.BigEndian.Uint16(page[3:])) {
			for p := range w.pages {
				w.pages[p].visits = 0
			}
			r, _, err := w.cell(k, page[binary.BigEndian.Uint16(page[first+2*cell:]):w.usable])
			if err != nil {
				t.Fatalf("page %d cell %d: %v", n, cell, err)
			}
			at := Place{Page: n}
			for p := range w.pages {
				if w.pages[p].visits > 0 {
					at.More = append(at.More, uint32(p+1))
				}
			}
			tab := tableOf(tables, []carved{r})
			if tab == nil || tab == schemaTable {
				continue
			}
			key := fmt.Sprint(r.vals[0])
			if k == tableLeaf {
				key = fmt.Sprint(r.id)
			}
			places[tab.name+" "+key] = at
		}
	}
	return places, free, len(w.pages)
}
