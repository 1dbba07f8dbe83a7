// Package scrape turns a URL and a recipe into a result: it implements
// [engine.Scraper] over HTTP and HTML.
//
// # The way of a page
//
//	request -> address policy, robots.txt -> transport -> caps -> coding
//	        -> charset -> [Recipe.Extract] -> records, findings, next pages
//
// [Scraper] owns everything up to the charset and speaks HTTP. A [Recipe] owns
// the rest and knows neither network nor clock: [Recipe.Extract] takes the
// decoded bytes of one [Page] and returns an [Extraction]. The same call stands
// behind a run and behind [Try].
//
// # Recipes
//
// A recipe is a YAML page of at most [MaxRecipe] bytes. How to write one is
// told by [Guide] (recipes/README.md), and to editors by [Schema]. For each of
// its mappings there is a table of keys in the code (recipeKeys, fieldKeys and
// so on) that reads, checks and suggests them; tests hold guide and schema
// against these tables.
//
//	name: schedule                       # left out: the file's name
//	url: "{base}/schedule/{month}"       # filled by Recipe.Expand
//	rows: "table.amion-schedule tbody tr"
//	fields:
//	  date:  {select: "td:nth-child(1)", type: date, required: true}
//	  shift: {select: "td:nth-child(2)", regex: '^(\w+) '}
//	  link:  {select: "a", attr: href, type: url}
//	follow: [{select: "a[rel=next]", pages: 50}]
//	expect: {rows: 1, fill: {date: 100%}}
//
// Without rows the whole page is one record; pivot, table and any (pivot.go,
// tabular.go, any.go) are other ways from a page to records, and page: xml
// (xml.go) another kind of page. A field goes one way from the page to its
// value: elements -> strip -> take or attr -> regex -> split -> type -> default. The first half, what is selected, and the second, what is read, meet
// in one call (extractor.cell). A selector is CSS as [cascadia] knows it, with
// two additions: it may begin with > to mean a child of the row, which is how
// the cells of a nested table are kept out, and :is() and :where() are
// understood.
//
// What can be read as a field's type is written in one form (the numbers 1234
// and 12.5, 2025-11-03, 07:00, 1234.50 EUR, an absolute URL); what cannot stays
// as it stood on the page and becomes a finding. Nothing is guessed.
//
// # From bytes to elements
//
// Pages whose tags are where they belong are read in place (tidy.go); all others
// by package html. One walk over the elements finds what every selector of a
// recipe selects ([cascadia] judges the rarer compounds; program.go), at a cost
// of elements times compounds whatever the page. Both are held against package
// html and goquery by tests and fuzzers, node by node and row by row.
//
// # Walking on
//
// What a page leads to becomes jobs of its batch: links (follow.go, scope.go),
// pages that complete a row (join.go), the URLs of sitemaps (sitemap.go). What
// such a job has to know of its way goes with it in [engine.Job.Carry]
// (trail.go). A login (session.go, enter.go) is one for a batch, and its
// requests take turns like all others.
//
// # A hostile page
//
// A page can be built so that 40 KB become millions of nodes, or so that one
// selector takes hours. Extraction is therefore bounded in time, heap, nodes,
// depth, steps, cells and text (see budget.go for the numbers) and ends with
// [ErrTooComplex] beyond them. It starts no goroutine: everything that is
// bounded is bounded by checks on the way.
//
// [cascadia]: https://pkg.go.dev/github.com/andybalholm/cascadia
package scrape
