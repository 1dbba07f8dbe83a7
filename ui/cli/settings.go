package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
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
		came(f, name)
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

// cameFrom is where a flag says what it has its value from.
const cameFrom = "weir/from"

// came notes that f has its value from a variable or a configuration file.
func came(f *pflag.Flag, from string) {
	if f.Annotations == nil {
		f.Annotations = map[string][]string{}
	}
	f.Annotations[cameFrom] = []string{from}
}

// origin returns the variable or configuration file that f has its value from;
// empty: the command line, if it has one.
func origin(f *pflag.Flag) string {
	if from := f.Annotations[cameFrom]; len(from) > 0 {
		return from[0]
	}
	return ""
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

// readConfig reads a configuration file: one mapping whose keys are the names
// of flags. It returns nil for one that holds nothing.
func readConfig(path string) (*yaml.Node, error) {
	body, err := readAtMost(path, maxConfig)
	if err != nil {
		return nil, err
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(body, &doc); err != nil {
		return nil, yamlError(path, err)
	}
	if len(doc.Content) == 0 {
		return nil, nil // nothing but comments
	}
	root := doc.Content[0]
	if root.Kind != yaml.MappingNode {
		return nil, fmt.Errorf("%s:%d: want keys and values, such as workers: 5", path, root.Line)
	}
	return root, nil
}

// settleFile sets flags from a configuration file. Flags in given keep their
// values.
func settleFile(fs, all *pflag.FlagSet, given map[string]bool, path string) error {
	root, err := readConfig(path)
	if root == nil || err != nil {
		return err
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(root.Content); i += 2 {
		key, val := root.Content[i], root.Content[i+1]
		name := key.Value
		where := fmt.Sprintf("%s:%d: %s", path, key.Line, name)
		switch {
		case all.Lookup(name) == nil || name == "config":
			return fmt.Errorf("%s:%d: unknown key %q%s", path, key.Line, name, meant("", name, slices.DeleteFunc(append(flagNames(all), "keys"), func(flag string) bool { return flag == "config" })))
		case seen[name]:
			return fmt.Errorf("%s: given twice", where)
		}
		seen[name] = true
		to := fs
		if fs.Lookup(name) == nil || given[name] {
			to = all // checked all the same
		} else {
			came(to.Lookup(name), path)
		}
		if keys, ok := to.Lookup(name).Value.(keyBinds); ok {
			if err := keys.setNode(path, val); err != nil {
				return err
			}
			continue
		}
		if err := setNode(to, name, where, val); err != nil {
			return err
		}
	}
	return nil
}

// setNode sets a flag from what stands after its key.
func setNode(fs *pflag.FlagSet, name, where string, n *yaml.Node) error {
	for _, n := range values(n, fs.Lookup(name).Value) {
		if n.Kind != yaml.ScalarNode || n.Tag == "!!null" {
			return fmt.Errorf("%s: want one value", where)
		}
		if err := fs.Set(name, n.Value); err != nil {
			return wrong(where, shown(fs.Lookup(name).Value, n.Value), err)
		}
	}
	return nil
}

// values returns what stands after a key: a list for a flag that takes one.
func values(n *yaml.Node, v pflag.Value) []*yaml.Node {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if _, ok := v.(splitter); ok && n.Kind == yaml.SequenceNode {
		return n.Content
	}
	return []*yaml.Node{n}
}

// configured returns the values that a configuration file has for a flag.
func configured(path string, f *pflag.Flag) ([]string, error) {
	root, err := readConfig(path)
	if root == nil || err != nil {
		return nil, err
	}
	for i := 0; i+1 < len(root.Content); i += 2 {
		if root.Content[i].Value == f.Name {
			var texts []string
			for _, n := range values(root.Content[i+1], f.Value) {
				texts = append(texts, n.Value)
			}
			return texts, nil
		}
	}
	return nil, nil
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
