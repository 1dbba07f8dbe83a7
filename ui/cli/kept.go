package cli

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"
)

// This file is how the settings of a run are kept for its next life. A secret
// is kept as where it stands, never as itself: @FILE, a WEIR_* variable, or the
// configuration file. One that was typed is nowhere, and is asked for again.

// A keptFlag is a flag as it was when the run began.
type keptFlag struct {
	Name   string      `json:"name"`
	From   string      `json:"from,omitzero"` // the command line, a variable, or a file; empty: nobody said
	Values []keptValue `json:"values,omitzero"`
}

// typed is where a flag of the command line came from, and unsaid where one did
// that has its value because nobody said otherwise when the run began.
const (
	typed  = "command line"
	unsaid = "default"
)

// A keptValue is a text, or says where a secret stands.
type keptValue struct {
	Text   string `json:"text,omitzero"`
	Header string `json:"header,omitzero"` // name of the field whose value is secret
	Secret string `json:"secret,omitzero"` // @FILE, or keptFlag.From of it; empty: Text is all
}

// pathFlags hold names of files, which are kept as absolute ones.
var pathFlags = []string{"output", "records", "keep-bodies", "cookies", "ca", "cert", "key", "recipe"}

// todayFlags say how a run is shown. What this day's variables say of them goes
// before what was in force when the run began, unless it was typed then.
var todayFlags = []string{"headless", "plain", "ascii", "read-only", "theme", "log", "metrics"}

// unkeptFlags say where the others stand, or are of no use to another life.
var unkeptFlags = []string{"config", "keys", "store", "no-store", "strict"}

// keepFlags returns what is kept of the flags of a command.
func keepFlags(fs *pflag.FlagSet) ([]keptFlag, error) {
	all := allFlags()
	var kept []keptFlag
	var err error
	fs.VisitAll(func(f *pflag.Flag) {
		from := origin(f)
		switch {
		case from == unsaid:
			from = ""
		case f.Changed && from == "":
			from = typed
		}
		switch {
		case err != nil, all.Lookup(f.Name) == nil, slices.Contains(unkeptFlags, f.Name),
			from != typed && slices.Contains(todayFlags, f.Name):
			return
		}
		if from != "" && from != typed && from != variable(f.Name) {
			from, err = absolute(from)
		}
		k := keptFlag{Name: f.Name, From: from}
		if err == nil {
			k.Values, err = keepValues(f, from)
		}
		kept = append(kept, k)
	})
	return kept, err
}

func keepValues(f *pflag.Flag, from string) (kept []keptValue, err error) {
	switch v := f.Value.(type) {
	case secretValue:
		text := v.to.Reveal()
		switch {
		case text == "":
			return nil, nil
		case *v.file != "":
			file, err := absolute(*v.file)
			return []keptValue{{Secret: "@" + file}}, err
		case v.open != nil && v.open(text):
			return []keptValue{{Text: text}}, nil
		}
		return []keptValue{{Secret: from}}, nil
	case headerList:
		for i, text := range v.given() {
			name, _, _ := strings.Cut((*v.to)[i], ":")
			k := keptValue{Text: text}
			if file := (*v.files)[i]; file != "" {
				k = keptValue{Header: name}
				file, err = absolute(file)
				k.Secret = "@" + file
			} else if isSecretHeader(name) {
				k = keptValue{Header: name, Secret: from}
			}
			kept = append(kept, k)
		}
		return kept, err
	case splitter:
		for _, text := range v.given() {
			kept = append(kept, keptValue{Text: text})
		}
		return kept, nil
	}
	text := f.Value.String()
	if slices.Contains(pathFlags, f.Name) && text != "" && text != "-" && (f.Name != "recipe" || isRecipeFile(text)) {
		if text, err = absolute(text); err != nil {
			return nil, err
		}
	}
	if text == "" {
		return nil, nil
	}
	return []keptValue{{Text: text}}, nil
}

// isRecipeFile tells the file of a recipe from the name of one that is built
// in.
func isRecipeFile(s string) bool {
	ext := strings.ToLower(filepath.Ext(s))
	return ext == ".yaml" || ext == ".yml" || strings.ContainsAny(s, "/"+string(filepath.Separator))
}

func absolute(path string) (string, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	return abs, nil
}

// restore gives the flags of a command the values that were kept. Those in fs
// that were given already keep theirs. Secrets are read where they stand; the
// error names the flag of one that does not stand there any more.
func restore(fs *pflag.FlagSet, kept []keptFlag, getenv func(string) string) error {
	for _, k := range kept {
		f := fs.Lookup(k.Name)
		if f == nil || f.Changed {
			continue
		}
		if k.From != typed {
			came(f, cmp.Or(k.From, unsaid))
		}
		before := map[string]int{} // header fields of that name
		for _, v := range k.Values {
			text, err := v.find(f, before[v.Header], getenv)
			before[v.Header]++
			if err == nil {
				if err = fs.Set(f.Name, text); err != nil {
					err = wrong("--"+f.Name, shown(f.Value, text), err)
				}
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// find returns the text to set a flag to. Of header fields that have one name,
// before others came.
func (v keptValue) find(f *pflag.Flag, before int, getenv func(string) string) (string, error) {
	what := "--" + f.Name
	if v.Header != "" {
		what += " " + v.Header
	}
	switch {
	case v.Secret == "":
		return v.Text, nil
	case strings.HasPrefix(v.Secret, "@") && v.Header != "":
		return v.Header + ": " + v.Secret, nil
	case strings.HasPrefix(v.Secret, "@"):
		return v.Secret, nil
	}
	var texts []string
	if v.Secret != typed && v.Secret != variable(f.Name) {
		var err error
		if texts, err = configured(v.Secret, f); err != nil {
			return "", fmt.Errorf("%s: %w", what, err)
		}
	} else if text := getenv(variable(f.Name)); text != "" {
		texts = items(f.Value, text)
	}
	for _, text := range texts {
		name, _, _ := strings.Cut(text, ":")
		if v.Header != "" && !strings.EqualFold(strings.TrimSpace(name), v.Header) {
			continue
		}
		if before == 0 {
			return text, nil
		}
		before--
	}
	if v.Secret == typed {
		return "", fmt.Errorf("%s: it was typed, and secrets are not kept: give it again", what)
	}
	return "", fmt.Errorf("%s: it came from %s, which has it no more", what, v.Secret)
}

// words is a command line that comes to the same, without what is secret.
func words(command string, kept []keptFlag, sources []string) string {
	out := []string{command}
	for _, k := range kept {
		if k.From != typed {
			continue
		}
		for _, v := range k.Values {
			text := v.Text
			switch {
			case v.Secret == typed:
				text = hidden
			case v.Secret != "":
				text = v.Secret
			}
			if v.Header != "" {
				text = v.Header + ": " + text
			}
			if text == "true" {
				out = append(out, "--"+k.Name)
				continue
			}
			out = append(out, "--"+k.Name, quoted(text))
		}
	}
	for _, s := range sources {
		out = append(out, quoted(s))
	}
	return strings.Join(out, " ")
}

// quoted is a word as a shell takes it.
func quoted(s string) string {
	if s != "" && !strings.ContainsAny(s, " \t\n'\"\\$&|;<>()*?[]#~`!{}") {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
