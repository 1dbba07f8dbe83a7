package scrape

import (
	"strings"
	"testing"
)

// What is secret does not leave https, by the form itself or by a <base>.
func TestFormIsNotSentInTheClear(t *testing.T) {
	l := &login{fields: []secret{{name: "pw", parts: []secretPart{{text: "PW", from: "env"}}}}}
	for _, tc := range []struct{ page, text, want string }{
		{"https://one.test/login", "<form method=post action='http://one.test/in'><input type=password name=pw></form>", "the form would be sent in the clear"},
		{"https://one.test/login", "<base href='http://one.test/'><form method=post action=in><input type=password name=pw></form>", "the form would be sent in the clear"},
		{"https://one.test/login", "<base href='http://one.test/'><form method=post><input type=password name=pw></form>", ""},
		{"https://one.test/login", "<form method=post action='//two.test/in'><input type=password name=pw></form>", ""},
		{"http://one.test/login", "<form method=post action='in'><input type=password name=pw></form>", ""},
		{"http://one.test/login", "<form method=post action='mailto:a@one.test'><input type=password name=pw></form>", "the form leads nowhere"},
		{"http://one.test/login", "<form method=post enctype=multipart/form-data><input type=password name=pw></form>", "not supported"},
	} {
		page, err := parseTarget(tc.page)
		if err != nil {
			t.Fatal(err)
		}
		d, err := newLoginDoc(newWork(t.Context()), []byte(tc.text), page)
		if err != nil {
			t.Fatal(err)
		}
		f, err := d.fill(l, d.form(l), []string{"s3cret"})
		switch {
		case tc.want == "" && (err != nil || f.body != "pw=s3cret"):
			t.Errorf("%s: %+v, %v; want it to be sent", tc.text, f, err)
		case tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)):
			t.Errorf("%s: %v, want %s", tc.text, err, tc.want)
		}
	}
	l.fields[0].parts = []secretPart{{text: "s3cret"}}
	page, _ := parseTarget("http://one.test/")
	d, err := newLoginDoc(newWork(t.Context()), []byte("<form method=post><input type=password name=pw></form>"), page)
	if err != nil {
		t.Fatal(err)
	}
	if _, err = d.fill(l, d.form(l), []string{"s3cret"}); err == nil || strings.Contains(err.Error(), "s3cret") || !strings.Contains(err.Error(), "stands in the recipe") {
		t.Errorf("a password in the recipe: %v", err)
	}
}
