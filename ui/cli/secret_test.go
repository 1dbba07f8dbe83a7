package cli

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// Whoever prints a Config, for whatever reason, prints no secret.
func TestSecretsAreNotPrinted(t *testing.T) {
	c := defaultConfig()
	fs := allFlags()
	for _, flag := range []string{"auth", "bearer", "proxy"} {
		v := fs.Lookup(flag).Value
		if got := v.String(); got != "" {
			t.Errorf("--%s is %q before it is set", flag, got)
		}
		if err := v.Set("http://ada:hush@one.test"); err != nil {
			t.Fatal(err)
		}
		if got := v.String(); got != hidden {
			t.Errorf("--%s shows %q", flag, got)
		}
	}
	c.Auth, c.Bearer, c.Proxy = Secret{"ada:hush"}, Secret{"hush"}, Secret{"http://ada:hush@one.test"}
	asJSON, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	for _, got := range []string{fmt.Sprintf("%v", c), fmt.Sprintf("%+v", c), fmt.Sprintf("%#v", c), fmt.Sprint(c.Auth), string(asJSON)} {
		if strings.Contains(got, "hush") {
			t.Errorf("printed: %s", got)
		}
	}
	if c.Auth.Reveal() != "ada:hush" {
		t.Errorf("revealed: %q", c.Auth.Reveal())
	}
}

func TestParseExcept(t *testing.T) {
	for _, good := range []string{"one.test", ".one.test", "10.0.0.0/8", "fd00::/8", "one.test:81", "*"} {
		if got, err := parseExcept(good); got != good || err != nil {
			t.Errorf("parseExcept(%q) = %q, %v", good, got, err)
		}
	}
	for _, bad := range []string{"", "one test", "http://one.test"} {
		if _, err := parseExcept(bad); err == nil {
			t.Errorf("parseExcept(%q) has no error", bad)
		}
	}
}
