package ui

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"charm.land/bubbles/v2/key"
	"github.com/agext/levenshtein"
)

// A Rebind asks for a key of an action, in place of those it comes with.
// Several for the same action add up.
type Rebind struct {
	Where  string // where it stands, such as weir.yaml:7: errors begin with it
	Action string // its name in the configuration: see [Actions]
	Key    string // x, X, space, ctrl+x, f5; none: the action has no key
}

// NoKey is the Key of an action that is to have none. Its name in the palette
// stays.
const NoKey = "none"

// Keys say which key does what. The zero Keys are those that weir comes with.
type Keys struct{ changed keyMap }

func (k Keys) list() keyMap {
	if k.changed == nil {
		return newKeys()
	}
	return k.changed
}

// An Action is what an operator can do, as a table of keys tells it.
type Action struct {
	Name  string   // in the configuration
	Keys  []string // as Rebind takes them
	Does  string
	Fixed bool // its keys cannot be changed
}

// Actions returns what can be done, in the order of the help.
func (k Keys) Actions() []Action {
	var all []Action
	for _, a := range k.list() {
		does := a.name
		if a.does != a.name {
			does += ": " + a.does
		}
		if a.in != onPanels {
			does = "in " + scopeRules[a.in].name + ": " + does
		}
		all = append(all, Action{Name: a.id, Keys: a.key.Keys(), Does: does, Fixed: a.fixed})
	}
	return all
}

// Bind returns the keys with those of rebinds in their places. The error says
// of the first rebind that cannot be followed where it stands, what is wrong
// and what may have been meant: there is no such action or key, the key belongs
// to dialogs, or it does something else in the same place.
func Bind(rebinds []Rebind) (Keys, error) {
	keys := newKeys()
	from := map[act][]Rebind{}
	for _, r := range rebinds {
		a, err := keys.rebindable(r)
		if err == nil {
			r.Key, err = keyOf(a, r.Key)
		}
		if err == nil {
			err = besides(from[a.act], r)
		}
		if err != nil {
			return Keys{}, fmt.Errorf("%s: keys: %w", r.Where, err)
		}
		from[a.act] = append(from[a.act], r)
	}
	for i := range keys {
		if to := from[keys[i].act]; to != nil {
			keys[i].rebind(to)
		}
	}
	keys.renameEntries(from)
	return Keys{keys}, keys.conflict(rebinds)
}

// rebindable returns the action that r names.
func (k keyMap) rebindable(r Rebind) (*action, error) {
	var names []string
	for i := range k {
		switch {
		case k[i].fixed && k[i].id == r.Action:
			return nil, fmt.Errorf("%s keeps its keys (%s)", r.Action, strings.Join(k[i].key.Keys(), " "))
		case k[i].id == r.Action:
			return &k[i], nil
		case !k[i].fixed:
			names = append(names, k[i].id)
		}
	}
	words := fmt.Sprintf("there is no action %q", r.Action)
	if near := nearest(r.Action, names); near != "" {
		return nil, fmt.Errorf("%s: did you mean %s? (weir keys lists them)", words, near)
	}
	return nil, fmt.Errorf("%s: weir keys lists them", words)
}

// besides says what is wrong with one more key of an action.
func besides(had []Rebind, r Rebind) error {
	for _, h := range had {
		switch {
		case h.Key == r.Key:
			return fmt.Errorf("%s has the key %q twice", r.Action, r.Key)
		case h.Key == NoKey, r.Key == NoKey:
			return fmt.Errorf("%s has a key and none", r.Action)
		}
	}
	return nil
}

// dialogKeys are what dialogs and inputs are closed and answered with. An
// action that has one of them by itself keeps or loses it; no other can have it.
var dialogKeys = []string{"esc", "enter", "ctrl+c"}

// keyOf returns the key that text names, as it comes from a terminal.
func keyOf(a *action, text string) (string, error) {
	if text == NoKey {
		return text, nil
	}
	name, err := keyName(text)
	switch {
	case err != nil:
		return "", err
	case slices.Contains(dialogKeys, name) && !slices.Contains(a.key.Keys(), name):
		return "", fmt.Errorf("%s cannot have the key %q: it is kept for dialogs", a.id, name)
	case a.in == onPanels && "1" <= name && name <= "4" && len(name) == 1:
		return "", fmt.Errorf("%s cannot have the key %q: it goes to a panel", a.id, name)
	case a.in != onPanels && !a.in.has(name):
		return "", fmt.Errorf("%s cannot have the key %q: that is text in %s", a.id, name, scopeRules[a.in].name)
	}
	return name, nil
}

// rebind gives an action other keys; the first is the one that is shown.
func (a *action) rebind(to []Rebind) {
	var names []string
	for _, r := range to {
		if r.Key != NoKey {
			names = append(names, r.Key)
		}
	}
	shown, word := "", a.key.Help().Desc
	if len(names) > 0 {
		shown = keyText(names[0])
	}
	a.key = key.NewBinding(key.WithHelp(shown, word))
	if len(names) > 0 {
		a.key.SetKeys(names...)
	}
}

// renameEntries writes the keys of the help's entries anew where one of them
// has changed. An action without a pair belongs to the entry before it.
func (k keyMap) renameEntries(changed map[act][]Rebind) {
	for i := 0; i < len(k) && k[i].in == onPanels; {
		end := i + 1
		for end < len(k) && k[end].pair == "" && k[end].group == k[i].group {
			end++
		}
		var acts []act
		touched := false
		for _, a := range k[i:end] {
			acts = append(acts, a.act)
			touched = touched || changed[a.act] != nil
		}
		if touched {
			if k[i].pair = k.shown(" ", acts...); k[i].pair == "" {
				k[i].pair = "no key"
			}
		}
		i = end
	}
}

// conflict returns what is wrong with the first of rebinds whose key does two
// things in one place.
func (k keyMap) conflict(rebinds []Rebind) error {
	for _, r := range rebinds {
		name, _ := keyName(r.Key)
		a := k[slices.IndexFunc(k, func(a action) bool { return a.id == r.Action })]
		for _, b := range k {
			if b.act == a.act || !slices.Contains(b.key.Keys(), name) {
				continue
			}
			where, ok := a.meets(&b, name)
			if !ok {
				continue
			}
			words := fmt.Sprintf("%s: keys: %q is the key of %s and of %s", r.Where, name, a.id, b.id)
			if where != onPanels {
				words += " in " + scopeRules[where].name
			}
			for _, other := range rebinds {
				if other.Action == b.id && other.Where != r.Where {
					return fmt.Errorf("%s (%s)", words, other.Where)
				}
			}
			return fmt.Errorf("%s: give that another one, or none", words)
		}
	}
	return nil
}

// meets returns where a key of both would have to do two things: on a panel, or
// in a dialog.
func (a *action) meets(b *action, key string) (where scope, ok bool) {
	for p := batchesPanel; p <= resultsPanel; p++ {
		if a.in == onPanels && b.in == onPanels && a.on(p) && b.on(p) {
			return onPanels, true
		}
	}
	for s := inDialogs; s < scopes; s++ {
		if acts := scopeRules[s].acts; s.has(key) && slices.Contains(acts, a.act) && slices.Contains(acts, b.act) {
			return s, true
		}
	}
	return onPanels, false
}

// namedKeys are the keys that are not a letter, as Bubble Tea calls them.
var namedKeys = []string{
	"space", "tab", "enter", "esc", "backspace", "delete", "insert", "up", "down", "left", "right", "home", "end", "pgup", "pgdown",
	"f1", "f2", "f3", "f4", "f5", "f6", "f7", "f8", "f9", "f10", "f11", "f12", "f13", "f14", "f15", "f16", "f17", "f18", "f19", "f20",
}

// meantKeys are what else people call them.
var meantKeys = map[string]string{
	" ": "space", "spacebar": "space", "return": "enter", "escape": "esc", "del": "delete", "ins": "insert", "pgdn": "pgdown",
	"pagedown": "pgdown", "page-down": "pgdown", "pageup": "pgup", "page-up": "pgup", "bs": "backspace", "plus": "+", "minus": "-",
}

// sameKeys are what terminals do not tell from another key: control characters
// of ASCII that have a key of their own.
var sameKeys = map[string]string{"ctrl+i": "tab", "ctrl+m": "enter", "ctrl+[": "esc", "ctrl+?": "backspace", "ctrl+ ": "ctrl+space"}

// keyName returns the name under which a key comes from every terminal, or what
// is wrong with text.
func keyName(text string) (string, error) {
	meant := func(name string) (string, error) {
		return "", fmt.Errorf("there is no key %q: did you mean %q?", text, name)
	}
	if other := respelt(text); other != text {
		if name, err := keyName(other); err == nil {
			return meant(name)
		}
	}
	ctrl, alt, shift, base := modifiers(text)
	mods := ""
	if ctrl {
		mods = "ctrl+"
	}
	if alt {
		mods += "alt+"
	}
	shifted := mods
	if shift {
		shifted += "shift+"
	}
	if slices.Contains(namedKeys, base) {
		return shifted + base, nil
	}
	if name, ok := meantKeys[strings.ToLower(base)]; ok {
		return meant(shifted + name)
	}
	letter, size := utf8.DecodeRuneInString(base)
	switch {
	case base == "" || size < len(base) || !unicode.IsGraphic(letter) || unicode.IsSpace(letter):
		if near := nearest(base, namedKeys); near != "" {
			return meant(shifted + near)
		}
		return "", fmt.Errorf("there is no key %q: want a character, or space, f5, ctrl+x and the like", text)
	case ctrl && shift:
		return "", fmt.Errorf("terminals do not tell %q from %q", text, mods+strings.ToLower(base))
	case shift:
		return meant(mods + strings.ToUpper(base))
	case sameKeys[mods+base] != "":
		return "", fmt.Errorf("terminals do not tell %q from %q", text, sameKeys[mods+base])
	case ctrl && unicode.IsUpper(letter):
		return meant(mods + strings.ToLower(base))
	case ctrl && !strings.ContainsRune(`abcdefghijklmnopqrstuvwxyz@\]^_`, letter):
		return "", fmt.Errorf("terminals do not send %q", text)
	}
	return mods + base, nil
}

// modifiers cuts the modifiers off a key's name, in whatever order.
func modifiers(text string) (ctrl, alt, shift bool, base string) {
	for {
		word, rest, ok := strings.Cut(text, "+")
		switch {
		case !ok || rest == "":
			return ctrl, alt, shift, text
		case word == "ctrl":
			ctrl = true
		case word == "alt":
			alt = true
		case word == "shift":
			shift = true
		default:
			return ctrl, alt, shift, text
		}
		text = rest
	}
}

// modifierWords are other ways to write a modifier.
var modifierWords = map[string]string{
	"c": "ctrl", "control": "ctrl", "^": "ctrl", "strg": "ctrl", "m": "alt", "meta": "alt", "option": "alt", "s": "shift",
}

// respelt returns text with its modifiers written as here: ctrl+x for C-x, ^X,
// Ctrl+x and ctl+x. Text that has none stays as it is.
func respelt(text string) string {
	if rest, ok := strings.CutPrefix(text, "^"); ok && rest != "" {
		return "ctrl+" + strings.ToLower(rest)
	}
	at := strings.IndexAny(text, "+-")
	if at < 1 || at == len(text)-1 {
		return text
	}
	word := strings.ToLower(text[:at])
	if meant, ok := modifierWords[word]; ok {
		word = meant
	} else if near := nearest(word, []string{"ctrl", "alt", "shift"}); near != "" {
		word = near
	} else {
		return text
	}
	return word + "+" + respelt(text[at+1:])
}

// nearest returns the name that word was meant for: the one with the fewest
// slips, at most two and less than half of it; none is that near: empty.
func nearest(word string, names []string) string {
	best, least := "", 3
	for _, name := range names {
		if d := levenshtein.Distance(strings.ToLower(word), name, nil); d < least && 2*d <= len(name) {
			best, least = name, d
		}
	}
	return best
}
