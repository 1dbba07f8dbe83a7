package engine

import (
	"context"
	"slices"
)

// A MemStore keeps a run in memory, results too. It is the reference for what
// a Store does. Make one with NewMemStore.
type MemStore struct {
	Frontier

	// The rest is guarded by the Frontier's lock.
	rows    memArena // the results, in the order of Num; one that was replaced is no longer its job's
	records map[memRow][]Record
	words   []string // that rows have in common
	numbers map[string]int
	packed  []byte // reused by keep
}

// NewMemStore returns an empty store.
func NewMemStore() *MemStore {
	s := &MemStore{records: make(map[memRow][]Record), numbers: make(map[string]int)}
	s.init(nil)
	return s
}

// Finish implements [Store].
func (s *MemStore) Finish(_ context.Context, rs []Result, each func(Job, Class)) error {
	return s.Frontier.Finish(rs, s.keep, nil, each)
}

// Sync implements [Store]: there is nothing to wait for.
func (s *MemStore) Sync(context.Context) error { return nil }

// Close implements [Store]. Nothing is left behind.
func (s *MemStore) Close() error { return nil }

// Results implements [Store].
func (s *MemStore) Results(_ context.Context, q Query) ([]Result, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if slices.Contains(q.Outcomes, Cancelled) {
		return s.cancelled(q), nil
	}
	var out []Result
	for _, row := range s.selects(&q) {
		out = append(out, s.result(row))
	}
	return out, nil
}

// States implements [Store].
func (s *MemStore) States(_ context.Context, q Query) ([]JobState, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if slices.Contains(q.Outcomes, Cancelled) {
		rs := s.cancelled(q)
		out := make([]JobState, len(rs))
		for i := range rs {
			out[i] = rs[i].State()
		}
		return out, nil
	}
	rows := s.selects(&q)
	out := make([]JobState, len(rows))
	for i, row := range rows {
		out[i] = s.state(row)
	}
	return out, nil
}

// selects returns the rows that q selects, in the order of Num.
func (s *MemStore) selects(q *Query) []memRow {
	var rows []memRow
	if len(q.Jobs) > 0 {
		for j := range s.named(q.Jobs) {
			if row := memRow(s.kept(j)); row != 0 {
				p := s.read(row)
				if h := p.head(); h.num > q.After && s.takes(q, row, h) {
					rows = append(rows, row)
				}
			}
		}
		slices.Sort(rows)
		if q.Limit > 0 && len(rows) > q.Limit {
			rows = rows[:q.Limit]
		}
		return rows
	}
	for row, h := range s.rowsAfter(q.After) {
		if !s.takes(q, row, h) {
			continue
		}
		if rows = append(rows, row); q.Limit > 0 && len(rows) == q.Limit {
			break
		}
	}
	return rows
}

// takes reports whether q selects a result, which must be its job's last.
func (s *MemStore) takes(q *Query, row memRow, h memHead) bool {
	j := s.job(h.job)
	l := s.lane(j)
	return memRow(s.kept(j)) == row &&
		(q.Batch == 0 || l.batch.ID == q.Batch) &&
		(q.Host == "" || l.host == q.Host) &&
		(len(q.Outcomes) == 0 || slices.Contains(q.Outcomes, h.outcome))
}
