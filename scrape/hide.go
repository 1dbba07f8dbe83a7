package scrape

import (
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/html"

	"weir/engine"
)

// hide takes what is secret out of a text that people will see; all of it, if
// the secret stands there in some coding.
func (ses *session) hide(text string) string {
	secrets := ses.spoken()
	holds := func(text string) bool {
		return slices.ContainsFunc(secrets, func(s string) bool { return strings.Contains(text, s) })
	}
	for _, s := range secrets {
		text = strings.ReplaceAll(text, s, "(hidden)")
	}
	for _, decode := range []func(string) (string, error){
		url.PathUnescape, url.QueryUnescape, func(s string) (string, error) { return html.UnescapeString(s), nil },
	} {
		if plain, err := decode(text); err == nil && plain != text && holds(plain) {
			return "(hidden)"
		}
	}
	return text
}

// shows reports whether a text holds what is secret.
func (ses *session) shows(text string) bool { return ses.hide(text) != text }

// spoken returns what is to be hidden: the token and the values that are not in
// the recipe.
func (ses *session) spoken() []string {
	ses.mu.Lock()
	defer ses.mu.Unlock()
	values := []string{ses.token}
	for i := range ses.login.fields {
		if !ses.login.fields[i].open() {
			values = append(values, ses.values[i])
		}
	}
	return slices.DeleteFunc(values, func(v string) bool { return len(v) < leastSecret })
}

// hideRecords takes what is a password on the login's page out of records.
func (ses *session) hideRecords(records []engine.Record) {
	ses.mu.Lock()
	var passwords []string
	for _, i := range ses.hidden {
		if len(ses.values[i]) >= leastSecret {
			passwords = append(passwords, ses.values[i])
		}
	}
	ses.mu.Unlock()
	hide := func(v any) any {
		text, ok := v.(string)
		for _, p := range passwords {
			text = strings.ReplaceAll(text, p, "(hidden)")
		}
		if !ok {
			return v
		}
		return text
	}
	for _, rec := range records {
		for i := range rec {
			switch v := rec[i].Value.(type) {
			case string:
				rec[i].Value = hide(v)
			case []string:
				for j := range v {
					v[j] = hide(v[j]).(string)
				}
			case []any:
				for j := range v {
					v[j] = hide(v[j])
				}
			}
		}
	}
}

// hideAll takes what is secret out of a result.
func (ses *session) hideAll(r *engine.Result) {
	r.Error, r.Final, r.Title = ses.hide(r.Error), ses.hide(r.Final), ses.hide(r.Title)
	for i := range r.Header {
		r.Header[i].Value = ses.hide(r.Header[i].Value)
	}
	for i := range r.Findings {
		r.Findings[i].Raw = ses.hide(r.Findings[i].Raw)
	}
	r.Links = slices.DeleteFunc(r.Links, func(j engine.Job) bool { return ses.shows(j.URL) })
}
