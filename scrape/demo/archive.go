package demo

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// articles is how many each host keeps.
const articles = 60

// Titles that would do something to a terminal that printed them raw: it is
// the reader of a page who has to clean it.
var hostileTitles = [...]string{
	"Ward notes \x1b[2J\x1b[1;31mall clear\x1b[0m",
	"Rota\x1b]0;owned\x07 for the night",
	"Minutes \u202eetalpmet.exe\u202c",
	"Zero\u200b width\u200d in\u2060 between\ufeff",
	"A C1 \u009b31mred\u009c line",
	"Tagged \U000e0048\U000e0049 and private \ue000",
	"Marks Z\u0351\u0350\u0352\u0357\u035b\u0300\u0301\u0302algo",
	"Tab\tand \b\b\b\b back\x7f",
}

// hostileOdds: one article in so many has one of them.
const hostileOdds = 9

// Words for sentences that say nothing about anybody.
var (
	subjects = [...]string{
		"The rota", "A late change", "The night desk", "Every swap", "The upper ward", "Nobody's pager",
		"The new calendar", "A quiet weekend", "The switchboard", "Last winter's list",
	}
	verbs = [...]string{
		"was kept by hand until", "is printed again for", "gave way to", "has outlived", "never agreed with",
		"waits for", "is read aloud before", "came back from", "was mislaid behind", "still depends on",
	}
	objects = [...]string{
		"the morning round", "three coloured pencils", "a second telephone", "the garden entrance",
		"the month of January", "somebody's good handwriting", "the long corridor", "a cup of tea – the café’s",
		"the old cardboard index", "an agreement of 1987",
	}
)

func pick(r *rand.Rand, from []string) string { return from[r.IntN(len(from))] }

func sentence(r *rand.Rand) string {
	return pick(r, subjects[:]) + " " + pick(r, verbs[:]) + " " + pick(r, objects[:]) + "."
}

// articlePage draws one article.
func (h *host) articlePage(n int, base string) page {
	type part struct {
		Heading    string
		Paragraphs []string
	}
	type author struct {
		Num  int
		Name string
	}
	r := h.rand(fmt.Sprintf("article %d", n))
	title := strings.TrimSuffix(sentence(r), ".")
	if r.IntN(hostileOdds) == 0 {
		title = pick(r, hostileTitles[:])
	}
	var parts []part
	for i := range 2 + r.IntN(5) {
		p := part{Heading: fmt.Sprintf("%d. %s", i+1, strings.TrimSuffix(sentence(r), "."))}
		for range 1 + r.IntN(6) {
			var text []string
			for range 3 + r.IntN(9) {
				text = append(text, sentence(r))
			}
			p.Paragraphs = append(p.Paragraphs, strings.Join(text, " "))
		}
		parts = append(parts, p)
	}
	link := func(n int) string {
		if n < 1 || n > articles {
			return ""
		}
		return fmt.Sprintf("/a/%d", n)
	}
	by := h.person(1 + r.IntN(staffSize))
	return draw("article.html", struct {
		Base, Title, Lead, Previous, Next string
		Num                               int
		Parts                             []part
		Author                            author
	}{base, title, sentence(r), link(n - 1), link(n + 1), n, parts, author{by.num, by.name()}})
}
