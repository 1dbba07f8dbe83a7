package scrape

// A sieve lets texts pass that are like match and not like skip. The zero sieve
// lets all pass.
type sieve struct{ match, skip *pattern }

// all reports whether s lets everything pass.
func (s *sieve) all() bool { return s.match == nil && s.skip == nil }

// passes reports whether text passes. It does not once w is spent.
func (s *sieve) passes(w *work, text string) bool {
	return (s.match == nil || s.match.matches(w, text)) && (s.skip == nil || !s.skip.matches(w, text)) && w.err == nil
}

// sieveKeys are match and skip, for what has a sieve.
func sieveKeys[T any](of func(T) *sieve) []key[T] {
	return []key[T]{
		{name: "match", read: func(s sheet, p pair, t T) (err error) {
			of(t).match, err = s.regex(p)
			return err
		}},
		{name: "skip", read: func(s sheet, p pair, t T) (err error) {
			of(t).skip, err = s.regex(p)
			return err
		}},
	}
}
