package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v4"
)

// settle fills the flags that the command line does not name from their
// WEIR_* variables and then from the configuration file, in that order.
// Flags that other commands have are checked in the file and passed over.
func settle(fs *pflag.FlagSet, getenv func(string) string) error {
	given := map[string]bool{} // by something that goes before the file
	fs.Visit(func(f *pflag.Flag) { given[f.Name] = true })
	all := allFlags()
	var err error
	fs.VisitAll(func(f *pflag.Flag) {
		name := variable(f.Name)
		text := getenv(name)
		if err != nil || given[f.Name] || text == "" || all.Lookup(f.Name) == nil {
			return
		}
		given[f.Name] = true
		for _, item := range items(f.Value, text) {
			if e := fs.Set(f.Name, item); e != nil {
				err = wrong(name, shown(f.Value, item), e)
			}
		}
	})
	if err != nil {
		return err
	}
	path := fs.Lookup("config").Value.String()
	if path == "" {
		return nil
	}
	return settleFile(fs, all, given, path)
}

// variable returns the environment twin of a flag.
func variable(flag string) string {
	return "WEIR_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// items cuts text for a flag that takes several.
func items(v pflag.Value, text string) []string {
	if s, ok := v.(splitter); ok {
		return s.split(text)
	}
	return []string{text}
}

// wrong says that text, which stood at where, is no value for its flag.
func wrong(where, text string, err error) error {
	if bad, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
		err = bad.Unwrap()
	}
	return fmt.Errorf("%s %q: %w", where, text, err)
}

// maxConfig is the longest configuration file that is read, in bytes.
const maxConfig = 1 << 20

// settleFile reads a configuration file: one mapping whose keys are the names
// of flags. Flags in given keep their values.
func settleFile(fs, all *pflag.FlagSet, given map[string]bool, path string) error {
	body, err := readAtMost(path, maxConfig)
	if err != nil {
		return err
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(body, &doc); err != nil {
		return yamlError(path, err)
	}
	if len(doc.Content) == 0 {
		return nil // nothing but comments
	}
	root := doc.Content[0]
	if root.Kind != yaml.MappingNode {
		return fmt.Errorf("%s:%d: want keys and values, such as workers: 5", path, root.Line)
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(root.Content); i += 2 {
		key, val := root.Content[i], root.Content[i+1]
		name := key.Value
		where := fmt.Sprintf("%s:%d: %s", path, key.Line, name)
		switch {
		case all.Lookup(name) == nil || name == "config":
			return fmt.Errorf("%s:%d: unknown key %q", path, key.Line, name)
		case seen[name]:
			return fmt.Errorf("%s: given twice", where)
		}
		seen[name] = true
		to := fs
		if fs.Lookup(name) == nil || given[name] {
			to = all // checked all the same
		}
		if err := setNode(to, name, where, val); err != nil {
			return err
		}
	}
	return nil
}

// setNode sets a flag from what stands after its key.
func setNode(fs *pflag.FlagSet, name, where string, n *yaml.Node) error {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	nodes := []*yaml.Node{n}
	if _, ok := fs.Lookup(name).Value.(splitter); ok && n.Kind == yaml.SequenceNode {
		nodes = n.Content
	}
	for _, n := range nodes {
		if n.Kind != yaml.ScalarNode || n.Tag == "!!null" {
			return fmt.Errorf("%s: want one value", where)
		}
		if err := fs.Set(name, n.Value); err != nil {
			return wrong(where, shown(fs.Lookup(name).Value, n.Value), err)
		}
	}
	return nil
}

// yamlError gives an error of the YAML reader the form file:line: what.
func yamlError(path string, err error) error {
	what := strings.TrimPrefix(strings.Join(strings.Fields(err.Error()), " "), "yaml: ")
	if line, rest, ok := strings.Cut(strings.TrimPrefix(what, "line "), ":"); ok && strings.HasPrefix(what, "line ") {
		return fmt.Errorf("%s:%s:%s", path, line, rest)
	}
	return fmt.Errorf("%s: %s", path, what)
}

// readAtMost reads a file of at most limit bytes.
func readAtMost(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, pathError(err)
	}
	defer f.Close()
	body, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, pathError(err)
	}
	if int64(len(body)) > limit {
		return nil, fmt.Errorf("%s: larger than %s", path, showSize(limit))
	}
	return body, nil
}

// pathError turns "open list.txt: no such file or directory" into
// "list.txt: no such file or directory".
func pathError(err error) error {
	if pe, ok := errors.AsType[*os.PathError](err); ok {
		return fmt.Errorf("%s: %w", pe.Path, pe.Err)
	}
	return err
}
