package cli

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"weir/engine"
)

// An about is what a run's file knows of the command line behind it.
type about struct {
	Version  string       `json:"version"`
	Words    string       `json:"words"` // the command line, without secrets
	Dir      string       `json:"dir"`   // where it was given
	Name     string       `json:"name"`  // in the screen's header
	Headless bool         `json:"headless,omitzero"`
	Flags    []keptFlag   `json:"flags"`
	Recipes  []keptRecipe `json:"recipes,omitzero"`
	Sources  []keptSource `json:"sources,omitzero"`
	State    runState     `json:"state"`
	Started  time.Time    `json:"started,omitzero"`
	Ended    time.Time    `json:"ended,omitzero"` // of its last life
}

// A runState says how the last life of a run ended.
type runState string

// The states. A run that nobody works on and whose file says running was
// killed: it counts as interrupted.
const (
	stateRunning     runState = "running"
	stateInterrupted runState = "interrupted"
	stateFinished    runState = "finished"
	stateFailed      runState = "failed" // it could not go on
)

// A keptRecipe is what is known of a recipe beside its text.
type keptRecipe struct {
	Hash   string   `json:"hash"`
	File   string   `json:"file,omitzero"`   // what its relative names hang on; empty: it was built in
	Fields []string `json:"fields,omitzero"` // the columns of its records; none: they are not known before
}

// recipe returns what is known of a recipe.
func (a *about) recipe(hash string) keptRecipe {
	for _, k := range a.Recipes {
		if k.Hash == hash {
			return k
		}
	}
	return keptRecipe{Hash: hash}
}

// A keptSource is a list that a batch was made of, and whether it was read to
// its end.
type keptSource struct {
	Batch    string    `json:"batch"` // its name and when it was added: there is one such batch
	Added    time.Time `json:"added"`
	File     string    `json:"file,omitzero"` // of the list; empty: URLs, or stdin
	Size     int64     `json:"size,omitzero"`
	Modified time.Time `json:"modified,omitzero"`
	URLs     string    `json:"urls,omitzero"` // one a line
	Recipe   string    `json:"recipe"`        // name, or file
	Done     bool      `json:"done,omitzero"`
}

// readAbout reads what a file knows.
func readAbout(text []byte) (about, error) {
	var a about
	if len(text) == 0 { // of a file that was repaired
		return about{State: stateInterrupted}, nil
	}
	if err := json.Unmarshal(text, &a); err != nil {
		return a, fmt.Errorf("what it knows of its command line cannot be read: %w", err)
	}
	return a, nil
}

func (a *about) text() ([]byte, error) { return json.Marshal(a) }

// is reports whether the source is what b was made of.
func (k *keptSource) is(b *engine.Batch) bool { return k.Batch == b.Name && k.Added.Equal(b.Added) }

// subject is what a run is about, in a few words.
func (a *about) subject() string {
	var names []string
	for _, s := range a.Sources {
		names = append(names, s.Batch)
	}
	if len(names) == 0 {
		return a.Name
	}
	return strings.Join(names, ", ")
}

// unread reports whether there is a list that was not read to its end, and can
// be.
func (a *about) unread() bool {
	for i := range a.Sources {
		if s := &a.Sources[i]; !s.Done && (s.File != "" || s.URLs != "") {
			return true
		}
	}
	return false
}
