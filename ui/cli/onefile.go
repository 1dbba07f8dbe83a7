package cli

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// oneFile reports whether two paths lead to one file, which need not be there
// yet.
func oneFile(a, b string) bool {
	if a == "" || b == "" || a == "-" || b == "-" {
		return a == b
	}
	x, xerr := os.Stat(a)
	y, yerr := os.Stat(b)
	if xerr == nil && yerr == nil {
		return os.SameFile(x, y)
	}
	a, xerr = filepath.Abs(a)
	b, yerr = filepath.Abs(b)
	return xerr == nil && yerr == nil && a == b
}

// checkInput finds a file that is read, and would be emptied for results before
// it has been. Of paths, - is stdin.
func checkInput(cfg Config, stdin io.Reader, paths ...string) error {
	for _, out := range []struct{ flag, path string }{{"--output", cfg.Output}, {"--records", cfg.Records}} {
		info, err := os.Stat(out.path)
		if err != nil || !info.Mode().IsRegular() {
			continue // nothing stands in it
		}
		for _, path := range paths {
			in, err := os.Stat(path)
			if file, ok := stdin.(*os.File); ok && path == "-" {
				in, err = file.Stat()
			}
			if err == nil && os.SameFile(info, in) {
				return fmt.Errorf("%s %s: is read too, and would be emptied: name another file", out.flag, out.path)
			}
		}
	}
	return nil
}
