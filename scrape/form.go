package scrape

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// maxControls is how many controls of a form are sent.
const maxControls = 1000

// A form is what is sent to log in.
type form struct {
	action target
	body   string // application/x-www-form-urlencoded
	hidden []int  // fields of the login that are passwords on the page
}

// A loginDoc is a page that may have the form, or say that it is wanted.
type loginDoc struct {
	w    *work
	root *html.Node
	page target // its URL
	base target // what its URLs hang on
}

// newLoginDoc parses a page within the limits of every page.
func newLoginDoc(w *work, body []byte, at target) (*loginDoc, error) {
	doc, err := w.parse(body)
	if err != nil {
		return nil, err
	}
	d := &loginDoc{w: w, root: doc.root, page: at, base: at}
	if doc.base != "" {
		if base, err := at.resolve(strings.TrimSpace(doc.base)); err == nil {
			d.base = base
		}
	}
	return d, nil
}

// each calls f for each element below top, in document order, until it returns
// false.
func (d *loginDoc) each(top *html.Node, f func(*html.Node) bool) {
	for n := range top.Descendants() {
		if !d.w.spend(1) || n.Type == html.ElementNode && !f(n) {
			return
		}
	}
}

// find returns the first element that sel selects, nil if there is none.
func (d *loginDoc) find(sel *selector) *html.Node {
	m := sel.on(d.w, d.root)
	for c := d.root.FirstChild; c != nil; c = c.NextSibling {
		if n := m.MatchFirst(c); n != nil {
			return n
		}
	}
	return nil
}

// form returns the form to log in with, nil if the page has none.
func (d *loginDoc) form(l *login) *html.Node {
	if l.form != nil {
		n := d.find(l.form)
		for n != nil && n.DataAtom != atom.Form { // the selector is for something in it
			n = n.Parent
		}
		return n
	}
	var found *html.Node
	d.each(d.root, func(n *html.Node) bool {
		if n.DataAtom == atom.Form {
			for _, c := range d.controls(n) {
				if kindOfInput(c) == "password" {
					found = n
				}
			}
		}
		return found == nil
	})
	return found
}

// controls returns the controls of a form: those in it, and those elsewhere
// that name it. A form that begins between a table and its rows is empty once
// it is parsed; its controls are then those behind it that are in no form.
func (d *loginDoc) controls(form *html.Node) []*html.Node {
	var cs []*html.Node
	id, named := attribute(form, "id")
	begun := false
	d.each(d.root, func(n *html.Node) bool {
		switch n.DataAtom {
		case atom.Form:
			begun = begun || n == form
		case atom.Input, atom.Select, atom.Textarea, atom.Button:
			owner, elsewhere := attribute(n, "form")
			in := d.formOf(n)
			switch {
			case elsewhere && !(named && owner == id):
			case elsewhere, in == form, in == nil && begun && form.FirstChild == nil:
				cs = append(cs, n)
			}
		}
		return len(cs) < maxControls
	})
	return cs
}

// formOf returns the form that n is in, nil if it is in none.
func (d *loginDoc) formOf(n *html.Node) *html.Node {
	for ; n != nil && n.DataAtom != atom.Form && d.w.spend(1); n = n.Parent {
	}
	return n
}

func kindOfInput(n *html.Node) string {
	if n.DataAtom != atom.Input {
		return ""
	}
	kind, _ := attribute(n, "type")
	return strings.ToLower(kind)
}

// fill returns what to send: the fields of l with their values, and what else
// the form would send by itself, such as hidden fields.
func (d *loginDoc) fill(l *login, n *html.Node, values []string) (*form, error) {
	if method, _ := attribute(n, "method"); !strings.EqualFold(method, "post") {
		return nil, errors.New("the form is not sent with POST: what is secret would stand in a URL")
	}
	if coding, _ := attribute(n, "enctype"); coding != "" && !strings.EqualFold(coding, "application/x-www-form-urlencoded") {
		return nil, fmt.Errorf("the form is sent as %s, which is not supported", clip(coding, 40))
	}
	f := &form{action: d.page} // whatever the base (HTML standard, section 4.10.21.3)
	if action, ok := attribute(n, "action"); ok && strings.TrimSpace(action) != "" {
		var err error
		if f.action, err = d.base.resolve(strings.TrimSpace(action)); err != nil {
			return nil, errors.New("the form leads nowhere")
		}
	}
	if d.page.scheme == "https" && f.action.scheme == "http" {
		return nil, errors.New("the form would be sent in the clear")
	}
	own := make(map[string]int, len(l.fields))
	for i := range l.fields {
		own[l.fields[i].name] = i
	}
	sent := make([]bool, len(l.fields))
	body := make([]string, 0, len(l.fields)+8)
	put := func(name, value string) { body = append(body, url.QueryEscape(name)+"="+url.QueryEscape(value)) }
	var names []string
	pressed := false
	for _, c := range d.controls(n) {
		name, _ := attribute(c, "name")
		if name == "" {
			continue
		}
		if i, mine := own[name]; mine {
			if kindOfInput(c) == "password" {
				if l.fields[i].open() {
					return nil, fmt.Errorf("field %s is a password and stands in the recipe: write ${NAME} or ${file:PATH}", clip(name, 40))
				}
				f.hidden = append(f.hidden, i)
			}
			if !sent[i] {
				sent[i] = true
				put(name, values[i])
			}
			continue
		}
		if value, ok := successful(d.w, c, &pressed); ok {
			put(name, value)
		}
		if len(names) < 10 && kindOfInput(c) != "hidden" {
			names = append(names, clip(name, 20))
		}
	}
	for i, ok := range sent {
		if !ok {
			return nil, fmt.Errorf("the form has no field %s; besides those that are given it has: %s", clip(l.fields[i].name, 40), strings.Join(names, ", "))
		}
	}
	f.body = strings.Join(body, "&")
	return f, nil
}

// successful returns what a control that nobody touched sends, if anything
// (HTML standard, section 4.10.22.4). The first button is the one pressed.
func successful(w *work, c *html.Node, pressed *bool) (value string, ok bool) {
	if _, off := attribute(c, "disabled"); off {
		return "", false
	}
	value, valued := attribute(c, "value")
	switch c.DataAtom {
	case atom.Textarea:
		return textOf(w, c), true
	case atom.Select:
		return chosen(w, c)
	case atom.Button:
		kind, _ := attribute(c, "type")
		if *pressed || kind != "" && !strings.EqualFold(kind, "submit") {
			return "", false
		}
		*pressed = true
		return value, true
	}
	switch kindOfInput(c) {
	case "checkbox", "radio":
		_, on := attribute(c, "checked")
		if !valued {
			value = "on"
		}
		return value, on
	case "submit":
		if *pressed {
			return "", false
		}
		*pressed = true
		return value, true
	case "button", "reset", "image", "file":
		return "", false
	}
	return value, true
}

// chosen returns the selected option of a select, or else its first.
func chosen(w *work, sel *html.Node) (value string, ok bool) {
	for n := range sel.Descendants() {
		if n.DataAtom != atom.Option || !w.spend(1) {
			continue
		}
		_, selected := attribute(n, "selected")
		if ok && !selected {
			continue
		}
		var has bool
		if value, has = attribute(n, "value"); !has {
			value = textOf(w, n)
		}
		if ok = true; selected {
			break
		}
	}
	return value, ok
}

// token returns the value that a page gives for all later requests.
func (d *loginDoc) token(t *token) string {
	n := d.find(t.sel)
	if n == nil {
		return ""
	}
	if t.attr == "" {
		return textOf(d.w, n)
	}
	value, _ := attribute(n, t.attr)
	return value
}

// asks reports whether the page asks for a login.
func (a *again) on(d *loginDoc) bool {
	return a.sel != nil && d.find(a.sel) != nil || a.match != nil && a.match.matches(d.w, textOf(d.w, d.root))
}
