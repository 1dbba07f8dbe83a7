package cli_test

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// arrows is the map of the house: every package, and which others of the house
// it may import.
var arrows = map[string][]string{
	"weir":                   {"weir/engine", "weir/engine/metrics", "weir/engine/sqlite", "weir/scrape", "weir/scrape/demo", "weir/scrape/export", "weir/ui", "weir/ui/cli"},
	"weir/engine":            nil,
	"weir/engine/enginetest": {"weir/engine"},
	"weir/engine/metrics":    {"weir/engine"},
	"weir/engine/sqlite":     {"weir/engine"},
	"weir/scrape":            {"weir/engine"},
	"weir/scrape/demo":       nil,
	"weir/scrape/export":     {"weir/engine"},
	"weir/ui":                {"weir/engine"},
	"weir/ui/cli":            {"weir/engine", "weir/ui"},
}

// plainRooms import the standard library only.
var plainRooms = []string{"weir/engine", "weir/engine/enginetest", "weir/scrape/demo"}

// A listed is what go list says of a package.
type listed struct {
	ImportPath   string
	Imports      []string
	TestImports  []string
	XTestImports []string
}

// house returns the module's packages, or the reason why there is none.
func house(t *testing.T) []listed {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports,TestImports,XTestImports", "weir/...")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var ps []listed
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return ps
		} else if err != nil {
			t.Fatalf("go list: %v", err)
		}
		ps = append(ps, p)
	}
}

func ours(path string) bool { return path == "weir" || strings.HasPrefix(path, "weir/") }

// std reports whether path is of the standard library: its first element has
// no dot and is not this module.
func std(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return !ours(path) && !strings.Contains(first, ".")
}

func TestMapOfImports(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range house(t) {
		allowed, ok := arrows[p.ImportPath]
		if !ok {
			t.Errorf("package %s is not on the map", p.ImportPath)
			continue
		}
		seen[p.ImportPath] = true
		for _, i := range p.Imports {
			if ours(i) && !slices.Contains(allowed, i) {
				t.Errorf("%s imports %s, which the map does not allow", p.ImportPath, i)
			}
			if slices.Contains(plainRooms, p.ImportPath) && !ours(i) && !std(i) {
				t.Errorf("%s imports %s; want the standard library only", p.ImportPath, i)
			}
		}
		for _, i := range slices.Concat(p.TestImports, p.XTestImports) {
			if ours(i) && i != p.ImportPath && i != "weir/engine/enginetest" && !slices.Contains(allowed, i) {
				t.Errorf("tests of %s import %s, which the map does not allow", p.ImportPath, i)
			}
		}
	}
	for path := range arrows {
		if !seen[path] {
			t.Errorf("%s is on the map and is not there", path)
		}
	}
}

// starters are the files outside of engine that start goroutines, and at how
// many places. Each of them waits for what it started.
var starters = map[string]int{
	"ui/cli/group.go":     1,
	"scrape/demo/site.go": 1,
}

func TestMapOfGoroutines(t *testing.T) {
	root := filepath.Join("..", "..")
	got := map[string]int{}
	fset := token.NewFileSet()
	for _, room := range []string{"ui", "scrape"} {
		err := filepath.WalkDir(filepath.Join(root, room), func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.Contains(path, "testdata") {
				return err
			}
			f, err := parser.ParseFile(fset, path, nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			name, err := filepath.Rel(root, path)
			if err != nil {
				return err
			}
			if n := starts(f); n > 0 {
				got[filepath.ToSlash(name)] = n
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for name, n := range got {
		if want := starters[name]; n != want {
			t.Errorf("%s starts goroutines at %d places, want %d", name, n, want)
		}
	}
	for name, want := range starters {
		if got[name] == 0 {
			t.Errorf("%s starts no goroutine, want %d", name, want)
		}
	}
}

// starts counts the go statements and the calls of a method Go, as
// sync.WaitGroup has one.
func starts(f *ast.File) int {
	n := 0
	ast.Inspect(f, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.GoStmt:
			n++
		case *ast.CallExpr:
			if sel, ok := node.Fun.(*ast.SelectorExpr); ok && sel.Sel.Name == "Go" {
				n++
			}
		}
		return true
	})
	return n
}
