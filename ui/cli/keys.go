package cli

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v4"

	"weir/ui"
)

// keyBinds is the value of keys, which the configuration file alone can hold:
// a mapping from actions to a key, a list of keys, or none.
type keyBinds struct{ to *ui.Keys }

func (keyBinds) String() string { return "" }
func (keyBinds) Type() string   { return "mapping" }

func (keyBinds) Set(string) error {
	return errors.New("keys are bound in the configuration file: --config FILE")
}

// setNode takes what stands after keys in the file of that path.
func (k keyBinds) setNode(path string, n *yaml.Node) error {
	where := func(n *yaml.Node) string { return fmt.Sprintf("%s:%d", path, n.Line) }
	n = resolved(n)
	if n.Kind != yaml.MappingNode {
		return fmt.Errorf("%s: keys: want actions and their keys, such as {cancel: x, quit: [q, Q], undo: none}", where(n))
	}
	var binds []ui.Rebind
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		name, val := n.Content[i], resolved(n.Content[i+1])
		if seen[name.Value] {
			return fmt.Errorf("%s: keys: %s: given twice", where(name), name.Value)
		}
		seen[name.Value] = true
		list := []*yaml.Node{val}
		if val.Kind == yaml.SequenceNode {
			list = val.Content
		}
		if len(list) == 0 {
			return fmt.Errorf("%s: keys: %s: want a key, several in a list, or none", where(val), name.Value)
		}
		for _, key := range list {
			if key = resolved(key); key.Kind != yaml.ScalarNode || key.Tag == "!!null" {
				return fmt.Errorf("%s: keys: %s: want a key, several in a list, or none", where(key), name.Value)
			}
			binds = append(binds, ui.Rebind{Where: where(key), Action: name.Value, Key: key.Value})
		}
	}
	bound, err := ui.Bind(binds)
	if err == nil {
		*k.to = bound
	}
	return err
}

// resolved returns what an alias stands for.
func resolved(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

// keys lists what the screen's keys do.
func (a *app) keys() *cobra.Command {
	cfg := defaultConfig()
	cmd := &cobra.Command{
		Use:   "keys",
		Short: "List the actions of the screen and their keys",
		Long:  "Each action has a name, by which the configuration file can give it other keys.",
		Example: `
# in the file that --config names
keys: {cancel: ctrl+x, quit: [q, Q], undo: none}`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := settle(cmd.Flags(), os.Getenv); err != nil {
				return err
			}
			w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
			for _, act := range cfg.Keys.Actions() {
				keys := strings.Join(act.Keys, " ")
				if keys == "" {
					keys = ui.NoKey
				}
				if act.Fixed {
					keys += " (fixed)"
				}
				fmt.Fprintf(w, "%s\t%s\t%s\n", act.Name, keys, act.Does)
			}
			return w.Flush()
		},
	}
	flags(cmd, &cfg, fileFlags)
	return cmd
}
