package cli

import (
	"net/netip"
	"strings"
	"time"

	"weir/engine"
	"weir/ui"

	"github.com/spf13/pflag"
)

// Config holds what the flags, WEIR_* variables and the configuration file
// say, checked one by one. A flag goes before its variable, and that before
// the file.
type Config struct {
	// How to fetch.
	Timeout      time.Duration // for one request
	MaxBody      int64         // decoded bytes
	Header       []string      // "Name: value", sent with every request
	UserAgent    string        // empty: weir/VERSION
	Contact      string        // shown in the default User-Agent
	IgnoreRobots bool
	Allow        []netip.Prefix // addresses that links and redirects may lead to though they are private
	Auth         Secret         // USER:PASSWORD, sent to listed origins
	Bearer       Secret         // a token, likewise
	Cookies      string         // file to begin with; empty: none are kept
	Proxy        Secret         // URL, or env; empty: none
	NoProxy      []string       // what is asked for without it
	CA           string         // file of authorities beside the system's
	Cert, Key    string         // files of the client certificate; Key empty: in Cert
	Insecure     bool           // believe listed hosts whatever certificate they show
	HTTP1        bool           // no HTTP/2

	// How to run.
	Workers  int
	Queue    int           // jobs
	Interval time.Duration // between two requests to one host; 0: unpaced
	Throttle string        // aimd, latency or off; empty: aimd where there is an interval
	Rate     float64       // requests a second over all hosts; 0: no cap
	Retries  int           // attempts after the first; 0: none
	Headless bool

	Safeguard float64 // share of the last answers of a host or batch that may fail; 0: off
	GiveUp    bool    // nobody watches: not a flag, but what follows from how the run is shown

	Fill map[string][]engine.FieldFill // of the run before, by recipe: not a flag either

	// What to fetch.
	Recipe string // name, or path of a .yaml file
	Months string // 2025-11+6
	Strict bool   // refuse a list that has a bad line
	Seed   uint64 // of the demo
	Fast   bool   // the demo site answers at once
	Base   string // URL that a page in a file came from; empty: unknown
	Watch  bool   // try again whenever a file is saved

	// What to show and keep.
	Output   string // file of results, .jsonl or .csv; "-": stdout
	Records  string // file of records, likewise
	Keep     string // directory for bodies; empty: they are not kept
	KeepMax  int64  // bytes in it
	Against  string // of a reextraction: file of rows to compare with; empty: what the recipe of then finds
	Of       string // likewise: only pages of the recipe of that name
	Plain    bool
	ASCII    bool
	ReadOnly bool   // the screen changes nothing
	Theme    string // of the screen; empty: not said
	Log      string // of headless progress: text or json
	Metrics  string // host:port where the run's metrics are served; empty: nowhere
	Store    string // file that the run is kept in; empty: the next number in the user's state folder
	NoStore  bool   // it is kept nowhere
	File     string // the configuration file
	Keys     ui.Keys
}

// defaultConfig is what holds where nobody says otherwise.
func defaultConfig() Config {
	return Config{
		Timeout:  30 * time.Second,
		MaxBody:  10 << 20,
		Workers:  engine.DefaultWorkers,
		Queue:    engine.DefaultQueue,
		Interval: engine.DefaultInterval,
		Retries:  2,
		Recipe:   "page",
		Seed:     1,
		Log:      "text",
		KeepMax:  10 << 30,
	}
}

// A flagSet is a group of flags that commands have in common.
type flagSet func(c *Config, fs *pflag.FlagSet)

// fileFlags: where the rest may be written.
func fileFlags(c *Config, fs *pflag.FlagSet) {
	fs.Var(text(&c.File), "config", "file of these flags in YAML, one key each; and of keys: see \"weir keys\"")
	fs.Var(keyBinds{&c.Keys}, "keys", "which key does what")
	_ = fs.MarkHidden("keys") // the file alone takes it
}

// pageFlags: what one page may cost.
func pageFlags(c *Config, fs *pflag.FlagSet) {
	fs.Var(one(&c.Timeout, "duration", parseTimeout, showDuration), "timeout", "longest time for one request")
	fs.Var(one(&c.MaxBody, "size", parseSize, showSize), "max-body", "largest decoded body; over it a URL fails as too_large")
}

// fetchFlags: how one page is fetched.
func fetchFlags(c *Config, fs *pflag.FlagSet) {
	pageFlags(c, fs)
	fs.VarP(headers(&c.Header), "header", "H", "header for every request, or 'NAME: @FILE' for its value in a file; may be repeated")
	fs.Var(one(&c.UserAgent, "string", parseAgent, showText), "user-agent", "instead of weir/VERSION")
	fs.Var(one(&c.Contact, "string", parseContact, showText), "contact", "address or page that the User-Agent names, for those whose site it is")
	yes(fs, &c.IgnoreRobots, "ignore-robots", "do not ask for robots.txt")
	fs.Var(many(&c.Allow, ",", parsePrefix), "allow", "private addresses that links and redirects may lead to; may be repeated")
	fs.Var(secret(&c.Auth, "user:password", checkAuth), "auth", "user and password for the origins that are listed, or @FILE")
	fs.Var(secret(&c.Bearer, "token", checkBearer), "bearer", "token for the origins that are listed, or @FILE")
	fs.Var(text(&c.Cookies), "cookies", "file of cookies that each batch begins with, in the form of curl -c; without it none are kept (/dev/null: begin with none)")
	fs.Var(secret(&c.Proxy, "url", checkProxy).unless(isOpenProxy), "proxy", "http, https, socks5 or socks5h proxy, @FILE, or env for what HTTPS_PROXY and the like say")
	fs.Var(many(&c.NoProxy, ",", parseExcept), "no-proxy", "domains and addresses to be asked for without the proxy; may be repeated")
	fs.Var(text(&c.CA), "ca", "file of authorities to believe beside the system's, in PEM")
	fs.Var(text(&c.Cert), "cert", "file of the client certificate for the hosts that are listed, in PEM")
	fs.Var(text(&c.Key), "key", "file of its key, if it is not in the same one")
	yes(fs, &c.Insecure, "insecure", "believe the hosts that are listed whatever certificate they show")
	yes(fs, &c.HTTP1, "http1", "do not speak HTTP/2")
}

// workerFlags: how much is done at once.
func workerFlags(c *Config, fs *pflag.FlagSet) {
	fs.VarP(one(&c.Workers, "number", between(1, engine.MaxWorkers), showInt), "workers", "w", "requests, or pages, at once")
}

// outputFlags: where results go.
func outputFlags(c *Config, fs *pflag.FlagSet) {
	fs.VarP(text(&c.Output), "output", "o", "file for results: .jsonl, .csv, or - for stdout")
	fs.Var(text(&c.Records), "records", "file for records, one row each: .jsonl or .csv")
}

// rereadFlags: those of a reextraction.
func rereadFlags(c *Config, fs *pflag.FlagSet) {
	fs.Var(text(&c.Against), "against", "file of rows to compare with, .jsonl of -o or --records, instead of the recipe of then")
	fs.Var(text(&c.Of), "of", "only pages that were fetched for the recipe of that name")
}

// runFlags: how a run behaves and where its results go.
func runFlags(c *Config, fs *pflag.FlagSet) {
	workerFlags(c, fs)
	fs.Var(one(&c.Queue, "number", between(1, 1_000_000), showInt), "queue", "jobs that wait in front of the workers")
	fs.VarP(one(&c.Interval, "duration", parseInterval, showDuration), "interval", "i", "shortest time between two requests to one host; 0: unpaced")
	fs.Var(one(&c.Throttle, "word", oneOf("aimd", "latency", "off"), showText), "throttle", "how a host's pace adapts to its answers: aimd, latency or off; with -i 0 it is off unless named")
	fs.Var(one(&c.Rate, "number", parseRate, showRate), "rate", "most requests a second over all hosts; 0: no cap")
	fs.Var(one(&c.Retries, "number", between(0, 100), showInt), "retries", "attempts after the first that failed")
	fs.Var(one(&c.Safeguard, "share", parseShare, showShare), "safeguard", "pause a host or batch when that share of its last 20 answers failed, such as 50%")
	outputFlags(c, fs)
	fs.Var(text(&c.Keep), "keep-bodies", "directory for what is fetched: pages in it are asked for only if they changed, and \"weir reextract\" reads them again")
	fs.Var(one(&c.KeepMax, "size", sizeUpTo(1<<50, "1 PiB"), showSize), "keep-max", "most bytes kept in it, compressed")
	yes(fs, &c.Headless, "headless", "no screen: progress on stderr")
	yes(fs, &c.Plain, "plain", "lines instead of a screen, for screen readers")
	yes(fs, &c.ASCII, "ascii", "no glyphs beyond ASCII")
	yes(fs, &c.ReadOnly, "read-only", "watch the run: no key changes it")
	fs.Var(one(&c.Theme, "name", oneOf(ui.ThemeNames()...), showText), "theme", "colours of the screen: "+strings.Join(ui.ThemeNames(), ", "))
	fs.Var(one(&c.Log, "word", oneOf("text", "json"), showText), "log", "form of headless progress: text or json")
	fs.Var(one(&c.Metrics, "address", parseAddress, showText), "metrics", "serve /metrics for Prometheus, and /healthz, on this address; a port alone is of 127.0.0.1")
}

// storeFlags: where a run is kept.
func storeFlags(c *Config, fs *pflag.FlagSet) {
	fs.Var(text(&c.Store), "store", "file to keep the run in, instead of a number of \"weir runs\"")
	yes(fs, &c.NoStore, "no-store", "keep the run in memory only: what is left when it ends is lost")
}

// sourceFlags: what a list of URLs means.
func sourceFlags(c *Config, fs *pflag.FlagSet) {
	fs.VarP(text(&c.Recipe), "recipe", "r", "what to extract: a name of \"weir recipes\" or a .yaml file")
	fs.Var(text(&c.Months), "months", "months of a recipe that steps through them: 2025-11 or 2025-11+6")
	yes(fs, &c.Strict, "strict", "a bad line in a list ends the run before its first request")
}

// demoFlags: the demo's own.
func demoFlags(c *Config, fs *pflag.FlagSet) {
	fs.Var(one(&c.Seed, "number", parseSeed, showSeed), "seed", "number that the demo site is made from")
	yes(fs, &c.Fast, "fast", "the demo site answers at once")
}

// allFlags returns every flag of every command, over a Config of its own. A
// configuration file may name any of them.
func allFlags() *pflag.FlagSet {
	c := defaultConfig()
	fs := pflag.NewFlagSet("weir", pflag.ContinueOnError)
	for _, add := range []flagSet{fileFlags, fetchFlags, runFlags, storeFlags, sourceFlags, demoFlags, tryFlags, rereadFlags} {
		add(&c, fs)
	}
	return fs
}
