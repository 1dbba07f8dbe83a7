package cli

import (
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
)

// recipes lists the built-in recipes, and prints what is known about writing
// one.
func (a *app) recipes() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "recipes",
		Short: "List the built-in recipes, print one, or how to write your own",
		Long: "A recipe says what is extracted from a page and how to walk on. One of your own is a YAML file: " +
			"\"weir recipes guide\" is the page on how to write it, and \"weir try\" shows what it finds meanwhile.",
		Example: `
# begin with one that is there
weir recipes show schedule > mine.yaml
weir try --watch mine.yaml https://example.org/
# let an editor complete it
weir recipes schema > recipe.schema.json`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
			for _, r := range a.deps.Recipes() {
				fields := strings.Join(r.Fields, ", ")
				if fields == "" {
					fields = "as the page names them"
				}
				fmt.Fprintf(w, "%s\t%s\n\tfields: %s\n", r.Name, r.About, fields)
			}
			return w.Flush()
		},
	}
	show := &cobra.Command{
		Use:   "show NAME|FILE",
		Short: "Print a recipe",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return errors.New("want one recipe, such as: weir recipes show page")
			}
			return nil
		},
		ValidArgsFunction: a.completeTry, // a recipe, and nothing after it
		RunE: func(_ *cobra.Command, args []string) error {
			text, err := a.deps.RecipeText(args[0])
			if err != nil {
				return err
			}
			_, err = a.stdout.Write(text)
			return err
		},
	}
	cmd.AddCommand(
		show,
		a.prints("guide", "Print how to write a recipe, in Markdown", a.deps.Guide),
		a.prints("schema", "Print the JSON Schema of recipes, for editors", a.deps.Schema),
	)
	return cmd
}

// prints is a command that prints a text.
func (a *app) prints(use, short string, text func() []byte) *cobra.Command {
	return &cobra.Command{
		Use:   use,
		Short: short,
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := a.stdout.Write(text())
			return err
		},
	}
}
