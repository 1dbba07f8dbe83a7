package scrape

import (
	"strings"

	"golang.org/x/net/html/atom"
)

// svg reads an icon: an <svg> of nothing but shapes, whose tag was just read. It
// is text as far as the elements around it are concerned.
func (t *tidy) svg(closed bool) bool {
	if t.mode != inBody && t.mode != inCell && t.mode != inCaption {
		return false
	}
	outside := len(t.open)
	if !t.shape(atom.Svg, "svg", closed) {
		return false
	}
	for tags := 1; len(t.open) > outside; tags++ {
		if tags%tagsPerRead == 0 && !t.w.alive() {
			return false
		}
		rest := t.page[t.i:]
		switch {
		case len(rest) < 3:
			return false
		case rest[0] != '<':
			end := strings.IndexByte(rest, '<')
			if end < 0 {
				return false
			}
			t.i += end
			t.addText(t.top(), unescaped(rest[:end]))
		case isLetter(rest[1]):
			tag, name, closed, ok := t.tag()
			if !ok || !isShape(name) || !t.shape(tag, name, closed) {
				return false
			}
		case rest[1] == '/' && isLetter(rest[2]):
			t.i += 2
			_, name, ok := t.name()
			if t.space(); !ok || name != t.top().Data || !t.next('>') {
				return false
			}
			t.i++
			t.pop()
		default:
			return false
		}
	}
	return true
}

// shape adds an element of an icon, whose attributes are t.attrs.
func (t *tidy) shape(tag atom.Atom, name string, closed bool) bool {
	for i := range t.attrs {
		key := &t.attrs[i].Key
		switch {
		case *key == "viewbox":
			*key = "viewBox"
		case !isShapeAttr(*key) && !strings.HasPrefix(*key, "data-") && !strings.HasPrefix(*key, "aria-"):
			return false
		}
	}
	ok := t.add(tag, name, t.attrs)
	t.top().Namespace = "svg"
	if closed {
		t.pop()
	}
	return ok
}

func isShape(name string) bool {
	switch name {
	case "path", "g", "circle", "rect", "line", "polyline", "polygon", "ellipse", "use", "defs", "symbol":
		return true
	}
	return false
}

// isShapeAttr reports whether an attribute of SVG is written in lower case and
// without a namespace.
func isShapeAttr(key string) bool {
	switch key {
	case "xmlns", "class", "id", "style", "width", "height", "version", "role", "focusable", "fill", "fill-rule", "clip-rule",
		"stroke", "stroke-width", "stroke-linecap", "stroke-linejoin", "opacity", "transform", "d", "x", "y", "x1", "x2", "y1", "y2",
		"cx", "cy", "r", "rx", "ry", "points", "href", "color", "display":
		return true
	}
	return false
}
