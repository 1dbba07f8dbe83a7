package cli

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"weir/engine"
)

// Runs are the runs that are kept on disk, each in a file. What is wrong with
// one is an error that names the file.
type Runs struct {
	// Dir returns the directory of those that have a number for a name. It is
	// made if need be.
	Dir func() (string, error)

	// Create makes the file of a new run; about is what this package wants to
	// know of it later. It returns fs.ErrExist if there is a file. Open opens
	// one to go on with it, which takes a second or two if it has a million
	// URLs: read is told now and then how many of them were read, and the
	// cause of a ctx that ends meanwhile is returned. The error of both is a
	// [HeldError] while another process has it.
	Create func(path string, about []byte) (RunFile, error)
	Open   func(ctx context.Context, path string, read func(urls int)) (RunFile, error)

	// Read opens a run to look at, also one that another process works on.
	Read func(path string) (RunView, error)

	// Repair saves what can be read of a damaged file into a new one.
	Repair func(ctx context.Context, damaged, to string) (Repaired, error)

	// Remove removes the file of a run and what lies beside it. It returns a
	// HeldError, and removes nothing, while a process has it.
	Remove func(path string) error
}

// A RunFile is a run that is worked on.
type RunFile interface {
	engine.Store

	// About returns what SetAbout kept last.
	About() []byte
	SetAbout(about []byte) error

	// Output returns how far a file of results is known to be on the disk: the
	// Num of the last result in it, and its bytes. SetOutput notes that.
	Output(path string) (num uint64, bytes int64)
	SetOutput(path string, num uint64, bytes int64) error
}

// A RunView is a run that is looked at.
type RunView interface {
	About() []byte
	Holder() *Holder                                  // who works on it now; nil: nobody
	Batches(ctx context.Context) ([]KeptBatch, error) // by id
	Results(ctx context.Context, q engine.Query) ([]engine.Result, error)
	Close() error
}

// A KeptBatch is a batch as it was kept last.
type KeptBatch struct {
	engine.Batch // without its recipe's text
	Counts       engine.Counts
}

// A Repaired says what became of a damaged file.
type Repaired struct {
	Batches, Jobs, Results int // that are saved

	Pages   int // of the damaged file
	Unread  int // of them, those that could not be read
	Broken  int // rows of the others that could not
	Missing int // jobs that are lost, at least
	Again   int // jobs whose results are lost: they wait again
	Stray   int // results whose jobs are lost
	Made    int // batches of which not much more than their number is known: they are paused
}

func (r Repaired) String() string {
	parts := []string{fmt.Sprintf("%s, %s and %s are saved", pluralOf(r.Batches, "batch", "batches"), plural(r.Jobs, "URL"), plural(r.Results, "result"))}
	for _, lost := range []struct {
		n     int
		words string
	}{
		{r.Unread, fmt.Sprintf("%d of %s could not be read", r.Unread, plural(r.Pages, "page"))},
		{r.Broken, plural(r.Broken, "row") + " could not be read"},
		{r.Missing, "at least " + plural(r.Missing, "URL") + " lost"},
		{r.Again, plural(r.Again, "result") + " lost, to be fetched again"},
		{r.Stray, plural(r.Stray, "result") + " of a URL that is lost"},
		{r.Made, pluralOf(r.Made, "batch", "batches") + " paused for want of a recipe"},
	} {
		if lost.n > 0 {
			parts = append(parts, lost.words)
		}
	}
	return strings.Join(parts, "; ")
}

// pluralOf is n things whose plural is none with an s.
func pluralOf(n int, one, many string) string {
	if n == 1 {
		many = one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// A Holder is a process that has a run.
type Holder struct {
	PID   int
	Host  string // the machine
	Since time.Time
}

func (h Holder) String() string {
	return fmt.Sprintf("process %d on %s, since %s", h.PID, h.Host, h.Since.Local().Format("2006-01-02 15:04"))
}

// A HeldError says who has a run.
type HeldError struct{ Holder Holder }

func (e *HeldError) Error() string { return "held by " + e.Holder.String() }

// A storeError is what is wrong with the file of a run: exit code 3.
type storeError struct{ err error }

func (e *storeError) Error() string { return e.err.Error() }
func (e *storeError) Unwrap() error { return e.err }

// isStoreTrouble reports whether err is about what keeps a run.
func isStoreTrouble(err error) bool {
	_, ok := errors.AsType[*storeError](err)
	return ok || errors.Is(err, engine.ErrStore)
}

// runEnding is the ending of the names of runs.
const runEnding = ".db"

// runNumber returns the number that the name of a file stands for.
func runNumber(name string) (int, bool) {
	digits, ok := strings.CutSuffix(name, runEnding)
	n, err := strconv.Atoi(digits)
	return n, ok && err == nil && n > 0 && strconv.Itoa(n) == digits
}

// named gives an error the path that it is about, if it does not say it.
func named(path string, err error) error {
	if strings.Contains(err.Error(), path) {
		return err
	}
	return fmt.Errorf("%s: %w", path, err)
}
