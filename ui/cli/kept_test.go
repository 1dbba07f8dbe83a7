package cli

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

// settled is what a command line, variables and a configuration file come to.
func settled(t *testing.T, getenv func(string) string, args ...string) (*Config, *pflag.FlagSet) {
	t.Helper()
	c := defaultConfig()
	fs := pflag.NewFlagSet("weir", pflag.ContinueOnError)
	for _, add := range []flagSet{sourceFlags, runFlags, fetchFlags, fileFlags} {
		add(&c, fs)
	}
	if err := fs.Parse(args); err != nil {
		t.Fatal(err)
	}
	if err := settle(fs, getenv); err != nil {
		t.Fatal(err)
	}
	return &c, fs
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func environment(pairs map[string]string) func(string) string {
	return func(name string) string { return pairs[name] }
}

// What was kept of the flags comes back as it was, from wherever it came, and no
// secret is in it.
func TestFlagsComeBack(t *testing.T) {
	file := write(t, "secret.txt", "hush-file\nand more\n")
	pair := write(t, "pair.txt", "ada:hush-pair\n")
	config := write(t, "weir.yaml", "auth: ada:hush-config\nheader: ['X-Team: night', 'X-Api-Key: hush-key']\nworkers: 7\nallow: [10.0.0.0/8]\n")
	for _, tc := range []struct {
		name string
		args []string
		env  map[string]string
	}{
		{name: "nothing said"},
		{name: "numbers, lists and words", args: []string{
			"-w", "9", "-i", "0", "--throttle", "latency", "--rate", "2.5", "--retries", "0", "--safeguard", "50%", "--max-body", "5MiB", "--timeout", "90s",
			"--allow", "10.0.0.0/8", "--allow", "127.0.0.1", "--ignore-robots", "-H", "Accept-Language: de", "-H", "X-At: @@home", "--keep-max", "1GiB",
			"--proxy", "http://10.0.0.1:3128", "--no-proxy", "one.test", "--metrics", "9090", "--contact", "ops@one.test",
		}},
		{name: "files are secrets' places", args: []string{"--auth", "@" + pair, "-H", "X-Api-Key: @" + file, "--proxy", "env", "-H", "X-Mine: @" + file}},
		{name: "so are variables", env: map[string]string{
			"WEIR_BEARER": "hush-bearer", "WEIR_PROXY": "http://ada:hush-proxy@10.0.0.1:1",
			"WEIR_HEADER": "Cookie: a=hush-1\nX-Team: day\nCookie: b=hush-2", "WEIR_WORKERS": "3",
		}},
		{name: "and the configuration", args: []string{"--config", config}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			want, fs := settled(t, environment(tc.env), tc.args...)
			kept, err := keepFlags(fs)
			if err != nil {
				t.Fatal(err)
			}
			text, err := json.Marshal(kept)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(text), "hush") {
				t.Errorf("kept %s, want no secret in it", text)
			}
			var back []keptFlag
			if err := json.Unmarshal(text, &back); err != nil {
				t.Fatal(err)
			}
			got, fs := settled(t, environment(nil))
			if err := restore(fs, back, environment(tc.env)); err != nil {
				t.Fatal(err)
			}
			if want.File = ""; !reflect.DeepEqual(got, want) {
				t.Errorf("came back as %+v, want %+v", got, want)
			}
			again, err := keepFlags(fs) // for the life after that
			if err != nil || !reflect.DeepEqual(again, kept) {
				t.Errorf("kept %+v the second time (%v), want %+v", again, err, kept)
			}
		})
	}
}

// A secret that does not stand where it was is asked for by its flag, and the
// flag given now goes before what was kept.
func TestSecretsAreAskedFor(t *testing.T) {
	gone := write(t, "gone.txt", "ada:hush")
	config := write(t, "weir.yaml", "bearer: hush\n")
	empty := write(t, "empty.yaml", "workers: 3\n")
	for _, tc := range []struct {
		name string
		args []string
		env  map[string]string
		now  []string
		lose func()
		want string // error; empty: it comes back
	}{
		{name: "typed", args: []string{"--auth", "ada:hush"}, want: "--auth: it was typed, and secrets are not kept: give it again"},
		{name: "typed, given again", args: []string{"--auth", "ada:hush"}, now: []string{"--auth", "ada:hush"}},
		{name: "typed, done without", args: []string{"--auth", "ada:hush"}, now: []string{"--auth", ""}},
		{name: "typed, and in the environment now", args: []string{"--auth", "ada:hush"}, now: []string{"WEIR_AUTH=ada:hush"}},
		{
			name: "a header", args: []string{"-H", "X-Team: day", "-H", "x-api-key: hush"},
			want: "--header x-api-key: it was typed, and secrets are not kept: give it again",
		},
		{name: "a proxy with a password", args: []string{"--proxy", "http://a:hush@one.test"}, want: "--proxy: it was typed, and secrets are not kept: give it again"},
		{name: "no variable", env: map[string]string{"WEIR_BEARER": "hush"}, want: "--bearer: it came from WEIR_BEARER, which has it no more"},
		{name: "no key", args: []string{"--config", config}, lose: func() { rename(t, empty, config) }, want: "--bearer: it came from " + config + ", which has it no more"},
		{name: "no file", args: []string{"--auth", "@" + gone}, lose: func() { os.Remove(gone) }, want: `--auth "@` + gone + `": ` + gone + ": no such file or directory"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, fs := settled(t, environment(tc.env), tc.args...)
			kept, err := keepFlags(fs)
			if err != nil {
				t.Fatal(err)
			}
			if text, err := json.Marshal(kept); err != nil || strings.Contains(string(text), "hush") {
				t.Errorf("kept %s (%v), want no secret in it", text, err)
			}
			if line := words("weir", kept, nil); strings.Contains(line, "hush") {
				t.Errorf("the command line is %q, want no secret in it", line)
			}
			if tc.lose != nil {
				tc.lose()
			}
			env := map[string]string{}
			if len(tc.now) == 1 {
				name, value, _ := strings.Cut(tc.now[0], "=")
				env[name], tc.now = value, nil
			}
			_, fs = settled(t, environment(nil), tc.now...)
			err = restore(fs, kept, environment(env))
			if got := fmt.Sprint(err); tc.want == "" && err != nil || tc.want != "" && got != tc.want {
				t.Errorf("restore: %v, want %q", err, tc.want)
			}
			if err != nil && strings.Contains(err.Error(), "hush") {
				t.Errorf("the error %q holds the secret", err)
			}
		})
	}
}

func rename(t *testing.T, from, to string) {
	t.Helper()
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
}

// Names of files are kept as they are from anywhere.
func TestPathsAreKeptWhole(t *testing.T) {
	t.Chdir(t.TempDir())
	_, fs := settled(t, environment(nil), "-o", "out.csv", "--records", "-", "-r", "mine.yaml", "--ca", "ca.pem", "--keep-bodies", "bodies")
	kept, err := keepFlags(fs)
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"output": dir + "/out.csv", "records": "-", "recipe": dir + "/mine.yaml", "ca": dir + "/ca.pem", "keep-bodies": dir + "/bodies"}
	for _, k := range kept {
		if path, ok := want[k.Name]; ok && (len(k.Values) != 1 || k.Values[0].Text != path) {
			t.Errorf("--%s is kept as %+v, want %s", k.Name, k.Values, path)
		}
		delete(want, k.Name)
	}
	if len(want) > 0 {
		t.Errorf("not kept: %v", want)
	}
	_, fs = settled(t, environment(nil), "-r", "schedule")
	if kept, err = keepFlags(fs); err != nil || !slices.ContainsFunc(kept, func(k keptFlag) bool {
		return k.Name == "recipe" && k.Values[0].Text == "schedule"
	}) {
		t.Errorf("kept %+v (%v), want the recipe schedule by its name", kept, err)
	}
}

func TestWords(t *testing.T) {
	_, fs := settled(t, environment(map[string]string{"WEIR_WORKERS": "3"}), "-i", "0", "--headless", "--auth", "ada:hush", "-H", "X-Api-Key: hush", "-H", "X-Team: night")
	kept, err := keepFlags(fs)
	if err != nil {
		t.Fatal(err)
	}
	want := "weir --header 'X-Api-Key: (hidden)' --header 'X-Team: night' --auth '(hidden)' --interval 0s --headless 'the list.txt' http://one.test/"
	got := words("weir", kept, []string{"the list.txt", "http://one.test/"})
	if a, b := strings.Fields(got), strings.Fields(want); !sameWords(a, b) {
		t.Errorf("words = %q, want %q in some order", got, want)
	}
}

func sameWords(a, b []string) bool {
	a, b = slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b))
	return slices.Equal(a, b)
}

func TestHeadersFromFiles(t *testing.T) {
	file := write(t, "key.txt", "hush\r\nmore")
	bad := write(t, "bad.txt", "hu\x00sh\n")
	for _, tc := range []struct {
		name, in, want, err string
	}{
		{name: "of a file, its first line", in: "X-Key: @" + file, want: "X-Key: hush"},
		{name: "an at sign", in: "X-Key: @@home", want: "X-Key: @home"},
		{name: "text", in: "X-Key: a@b", want: "X-Key: a@b"},
		{name: "no file", in: "X-Key: @" + file + "x", err: file + "x: no such file or directory"},
		{name: "not a value", in: "X-Key: @" + bad, err: bad + ": its first line is no value of a header"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var got []string
			err := headers(&got).Set(tc.in)
			if tc.err != "" {
				if err == nil || err.Error() != tc.err || len(got) > 0 {
					t.Errorf("set %q, %v; want the error %q", got, err, tc.err)
				}
				return
			}
			if err != nil || !slices.Equal(got, []string{tc.want}) {
				t.Errorf("set %q, %v; want %q", got, err, tc.want)
			}
		})
	}
}
