package cli

import (
	"slices"
	"testing"
)

func TestSayings(t *testing.T) {
	for _, tc := range []struct {
		name, in string
		want     []string
	}{
		{name: "one thing", in: "scrape: recipe x.yaml:3: bad", want: []string{"recipe x.yaml:3: bad"}},
		{name: "rooms inside", in: "--ca: scrape: none.pem: no such file", want: []string{"--ca: none.pem: no such file"}},
		{name: "two things", in: "out.csv: disk full\nlist.txt: is a directory", want: []string{"out.csv: disk full", "list.txt: is a directory"}},
		{
			name: "one trouble, met by three", in: "sqlite: 1.db: disk full\nengine: the store failed: 2 results are not kept: sqlite: 1.db: disk full\n1.db: disk full",
			want: []string{"the store failed: 2 results are not kept: 1.db: disk full"},
		},
		{name: "the longer first", in: "engine: the store failed: 1.db: disk full\nsqlite: 1.db: disk full", want: []string{"the store failed: 1.db: disk full"}},
	} {
		if got := sayings(tc.in); !slices.Equal(got, tc.want) {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
}
