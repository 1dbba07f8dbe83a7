package cli

import (
	"os"
	"strings"
	"testing"
)

// A list behind < is a file as well; a pipe is none, whatever it comes from.
func TestCheckInputKnowsStdin(t *testing.T) {
	t.Chdir(t.TempDir())
	listOf(t, "list.csv", urls("a")...)
	listOf(t, "other.csv", urls("a")...)
	if err := os.Symlink("list.csv", "link.csv"); err != nil {
		t.Fatal(err)
	}
	list, err := os.Open("list.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer list.Close()
	for _, tc := range []struct {
		name string
		cfg  Config
		want string
	}{
		{"the file", Config{Records: "list.csv"}, "--records list.csv: is read too"},
		{"a link to it", Config{Output: "link.csv"}, "--output link.csv: is read too"},
		{"another file", Config{Output: "other.csv", Records: "new.csv"}, ""},
		{"stdout", Config{Output: "-"}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if err := checkInput(tc.cfg, list, "-"); tc.want == "" && err != nil || tc.want != "" && (err == nil || !strings.HasPrefix(err.Error(), tc.want)) {
				t.Errorf("checkInput = %v, want %q", err, tc.want)
			}
			if err := checkInput(tc.cfg, strings.NewReader(""), "-"); err != nil {
				t.Errorf("checkInput of a pipe = %v", err)
			}
		})
	}
}
