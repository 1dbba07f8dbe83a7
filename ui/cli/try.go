package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// tryFlags: how a recipe is tried.
func tryFlags(c *Config, fs *pflag.FlagSet) {
	fs.Var(one(&c.Base, "url", parseBase, showText), "base", "where a page in a file came from: what its links hang on")
	yes(fs, &c.Watch, "watch", "again whenever the recipe or the page is saved")
}

func parseBase(s string) (string, error) {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return "", errors.New("want the URL of a page, such as https://example.org/")
	}
	return s, nil
}

func (a *app) try() *cobra.Command {
	cfg := defaultConfig()
	cmd := &cobra.Command{
		Use:   "try RECIPE URL|FILE|-",
		Short: "Run a recipe on one page: records, what is missing, and why",
		Example: `
# a page of the web
weir try page https://example.org/
# one that was saved, while the recipe is being written
weir try --watch --base https://example.org/ mine.yaml saved.html
# one that something else fetches
curl -s https://example.org/ | weir try --base https://example.org/ mine.yaml -`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 2 {
				return errors.New("want a recipe and a page, such as: weir try page https://example.org/")
			}
			return nil
		},
		ValidArgsFunction: a.completeTry,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := errors.Join(settle(cmd.Flags(), os.Getenv), cfg.checkPairs()); err != nil {
				return err
			}
			if cfg.Base != "" && strings.Contains(args[1], "://") {
				return fmt.Errorf("--base is for a page in a file, and %s is a URL", args[1])
			}
			for _, w := range cfg.warnings() {
				fmt.Fprintln(a.stderr, "weir: "+w)
			}
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			if cfg.Watch {
				return a.watch(ctx, cfg, args[0], args[1])
			}
			ok, err := a.deps.Try(ctx, cfg, args[0], args[1], a.stdout)
			switch {
			case ctx.Err() != nil:
				a.code = exitCancelled
			case err == nil && !ok:
				a.code = exitFailed
			}
			return err
		},
	}
	flags(cmd, &cfg, tryFlags, fetchFlags, fileFlags)
	return cmd
}

// watchEvery is how often files are looked at. Polling needs no library, works
// on every file system, and two files cost nothing.
const watchEvery = 300 * time.Millisecond

// watch tries a recipe, and again whenever its file or the page's was saved,
// until ctx is done. What is wrong with either is shown, and waited out. On a
// terminal each try has the screen for itself; what has scrolled away stays.
func (a *app) watch(ctx context.Context, cfg Config, recipe, page string) error {
	if page == "-" {
		return errors.New("--watch: stdin is read once: name a file")
	}
	var files []string
	for _, name := range []string{recipe, page} {
		if !strings.Contains(name, "://") && !a.isBuiltIn(name) {
			files = append(files, name)
		}
	}
	if len(files) == 0 {
		return fmt.Errorf("--watch: neither %s nor %s is a file that can be saved", recipe, page)
	}
	for _, f := range files {
		if _, err := os.Stat(f); err != nil {
			return pathError(err)
		}
	}
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		seen := saved(files)
		var out bytes.Buffer
		if isTerminal(a.stdout) {
			out.WriteString("\x1b[H\x1b[2J")
		}
		if _, err := a.deps.Try(ctx, cfg, recipe, page, &out); err != nil {
			complain(&out, err)
		}
		if ctx.Err() != nil {
			return nil
		}
		fmt.Fprintf(&out, "\nwatching %s: ctrl+c ends\n", plainText(strings.Join(files, " and ")))
		if _, err := io.Copy(a.stdout, &out); err != nil {
			return err
		}
		for now := seen; now == seen || now == ""; now = saved(files) {
			select {
			case <-ctx.Done():
				return nil
			case <-tick.C:
			}
		}
	}
}

func (a *app) isBuiltIn(recipe string) bool {
	for _, r := range a.deps.Recipes() {
		if r.Name == recipe {
			return true
		}
	}
	return false
}

// saved tells one state of files from another. It is empty while one of them
// is away: editors put a new one in its place.
func saved(files []string) string {
	var b strings.Builder
	for _, f := range files {
		info, err := os.Stat(f)
		if err != nil {
			return ""
		}
		fmt.Fprintf(&b, "%d %d\n", info.ModTime().UnixNano(), info.Size())
	}
	return b.String()
}
