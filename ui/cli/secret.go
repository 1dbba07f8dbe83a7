package cli

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/spf13/pflag"
)

// A Secret is a text that is not shown: it prints as (hidden). The zero Secret
// is none.
type Secret struct{ text string }

// Reveal returns the text, for the one place that sends it.
func (s Secret) Reveal() string { return s.text }

// String returns (hidden), or nothing for nothing.
func (s Secret) String() string {
	if s.text == "" {
		return ""
	}
	return hidden
}

// GoString returns what String does.
func (s Secret) GoString() string { return s.String() }

const hidden = "(hidden)"

// maxSecret is the longest file of a secret that is read, in bytes.
const maxSecret = 64 << 10

// A secretValue is a flag over a Secret: its value, or @FILE for the first line
// of a file, so that it is neither in the list of processes nor in a history.
type secretValue struct {
	*value[Secret]
	file *string           // the FILE that the value came from; empty: none
	open func(string) bool // a value that is none, and may be written down; nil: there is none such
}

// secret is a flag whose text check accepts. Errors of check do not hold it.
func secret(to *Secret, kind string, check func(string) error) secretValue {
	v := secretValue{file: new(string)}
	v.value = one(to, kind, func(s string) (Secret, error) {
		path, ok := strings.CutPrefix(s, "@")
		if ok {
			var err error
			if s, err = firstLine(path); err != nil {
				return Secret{}, err
			}
		}
		if s != "" {
			if err := check(s); err != nil {
				return Secret{}, err
			}
		}
		if *v.file = ""; ok {
			*v.file = path
		}
		return Secret{s}, nil
	}, Secret.String)
	return v
}

// unless is the same flag for values that may be no secret.
func (v secretValue) unless(open func(string) bool) secretValue {
	v.open = open
	return v
}

// firstLine returns the first line of the file of a secret.
func firstLine(path string) (string, error) {
	body, err := readAtMost(path, maxSecret)
	if err != nil {
		return "", err
	}
	line, _, _ := strings.Cut(string(body), "\n")
	return strings.TrimSuffix(line, "\r"), nil
}

// shown is the text of a flag's value as an error may repeat it.
func shown(v pflag.Value, text string) string {
	switch v.(type) {
	case secretValue:
		if !strings.HasPrefix(text, "@") {
			return hidden
		}
	case headerList:
		return hideHeader(text)
	}
	return text
}

func checkAuth(s string) error {
	if user, _, ok := strings.Cut(s, ":"); !ok || user == "" {
		return errors.New("want USER:PASSWORD, or @FILE that holds them")
	}
	return nil
}

func checkBearer(s string) error {
	if strings.ContainsAny(s, " \t") {
		return errors.New("want a token without white space, or @FILE that holds it")
	}
	return nil
}

// proxyOfEnvironment is the --proxy that takes over what others obey unasked.
const proxyOfEnvironment = "env"

func checkProxy(s string) error {
	u, err := url.Parse(s)
	if s != proxyOfEnvironment && (err != nil || u.Hostname() == "" || !slices.Contains([]string{"http", "https", "socks5", "socks5h"}, u.Scheme)) {
		return fmt.Errorf("want a proxy such as http://10.0.0.1:3128 or socks5://USER:PASSWORD@10.0.0.1:1080, or %s", proxyOfEnvironment)
	}
	return nil
}

// isOpenProxy reports whether a proxy is written without a password.
func isOpenProxy(s string) bool {
	u, err := url.Parse(s)
	return s == proxyOfEnvironment || err == nil && u.User == nil
}

func parseExcept(s string) (string, error) {
	if s == "" || strings.ContainsAny(s, " \t") || strings.Contains(s, "://") {
		return "", errors.New("want a domain, an address or a range, such as example.org or 10.0.0.0/8")
	}
	return s, nil
}

// UsesEnvironment reports whether the proxy is to be what the environment says.
func (c Config) UsesEnvironment() bool { return c.Proxy.text == proxyOfEnvironment }

// checkPairs finds flags that do not go together.
func (c Config) checkPairs() error {
	switch {
	case c.Key != "" && c.Cert == "":
		return errors.New("--key: wants --cert beside it")
	case c.Auth.text != "" && c.Bearer.text != "":
		return errors.New("--auth and --bearer: want one of them")
	case len(c.NoProxy) > 0 && c.Proxy.text == "":
		return errors.New("--no-proxy: wants --proxy beside it")
	case c.Store != "" && c.NoStore:
		return errors.New("--store and --no-store: want one of them")
	}
	return nil
}

// warnings are what an operator must not lose sight of.
func (c Config) warnings() []string {
	if c.Insecure {
		return []string{"certificates of listed hosts are not checked (--insecure)"}
	}
	return nil
}
