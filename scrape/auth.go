package scrape

import (
	"encoding/base64"
	"errors"
	"strings"
	"unicode"

	"golang.org/x/net/http/httpguts"
)

// An Auth is what says who asks, in every request to the origins that the
// operator listed. It prints as (hidden).
type Auth struct{ field string }

// Basic returns the Auth of a user and a password apart by a colon (RFC 7617).
func Basic(userPassword string) (*Auth, error) {
	user, _, ok := strings.Cut(userPassword, ":")
	switch {
	case !ok || user == "":
		return nil, errors.New("want USER:PASSWORD")
	case strings.IndexFunc(userPassword, unicode.IsControl) >= 0:
		return nil, errors.New("a control character in it")
	}
	return &Auth{"Basic " + base64.StdEncoding.EncodeToString([]byte(userPassword))}, nil
}

// Bearer returns the Auth of a token (RFC 6750, section 2.1).
func Bearer(token string) (*Auth, error) {
	if token == "" || strings.ContainsAny(token, " \t") || !httpguts.ValidHeaderFieldValue(token) {
		return nil, errors.New("want a token, without white space")
	}
	return &Auth{"Bearer " + token}, nil
}

// String returns (hidden).
func (a *Auth) String() string { return "(hidden)" }

// GoString returns (hidden).
func (a *Auth) GoString() string { return "(hidden)" }
