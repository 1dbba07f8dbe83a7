package demo

import (
	"strconv"
	"time"
)

// Everything that decides how long a run over the demo site takes, and what
// it meets, stands in this file. Five workers share the delays of the pages,
// so a run takes about work/5 and a little more; the simulation in the tests
// says how much.
const (
	// work is the sum of the delays of all answers that the lists cost when
	// every retry is made. The delays are drawn and then scaled to it, so
	// that every seed makes as long a run as any other.
	work = 343 * time.Second

	robotsDelay = 350 * time.Millisecond // of a robots.txt
	quickDelay  = 90 * time.Millisecond  // of a redirect, and where there is no page
	refuseDelay = 40 * time.Millisecond  // of a 429
	otherDelay  = 700 * time.Millisecond // of a page that is on no list

	slowLeast, slowMost = 6 * time.Second, 9 * time.Second // of a slow page
	askLeast, askMost   = 5, 8                             // s, asked for by a 429
	restartTime         = 4 * time.Second                  // asked for by the 503 of a host that restarts

	// Trouble is put into this part of a host's list, so that no slow page
	// and no last retry decides alone when the run ends.
	troubleFrom, troubleTo = 0.08, 0.62
)

// The lists, in the order in which they are added.
const (
	listMonths = iota
	listGrid
	listStaff
	listArchive
)

var lists = [...]struct{ name, recipe string }{
	listMonths:  {"schedule " + firstListed.String() + "+" + strconv.Itoa(listedMonths), "schedule"},
	listGrid:    {"on-call grid", "oncall"},
	listStaff:   {"staff pages", "page"},
	listArchive: {"archive", "page"},
}

// Answers to /robots.txt. A host without one answers 404.
const (
	robotsNone    = ""
	robotsOpen    = "User-agent: *\nDisallow:\n"
	robotsPrivate = "# the wards' own pages\nUser-agent: *\nDisallow: /private/\n"
	robotsSlow    = "User-agent: *\nCrawl-delay: 2\nDisallow: /private/\n"
)

// A hostPlan is one row of the table of hosts.
type hostPlan struct {
	org    string  // who runs it
	list   int     // the list that its URLs stand in
	count  int     // how many ordinary ones
	pace   float64 // how slow its answers are beside those of others
	robots string
	crowd  int      // one in so many requests is refused with 429; 0: none
	dated  bool     // its 429 names a date, not seconds
	faults []fault  // each befalls one of its ordinary pages
	extra  []string // more URLs, scattered among the others
}

// The hosts. The counts are such that all of them end in the last third of a
// run, the big ones last: until then enough hosts are ready at any moment for
// five workers, and in the end no host alone decides how long it takes.
var hostPlans = [...]hostPlan{
	{
		org: "Ferrow General", list: listMonths, count: listedMonths, pace: 1.1, robots: robotsPrivate,
		faults: []fault{hollow, heals, slow},
		extra:  []string{"/private/rota", "/schedule/2031-02"},
	},
	{
		org: "Saint Odile", list: listMonths, count: listedMonths, pace: 0.9, robots: robotsNone,
		faults: []fault{hollow},
	},
	{
		org: "Quay Street Clinic", list: listMonths, count: listedMonths, pace: 1, robots: robotsOpen,
		faults: []fault{heals, heals, down, slow},
	},
	{
		org: "Larkmoor Infirmary", list: listGrid, count: 16, pace: 1, robots: robotsOpen, crowd: 5,
		faults: []fault{heals},
		extra:  []string{"/ocs?Lo=0ld5e55ion&Month=11-25"},
	},
	{
		org: "Hôpital Sainte-Brème", list: listGrid, count: 29, pace: 1.4, robots: robotsSlow,
		faults: []fault{slow, cut},
		extra:  []string{"/private/telephones"},
	},
	{
		org: "Tarn Valley Practice", list: listStaff, count: 14, pace: 0.8, robots: robotsOpen, crowd: 6,
		faults: []fault{restarts, garbled},
		extra:  []string{"/staff/404"},
	},
	{
		org: "Ashgrove Hospice", list: listStaff, count: 15, pace: 0.8, robots: robotsPrivate, crowd: 5,
		faults: []fault{short},
		extra:  []string{"/private/1", "/private/2", "/go/7"},
	},
	{
		org: "The Mereside Gazette", list: listArchive, count: 33, pace: 1, robots: robotsPrivate,
		faults: []fault{heals, relapses, down, restarts, slow},
		extra:  []string{"/private/drafts", "/go/3", "/moved/12", "/a/1999", "/files/rota.pdf"},
	},
	{
		org: "Níall's Ward Notes", list: listArchive, count: 43, pace: 0.9, robots: robotsNone,
		faults: []fault{slow, cut, heals},
		extra:  []string{"/moved/5", "/loop/1", "/a/2001"},
	},
	{
		org: "Corvin Records Office", list: listArchive, count: 12, pace: 0.9, robots: robotsOpen, crowd: 5, dated: true,
		faults: []fault{relapses},
		extra:  []string{"/go/9", "/a/1987"},
	},
}

// A fault is what is wrong with a page.
type fault uint8

const (
	none     fault = iota
	slow           // answers late, and stops in the middle of its body
	heals          // 503 once, then well
	relapses       // 503 twice, then well
	restarts       // 503 once that says when to come back, then well
	down           // 503 whenever it is asked
	cut            // the connection ends before a byte of the answer
	short          // the body ends before its length
	garbled        // says that it is gzip and is not
	hollow         // a month without a shift
)

// costs returns how many answers a client with two retries waits for.
func (f fault) costs() int {
	switch f {
	case heals, restarts:
		return 2
	case relapses, down, cut, short:
		return 3
	}
	return 1
}
