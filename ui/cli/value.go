package cli

import (
	"errors"
	"fmt"
	"math"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"
)

// A value is a pflag.Value over a field of a Config. Its errors say what is
// wanted, without the flag's name: that is added by whoever knows where the
// text came from.
type value[T any] struct {
	to    *T
	kind  string
	parse func(string) (T, error)
	show  func(T) string
}

func one[T any](to *T, kind string, parse func(string) (T, error), show func(T) string) *value[T] {
	return &value[T]{to: to, kind: kind, parse: parse, show: show}
}

func (v *value[T]) String() string { return v.show(*v.to) }
func (v *value[T]) Type() string   { return v.kind }

func (v *value[T]) Set(s string) error {
	t, err := v.parse(s)
	if err != nil {
		return err
	}
	*v.to = t
	return nil
}

// text is a value that takes any text.
func text(to *string) *value[string] {
	return one(to, "string", func(s string) (string, error) { return s, nil }, showText)
}

// yes adds a flag that needs no value.
func yes(fs *pflag.FlagSet, to *bool, name, usage string) {
	parse := func(s string) (bool, error) {
		b, err := strconv.ParseBool(s)
		if err != nil {
			return false, errors.New("want true or false")
		}
		return b, nil
	}
	fs.VarPF(one(to, "bool", parse, strconv.FormatBool), name, "", usage).NoOptDefVal = "true"
}

// A list is a flag that may be repeated. In an environment variable its items
// stand apart by sep.
type list[T any] struct {
	to    *[]T
	sep   string
	parse func(string) (T, error)
	texts []string // that it was given
}

func many[T any](to *[]T, sep string, parse func(string) (T, error)) *list[T] {
	return &list[T]{to: to, sep: sep, parse: parse}
}

func (l *list[T]) String() string  { return "" }
func (l *list[T]) Type() string    { return "list" }
func (l *list[T]) given() []string { return l.texts }

func (l *list[T]) Set(s string) error {
	t, err := l.parse(s)
	if err != nil {
		return err
	}
	*l.to = append(*l.to, t)
	l.texts = append(l.texts, s)
	return nil
}

// split cuts the text of an environment variable into items.
func (l *list[T]) split(s string) []string {
	var items []string
	for item := range strings.SplitSeq(s, l.sep) {
		if item = strings.TrimSpace(item); item != "" {
			items = append(items, item)
		}
	}
	return items
}

// A splitter is a value that takes several items.
type splitter interface {
	split(string) []string
	given() []string
}

func between(low, high int) func(string) (int, error) {
	return func(s string) (int, error) {
		n, err := strconv.Atoi(s)
		if err != nil || n < low || n > high {
			return 0, fmt.Errorf("want a number from %d to %d", low, high)
		}
		return n, nil
	}
}

// longest is the longest interval or timeout that means anything: a day.
const longest = 24 * time.Hour

func parseInterval(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 || d > longest {
		return 0, errors.New("want a time from 0 to 24h, such as 1s or 500ms")
	}
	return d, nil
}

func parseTimeout(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if err != nil || d <= 0 || d > longest {
		return 0, errors.New("want a time above 0, up to 24h, such as 30s")
	}
	return d, nil
}

func parseRate(s string) (float64, error) {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(f) || f < 0 || f > 1e6 {
		return 0, errors.New("want requests a second, such as 2 or 0.5")
	}
	return f, nil
}

// parseShare reads a share in percent, 1 to 100, or off.
func parseShare(s string) (float64, error) {
	if s == "off" {
		return 0, nil
	}
	digits, ok := strings.CutSuffix(s, "%")
	n, err := strconv.ParseUint(digits, 10, 8)
	if !ok || err != nil || n < 1 || n > 100 {
		return 0, errors.New("want a share from 1% to 100%, or off")
	}
	return float64(n) / 100, nil
}

func showShare(share float64) string {
	if share == 0 {
		return "off"
	}
	return strconv.Itoa(int(math.Round(100*share))) + "%"
}

func parseSeed(s string) (uint64, error) {
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		return 0, errors.New("want a whole number")
	}
	return n, nil
}

// units are the endings of a size, longest first.
var units = []struct {
	name  string
	bytes int64
}{
	{"KiB", 1 << 10},
	{"MiB", 1 << 20},
	{"GiB", 1 << 30},
	{"kB", 1e3},
	{"KB", 1e3},
	{"MB", 1e6},
	{"GB", 1e9},
	{"B", 1},
	{"", 1},
}

// parseSize reads a number of bytes, 1 to 1 GiB.
func parseSize(s string) (int64, error) { return sizeUpTo(1<<30, "1 GiB")(s) }

// sizeUpTo reads a number of bytes from 1 to most, which name stands for.
func sizeUpTo(most int64, name string) func(string) (int64, error) {
	return func(s string) (int64, error) {
		wrong := fmt.Errorf("want a size from 1 B to %s, such as 10MiB", name)
		for _, u := range units {
			digits, ok := strings.CutSuffix(s, u.name)
			if !ok {
				continue
			}
			n, err := strconv.ParseInt(strings.TrimSpace(digits), 10, 64)
			if err != nil || n < 1 || n > most/u.bytes {
				return 0, wrong
			}
			return n * u.bytes, nil
		}
		return 0, wrong
	}
}

// parsePrefix reads a range of addresses, or one address.
func parsePrefix(s string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(s); err == nil && a.Zone() == "" {
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	p, err := netip.ParsePrefix(s)
	if err != nil {
		return netip.Prefix{}, errors.New("want addresses such as 10.0.0.0/8 or 127.0.0.1")
	}
	return p.Masked(), nil
}

// parseAddress reads where to listen: host:port, or a port of 127.0.0.1.
// Nothing is nowhere.
func parseAddress(s string) (string, error) {
	if s == "" {
		return "", nil
	}
	host, port, err := net.SplitHostPort(s)
	if err != nil {
		port = s
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return "", errors.New("want an address such as 127.0.0.1:9090, or a port")
	}
	if host == "" {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port), nil
}

func oneOf(words ...string) func(string) (string, error) {
	return func(s string) (string, error) {
		if slices.Contains(words, s) {
			return s, nil
		}
		return "", fmt.Errorf("want %s", strings.Join(words, " or "))
	}
}

func showInt(n int) string      { return strconv.Itoa(n) }
func showText(s string) string  { return s }
func showSeed(n uint64) string  { return strconv.FormatUint(n, 10) }
func showRate(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) }

// showDuration writes 1s, 1m30s and 2h, where Duration.String has 1m30s but
// 2h0m0s.
func showDuration(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// showSize writes a size with the largest binary unit that divides it.
func showSize(n int64) string {
	for _, u := range []int{2, 1, 0} {
		if n%units[u].bytes == 0 && n > 0 {
			return strconv.FormatInt(n/units[u].bytes, 10) + units[u].name
		}
	}
	return strconv.FormatInt(n, 10)
}
