package scrape

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/http/httpguts"

	"go.yaml.in/yaml/v4"

	"weir/engine"
)

const (
	maxSecret      = 64 << 10 // bytes of a file with one
	maxLoginFields = 50
)

// A login says how a batch logs in before its pages are fetched.
type login struct {
	url    string    // of the page with the form; may begin with {base}
	form   *selector // nil: the first form with a password in it
	fields []secret
	token  token
	again  again
	file   string // of the recipe, for errors; its directory is where relative files are
}

// A secret is a field of a form, made of text and of what is in the environment
// or in files. What it comes to is never kept in a recipe.
type secret struct {
	name  string
	parts []secretPart
	line  int // of its value in the recipe
	col   int
}

// A secretPart is text, or if from is set the variable or file of that name.
type secretPart struct {
	text string
	from string // env or file; empty: text is itself
}

// open reports whether the value stands in the recipe for everyone to read.
func (f *secret) open() bool {
	return !slices.ContainsFunc(f.parts, func(p secretPart) bool { return p.from != "" })
}

// A token is a value of a page that goes with every request from then on.
type token struct {
	sel    *selector // nil: there is none
	attr   string    // empty: the text
	header string    // the field that it is sent in ...
	query  string    // ... or the parameter
}

// An again says when a page asks for a login. The zero again never does.
type again struct {
	sel    *selector
	match  *pattern // on the text of the page
	status []int
}

func loginKeys() []key[*login] {
	return []key[*login]{
		{name: "url", read: func(s sheet, p pair, l *login) (err error) {
			if l.url, err = s.text(p); err != nil {
				return err
			}
			return s.at(p.value, checkLoginURL(l.url))
		}},
		{name: "form", read: func(s sheet, p pair, l *login) (err error) {
			l.form, err = s.selector(p)
			return err
		}},
		{name: "fields", read: sheet.secrets},
		{name: "token", read: func(s sheet, p pair, l *login) error {
			has, err := mapping(s, p.value, "token", tokenKeys(), &l.token)
			if err != nil {
				return err
			}
			_, header := has["header"]
			if _, query := has["query"]; l.token.sel == nil || header == query {
				return s.errorf(p.at, "a token has select and one of header and query")
			}
			return nil
		}},
		{name: "again", read: func(s sheet, p pair, l *login) error {
			_, err := mapping(s, p.value, "again", againKeys(), &l.again)
			return err
		}},
	}
}

func tokenKeys() []key[*token] {
	return []key[*token]{
		{name: "select", read: func(s sheet, p pair, t *token) (err error) {
			t.sel, err = s.selector(p)
			return err
		}},
		{name: "attr", read: func(s sheet, p pair, t *token) (err error) {
			t.attr, err = s.attr(p)
			return err
		}},
		{name: "header", read: func(s sheet, p pair, t *token) (err error) {
			if t.header, err = s.text(p); err != nil {
				return err
			}
			return s.at(p.value, checkHeader(t.header, nil))
		}},
		{name: "query", read: func(s sheet, p pair, t *token) (err error) {
			if t.query, err = s.text(p); err == nil && !httpguts.ValidHeaderFieldName(t.query) {
				err = s.errorf(p.value, "query %q is no parameter's name", clip(t.query, maxShown))
			}
			return err
		}},
	}
}

func againKeys() []key[*again] {
	return []key[*again]{
		{name: "select", read: func(s sheet, p pair, a *again) (err error) {
			a.sel, err = s.selector(p)
			return err
		}},
		{name: "match", read: func(s sheet, p pair, a *again) (err error) {
			a.match, err = s.regex(p)
			return err
		}},
		{name: "status", read: func(s sheet, p pair, a *again) error {
			nodes := []*yaml.Node{p.value}
			if p.value.Kind == yaml.SequenceNode {
				nodes = p.value.Content
			}
			for _, n := range nodes {
				status, err := s.count(pair{key: "status", at: p.at, value: n}, 400, 499)
				if err != nil {
					return err
				}
				a.status = append(a.status, status)
			}
			return nil
		}},
	}
}

// login reads how to log in.
func (s sheet) login(p pair, r *Recipe) error {
	l := &login{file: s.file}
	if _, err := mapping(s, p.value, "login", loginKeys(), l); err != nil {
		return err
	}
	switch {
	case l.url == "":
		return s.errorf(p.at, "login has no url")
	case len(l.fields) == 0:
		return s.errorf(p.at, "login has no fields")
	}
	r.login = l
	return nil
}

func checkLoginURL(url string) error {
	rest, based := strings.CutPrefix(url, slotBase)
	switch {
	case strings.ContainsAny(rest, "{}"):
		return fmt.Errorf("url %q: only %s is filled, at the beginning", clip(url, maxShown), slotBase)
	case based:
		return nil
	}
	_, err := parseTarget(url)
	return err
}

// secrets reads the fields of a form.
func (s sheet) secrets(p pair, l *login) error {
	keys, err := s.pairs(p.value, "fields")
	if err != nil {
		return err
	}
	if len(keys) > maxLoginFields {
		return s.errorf(p.value, "%d fields, at most %d", len(keys), maxLoginFields)
	}
	for _, p := range keys {
		text, err := s.text(p)
		if err != nil {
			return err
		}
		f := secret{name: p.key, line: p.value.Line, col: p.value.Column}
		if f.parts, err = secretParts(text); err != nil {
			return s.at(p.value, fmt.Errorf("login field %s: %w", clip(p.key, maxShown), err))
		}
		if len(f.parts) > 0 && f.open() && isPasswordName(p.key) { // others are known when the form is there
			return s.errorf(p.value, "login field %s is a password and stands in the recipe: write ${NAME} or ${file:PATH}", clip(p.key, maxShown))
		}
		l.fields = append(l.fields, f)
	}
	return nil
}

// isPasswordName reports whether a form's field of that name is a password
// without doubt.
func isPasswordName(name string) bool {
	name = strings.ToLower(name)
	return slices.Contains([]string{"pw", "pwd", "pass"}, name) ||
		slices.ContainsFunc([]string{"password", "passwd", "passwort", "passphrase"}, func(word string) bool { return strings.Contains(name, word) })
}

var envName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// secretParts cuts a value into text, ${NAME} and ${file:PATH}. Its errors do
// not repeat it.
func secretParts(text string) (parts []secretPart, err error) {
	for text != "" {
		plain, rest, found := strings.Cut(text, "${")
		if plain != "" {
			parts = append(parts, secretPart{text: plain})
		}
		if !found {
			break
		}
		name, after, closed := strings.Cut(rest, "}")
		path, isFile := strings.CutPrefix(name, "file:")
		switch {
		case !closed:
			return nil, fmt.Errorf("${ without its }")
		case isFile && path != "":
			parts = append(parts, secretPart{text: path, from: "file"})
		case envName.MatchString(name):
			parts = append(parts, secretPart{text: name, from: "env"})
		default:
			return nil, fmt.Errorf("${...} holds neither a variable's name nor file: and a path")
		}
		text = after
	}
	return parts, nil
}

// Prepare reads the secrets that r logs in with, for as long as s lives. Call
// it before r is used: without it the jobs of a recipe with a login fail. The
// error names the place in the recipe and the variable or file, and no value.
func (s *Scraper) Prepare(r *Recipe) error {
	if r.login == nil {
		return nil
	}
	values := make([]string, len(r.login.fields))
	for i := range r.login.fields {
		f := &r.login.fields[i]
		value, err := f.read(filepath.Dir(r.login.file))
		if err != nil {
			return fmt.Errorf("scrape: recipe %s:%d:%d: login field %s: %w", r.login.file, f.line, f.col, clip(f.name, maxShown), err)
		}
		values[i] = value
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.secrets == nil {
		s.secrets = make(map[engine.RecipeRef][]string)
	}
	s.secrets[r.Ref()] = values
	return nil
}

// read puts the value together. dir is where relative files are.
func (f *secret) read(dir string) (string, error) {
	var b strings.Builder
	for _, p := range f.parts {
		switch p.from {
		case "env":
			value, ok := os.LookupEnv(p.text)
			if !ok || value == "" {
				return "", fmt.Errorf("the environment has no %s", p.text)
			}
			b.WriteString(value)
		case "file":
			value, err := secretFile(dir, p.text)
			if err != nil {
				return "", err
			}
			b.WriteString(value)
		default:
			b.WriteString(p.text)
		}
	}
	return b.String(), nil
}

// secretFile returns a file's text without the line end behind it.
func secretFile(dir, path string) (string, error) {
	full := path
	if !filepath.IsAbs(path) {
		full = filepath.Join(dir, path)
	}
	info, err := os.Stat(full)
	switch {
	case err != nil:
		return "", fmt.Errorf("file %s: %w", path, bare(err))
	case !info.Mode().IsRegular() || info.Size() > maxSecret:
		return "", fmt.Errorf("file %s: not a file of at most %s", path, size(maxSecret))
	}
	text, err := os.ReadFile(full)
	if err != nil {
		return "", fmt.Errorf("file %s: %w", path, bare(err))
	}
	value := strings.TrimRight(string(text), "\r\n")
	if value == "" {
		return "", fmt.Errorf("file %s: empty", path)
	}
	return value, nil
}

// bare returns what is wrong with a file, without its path.
func bare(err error) error {
	if pe, ok := err.(*os.PathError); ok {
		return pe.Err
	}
	return err
}

// base returns what {base} stands for in the recipe's login: what the recipe's
// url was filled with to become the listed URL; the scheme and host of it in a
// recipe without url, and if that cannot be told.
func (r *Recipe) base(listed string) (string, error) {
	t, err := parseTarget(listed)
	if err != nil {
		return "", err
	}
	if rest, ok := strings.CutPrefix(r.url, slotBase); ok {
		pattern := regexp.QuoteMeta(rest)
		if at := strings.Index(rest, "{month"); at >= 0 {
			end := at + strings.IndexByte(rest[at:], '}') + 1
			pattern = regexp.QuoteMeta(rest[:at]) + `[^/?#]+` + regexp.QuoteMeta(rest[end:])
		}
		if re, err := regexp.Compile("^(https?://.*?)" + pattern + "$"); err == nil {
			if m := re.FindStringSubmatch(t.href); m != nil {
				return strings.TrimRight(m[1], "/"), nil
			}
		}
	}
	return t.scheme + "://" + t.authority, nil
}

// loginPage returns the page with the form for a walk that began at listed.
func (r *Recipe) loginPage(listed string) (target, error) {
	url := r.login.url
	if rest, ok := strings.CutPrefix(url, slotBase); ok {
		base, err := r.base(listed)
		if err != nil {
			return target{}, err
		}
		url = base + rest
	}
	return parseTarget(url)
}

// asks reports whether an answer with that status asks for a login.
func (a *again) asks(status int) bool { return slices.Contains(a.status, status) }
