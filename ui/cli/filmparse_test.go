package cli_test

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// A cue is one command of a tape of VHS (github.com/charmbracelet/vhs, 0.11),
// in the part of its language that demo.tape uses. .ci/run has vhs's own parser
// read the whole of it.
type cue struct {
	line int
	word string         // the command: Set, Type, Enter, Wait+Screen ...
	arg  string         // what stands behind it; the text of Type without its quotes
	n    int            // how often a key is pressed
	long time.Duration  // of a Sleep
	what *regexp.Regexp // that is waited for
}

// filmKeys are the keys that have commands, as a terminal sends them.
var filmKeys = map[string]string{
	"Enter": "\r", "Escape": "\x1b", "Tab": "\t", "Space": " ", "Backspace": "\x7f",
	"Up": "\x1b[A", "Down": "\x1b[B", "Right": "\x1b[C", "Left": "\x1b[D",
}

// parseFilm reads a tape. An error names the line.
func parseFilm(text string) ([]cue, error) {
	var cues []cue
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		c, err := parseCue(line)
		if err != nil {
			return nil, fmt.Errorf("line %d: %s: %w", i+1, line, err)
		}
		c.line = i + 1
		cues = append(cues, c)
	}
	return cues, nil
}

func parseCue(line string) (c cue, err error) {
	word, arg, _ := strings.Cut(line, " ")
	word, speed, fast := strings.Cut(word, "@")
	c = cue{word: word, arg: arg}
	if fast {
		if word != "Type" {
			return c, fmt.Errorf("only Type has a speed")
		}
		if _, err := time.ParseDuration(speed); err != nil {
			return c, err
		}
	}
	switch word {
	case "Hide", "Show":
		if arg != "" {
			return c, fmt.Errorf("%q is too much", arg)
		}
	case "Output":
		if arg != ".github/demo.gif" {
			return c, fmt.Errorf("want .github/demo.gif, which README shows")
		}
	case "Set": // how it looks
		if name, value, _ := strings.Cut(arg, " "); name == "Shell" && value != "bash" {
			return c, fmt.Errorf("want bash, which the film is played in")
		}
	case "Sleep":
		c.long, err = time.ParseDuration(arg)
		return c, err
	case "Type":
		if len(arg) < 3 || arg[0] != '"' || strings.IndexByte(arg[1:], '"') != len(arg)-2 {
			return c, fmt.Errorf("want text in double quotes, with none inside")
		}
		c.arg = arg[1 : len(arg)-1]
	case "Wait+Screen":
		if len(arg) < 3 || arg[0] != '/' || strings.IndexByte(arg[1:], '/') != len(arg)-2 {
			return c, fmt.Errorf("want a pattern between slashes, with none inside")
		}
		c.what, err = regexp.Compile(arg[1 : len(arg)-1])
		return c, err
	default:
		if filmKeys[word] == "" {
			return c, fmt.Errorf("no such command")
		}
		c.n = 1
		if arg != "" {
			if c.n, err = strconv.Atoi(arg); err == nil && c.n < 1 {
				err = fmt.Errorf("want a number of times")
			}
		}
	}
	return c, err
}

func TestParseFilm(t *testing.T) {
	for _, tc := range []struct{ name, line, want string }{
		{"command", `Pause 1s`, "line 2: Pause 1s: no such command"},
		{"shell", `Set Shell zsh`, "line 2: Set Shell zsh: want bash, which the film is played in"},
		{"time", `Sleep soon`, `line 2: Sleep soon: time: invalid duration "soon"`},
		{"quotes", `Type weir`, "line 2: Type weir: want text in double quotes, with none inside"},
		{"half a quote", `Type "weir`, `line 2: Type "weir: want text in double quotes, with none inside`},
		{"pattern", `Wait+Screen /FULL(/`, "line 2: Wait+Screen /FULL(/: error parsing regexp: missing closing ): `FULL(`"},
		{"no pattern", `Wait+Screen`, "line 2: Wait+Screen: want a pattern between slashes, with none inside"},
		{"times", `Left 0`, "line 2: Left 0: want a number of times"},
		{"speed", `Left@1s`, "line 2: Left@1s: only Type has a speed"},
		{"elsewhere", `Output demo.gif`, "line 2: Output demo.gif: want .github/demo.gif, which README shows"},
		{"more than Hide", `Hide 3`, `line 2: Hide 3: "3" is too much`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if _, err := parseFilm("# a film\n" + tc.line + "\n"); err == nil || err.Error() != tc.want {
				t.Errorf("got %v, want %s", err, tc.want)
			}
		})
	}
}
