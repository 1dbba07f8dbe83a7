package scrape_test

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"

	"weir/scrape"
)

// read returns what a list yields, one string for each: a URL or an error.
func read(t testing.TB, in io.Reader) []string {
	t.Helper()
	s, err := scrape.New(scrape.Config{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for job, err := range s.List("list.txt", in) {
		if err != nil {
			got = append(got, err.Error())
			continue
		}
		got = append(got, job.URL)
	}
	return got
}

func TestList(t *testing.T) {
	long := strings.Repeat("x", 200<<10)
	for _, tc := range []struct {
		name, text string
		want       []string
	}{
		{name: "nothing"},
		{name: "one a line", text: "http://a.test/\nhttp://b.test/\n", want: []string{"http://a.test/", "http://b.test/"}},
		{name: "no line end at the end", text: "http://a.test/\nhttp://b.test/", want: []string{"http://a.test/", "http://b.test/"}},
		{name: "CRLF", text: "http://a.test/\r\nhttp://b.test/\r\n", want: []string{"http://a.test/", "http://b.test/"}},
		{name: "blank lines and white space", text: "\n  http://a.test/\t\n \n\n", want: []string{"http://a.test/"}},
		{name: "comments", text: "# one\n  # two\nhttp://a.test/ # three\nhttp://b.test/\t# four\n#", want: []string{"http://a.test/", "http://b.test/"}},
		{name: "a fragment is no comment", text: "http://a.test/x#y", want: []string{"http://a.test/x"}},
		{name: "a mark", text: "\ufeffhttp://a.test/\n", want: []string{"http://a.test/"}},
		{name: "a mark before a comment", text: "\ufeff# one\nhttp://a.test/\n", want: []string{"http://a.test/"}},
		{name: "lists put together", text: "http://a.test/\n\ufeffhttp://b.test/\n", want: []string{"http://a.test/", "http://b.test/"}},
		{
			name: "bad lines by number, the rest runs", text: "http://a.test/\nnonsense\n\nftp://b.test/\nhttp://c.test/",
			want: []string{
				"http://a.test/",
				`list.txt:2: "nonsense": not a URL: it begins with neither http:// nor https://`,
				`list.txt:4: "ftp://b.test/": scheme ftp: only http and https are fetched`,
				"http://c.test/",
			},
		},
		{
			name: "a password is not repeated", text: "https://me:secret@a.test/",
			want: []string{`list.txt:1: "https:...": user and password in a URL are not supported: --auth takes them`},
		},
		{
			name: "nor whatever else is wrong", text: "http://me:secret@a.test:99999/\nhttp:\\\\me:secret@a.test:x\nftp://me:secret@a.test?@\nhttp://me:secret@a.test/" + long,
			want: []string{
				`list.txt:1: "http:...": not a URL: bad port`,
				`list.txt:2: "http:...": not a URL: bad port`,
				`list.txt:3: "ftp:...": scheme ftp: only http and https are fetched`,
				`list.txt:4: "http:...": longer than 64 KiB`,
			},
		},
		{
			name: "an @ in the path is no user", text: "http://a.test:x/@me",
			want: []string{`list.txt:1: "http://a.test:x/@me": not a URL: bad port`},
		},
		{
			name: "a line of any length", text: "http://a.test/\n" + long + "\n# " + long + "\nhttp://b.test/",
			want: []string{"http://a.test/", `list.txt:2: "` + strings.Repeat("x", 80) + `...": longer than 64 KiB`, "http://b.test/"},
		},
		{
			name: "a URL as long as may be", text: "http://a.test/" + strings.Repeat("x", 8000-14) + "\nhttp://b.test/",
			want: []string{"http://a.test/" + strings.Repeat("x", 8000-14), "http://b.test/"},
		},
		{
			name: "bytes that are no text", text: "http://a.test/\x00\xff\x1b[31m\nhttp://b.test/",
			want: []string{`list.txt:1: "http://a.test/???[31m": not UTF-8`, "http://b.test/"},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for _, in := range []io.Reader{strings.NewReader(tc.text), iotest.OneByteReader(strings.NewReader(tc.text))} {
				if got := read(t, in); !slices.Equal(got, tc.want) {
					t.Errorf("List = %.300q\nwant   %.300q", got, tc.want)
				}
			}
		})
	}
}

func TestListInUTF16(t *testing.T) {
	text := "\ufeffhttp://a.test/\r\n# ü\r\nhttp://b.test/ü\r\n"
	want := []string{"http://a.test/", "http://b.test/%C3%BC"}
	for _, order := range []string{"little", "big"} {
		var raw []byte
		for _, u := range utf16.Encode([]rune(text)) {
			if order == "little" {
				raw = append(raw, byte(u), byte(u>>8))
			} else {
				raw = append(raw, byte(u>>8), byte(u))
			}
		}
		if got := read(t, strings.NewReader(string(raw))); !slices.Equal(got, want) {
			t.Errorf("%s endian: List = %q, want %q", order, got, want)
		}
	}
}

func TestListThatCannotBeReadToItsEnd(t *testing.T) {
	why := errors.New("disk on fire")
	s, err := scrape.New(scrape.Config{})
	if err != nil {
		t.Fatal(err)
	}
	in := io.MultiReader(strings.NewReader("http://a.test/\nbad\nhttp://b.te"), iotest.ErrReader(why))
	var last error
	var n int
	for _, err := range s.List("list.txt", in) {
		n, last = n+1, err
	}
	var line *scrape.LineError
	if !errors.Is(last, why) || errors.As(last, &line) || n != 3 {
		t.Errorf("%d yields, last %v; want 3, the last %v", n, last, why)
	}
}

func TestListStopsWhenItIsToldTo(t *testing.T) {
	s, err := scrape.New(scrape.Config{})
	if err != nil {
		t.Fatal(err)
	}
	for range s.List("list.txt", io.MultiReader(strings.NewReader("http://a.test/\nhttp://b.test/\n"), iotest.ErrReader(errors.New("read on")))) {
		break
	}
}

func TestLineErrorFields(t *testing.T) {
	s, err := scrape.New(scrape.Config{})
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range s.List("-", strings.NewReader("\n\nhttp://\n")) {
		var line *scrape.LineError
		if !errors.As(err, &line) || line.Name != "-" || line.Line != 3 || line.Text != "http://" || line.Err == nil {
			t.Errorf("List yields %#v, want line 3", err)
		}
	}
}

// Whatever is in a list: every line is one job, one error, or passed over, and
// the lines after it do not depend on it.
func FuzzList(f *testing.F) {
	for _, seed := range []string{"", "\ufeff", "a\r\rb", "# x\nhttp://a.test/#\r\n", "http://\x00", "\xff\xfea\x00", "http://a.test/ #x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if strings.HasPrefix(text, "\xff\xfe") || strings.HasPrefix(text, "\xfe\xff") {
			read(t, strings.NewReader(text))
			return
		}
		got := read(t, strings.NewReader(text+"\nhttp://last.test/"))
		lines := strings.Count(text, "\n") + 2
		if len(got) == 0 || len(got) > lines || got[len(got)-1] != "http://last.test/" {
			t.Errorf("List(%q) = %q of %d lines, want the last line's URL at its end", text, got, lines)
		}
		var alone []string
		for i, line := range strings.Split(text, "\n") {
			if i == 0 {
				line = strings.TrimPrefix(line, "\ufeff")
			}
			if strings.HasPrefix(line, "\xff\xfe") || strings.HasPrefix(line, "\xfe\xff") {
				return
			}
			for _, y := range read(t, strings.NewReader(line)) {
				alone = append(alone, strings.Replace(y, "list.txt:1:", fmt.Sprintf("list.txt:%d:", i+1), 1))
			}
		}
		if !slices.Equal(got[:len(got)-1], alone) {
			t.Errorf("List(%q) = %q, line by line %q", text, got, alone)
		}
	})
}
