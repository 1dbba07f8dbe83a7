package cli

import (
	"errors"
	"slices"
	"strings"

	"golang.org/x/net/http/httpguts"
)

// A headerList is the flag of header fields. A value that is written as @FILE
// is the first line of that file, as with every secret; of one that begins
// with @@ the first @ is left out.
type headerList struct {
	*list[string]
	files *[]string // of each field, the FILE that its value came from; empty: none
}

func headers(to *[]string) headerList {
	return headerList{many(to, "\n", parseHeader), new([]string)}
}

// Set adds a field.
func (h headerList) Set(s string) error {
	field, err := h.parse(s)
	if err != nil {
		return err
	}
	name, val, _ := strings.Cut(field, ": ")
	file := ""
	if rest, ok := strings.CutPrefix(val, "@"); ok && strings.HasPrefix(rest, "@") {
		field = name + ": " + rest
	} else if ok {
		file = rest
		line, err := firstLine(file)
		if err != nil {
			return err
		}
		if field, err = parseHeader(name + ": " + line); err != nil {
			return errors.New(file + ": its first line is no value of a header")
		}
	}
	*h.to = append(*h.to, field)
	*h.files = append(*h.files, file)
	h.texts = append(h.texts, s)
	return nil
}

// parseHeader checks one header field (RFC 9110, section 5) and returns it as
// "Name: value".
func parseHeader(s string) (string, error) {
	name, val, ok := strings.Cut(s, ":")
	name, val = strings.TrimSpace(name), strings.TrimSpace(val)
	if !ok || !httpguts.ValidHeaderFieldName(name) || !httpguts.ValidHeaderFieldValue(val) {
		return "", errors.New("want a header such as 'Accept-Language: de'")
	}
	return name + ": " + val, nil
}

// parseAgent checks what --user-agent says.
func parseAgent(s string) (string, error) {
	if !httpguts.ValidHeaderFieldValue(s) {
		return "", errors.New("want one line of text")
	}
	return s, nil
}

// parseContact checks what stands in brackets behind it.
func parseContact(s string) (string, error) {
	if !httpguts.ValidHeaderFieldValue(s) || strings.ContainsAny(s, "()") {
		return "", errors.New("want an address or a URL without brackets")
	}
	return s, nil
}

// secretWords are parts of the names of headers whose values are secrets:
// Authorization, Cookie, X-Api-Key, X-Auth-Token and their like. Whoever has a
// secret under another name writes it as @FILE.
var secretWords = []string{
	"auth", "cookie", "token", "secret", "passw", "credential", "session", "signature", "api-key", "apikey", "access-key", "private-key", "jwt",
}

// isSecretHeader reports whether the value of a header is not to be written
// down.
func isSecretHeader(name string) bool {
	name = strings.ToLower(name)
	return slices.ContainsFunc(secretWords, func(w string) bool { return strings.Contains(name, w) })
}

// hideHeader is a header as an error may repeat it.
func hideHeader(s string) string {
	name, val, ok := strings.Cut(s, ":")
	if ok && isSecretHeader(name) && !strings.HasPrefix(strings.TrimSpace(val), "@") {
		return name + ": " + hidden
	}
	return s
}
