package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"weir/engine"
)

// A sink writes results to files in the order in which jobs end, while they
// do: whatever the engine has kept is on its way to the disk.
type sink struct {
	ctl   engine.Controller
	keep  outputs // nil: nobody wants to know how far the files are
	note  func(string)
	files []*outFile
	last  atomic.Uint64 // Num of the last result that every file has
	noted time.Time     // when keep was told last
}

// outputs is where a run notes how far its files are: see [RunFile].
type outputs interface {
	Output(path string) (num uint64, bytes int64)
	SetOutput(path string, num uint64, bytes int64) error
}

// An outFile is one file of results.
type outFile struct {
	path  string // "-": stdout
	key   string // what outputs calls it
	rows  Rows
	file  *os.File // nil: stdout
	bytes int64    // written to file
	last  uint64   // Num of the last result in it
	told  uint64   // likewise, when outputs was told last
}

// Write counts what goes to the file.
func (f *outFile) Write(b []byte) (int, error) {
	n, err := f.file.Write(b)
	f.bytes += int64(n)
	return n, err
}

// checkOutput finds what is wrong with -o and --records without opening them.
func checkOutput(d Deps, cfg Config) error {
	for _, f := range []struct{ flag, path string }{{"--output", cfg.Output}, {"--records", cfg.Records}} {
		if f.path == "" {
			continue
		}
		if err := d.CanWrite(f.path); err != nil {
			return fmt.Errorf("%s: %w", f.flag, err)
		}
	}
	if cfg.Output != "" && oneFile(cfg.Output, cfg.Records) {
		return fmt.Errorf("--records %s: is the file of --output", cfg.Records)
	}
	return nil
}

// openSink opens the files of cfg, or returns the first that cannot be
// written. A file that keep knows is gone on with; any other that is there is
// written anew. Without any, it returns nil. fields are the columns of records
// where all batches have one recipe.
func openSink(ctx context.Context, d Deps, cfg Config, ctl engine.Controller, keep outputs, stdout io.Writer, fields []string, note func(string)) (*sink, error) {
	s := &sink{ctl: ctl, keep: keep, note: note}
	if err := s.openFiles(ctx, d, cfg, stdout, batchNames(ctl), fields); err != nil {
		return nil, errors.Join(err, s.close())
	}
	if len(s.files) == 0 {
		return nil, nil
	}
	s.settle()
	return s, nil
}

func (s *sink) openFiles(ctx context.Context, d Deps, cfg Config, stdout io.Writer, name func(engine.BatchID) string, fields []string) error {
	err := s.open(ctx, "--output", cfg.Output, stdout, func(w io.Writer) (Rows, error) {
		return d.Results(w, cfg.Output, name)
	})
	if err != nil {
		return err
	}
	return s.open(ctx, "--records", cfg.Records, stdout, func(w io.Writer) (Rows, error) {
		return d.Records(w, cfg.Records, name, fields)
	})
}

func (s *sink) open(ctx context.Context, flag, path string, stdout io.Writer, rows func(io.Writer) (Rows, error)) (err error) {
	if path == "" {
		return nil
	}
	f := &outFile{path: path, key: path}
	if path == "-" {
		if s.keep != nil {
			f.last, _ = s.keep.Output(f.key)
		}
		f.told = f.last
		f.rows, err = rows(stdout)
		s.files = append(s.files, f)
		return err
	}
	if f.key, err = absolute(path); err != nil {
		return fmt.Errorf("%s %w", flag, err)
	}
	if s.keep != nil {
		if on, err := s.goOn(ctx, f, rows); err != nil {
			return fmt.Errorf("%s %w", flag, err)
		} else if on {
			s.files = append(s.files, f)
			return nil
		}
	}
	if f.file, err = os.Create(path); err != nil {
		return fmt.Errorf("%s %w", flag, pathError(err))
	}
	s.files = append(s.files, f)
	f.rows, err = rows(f)
	return err
}

// batchNames returns a function that knows the names of batches.
func batchNames(ctl engine.Controller) func(engine.BatchID) string {
	names := map[engine.BatchID]string{}
	return func(id engine.BatchID) string {
		if name, ok := names[id]; ok {
			return name
		}
		for _, b := range ctl.Snapshot().Batches {
			names[b.Batch.ID] = b.Batch.Name
		}
		return names[id]
	}
}

// page is how many results are read at once.
const page = 512

// run writes results as they come, until the run has ended or ctx has. It
// returns the first error of writing; the results after it are not written.
func (s *sink) run(ctx context.Context, sub *engine.Subscription) error {
	var v engine.View
	rest := time.NewTimer(noteEvery) // until the files are brought to the disk
	defer rest.Stop()
	for {
		select {
		case _, more := <-sub.Ready():
			if !more {
				return nil
			}
			sub.Take(&v)
			if err := s.catchUp(ctx); err != nil {
				return err
			}
			if s.keep != nil && s.behind() {
				rest.Reset(max(0, noteEvery-time.Since(s.noted)))
			}
		case <-rest.C:
			if err := s.checkpoint(); err != nil {
				return err
			}
		case <-ctx.Done():
			return nil
		}
	}
}

// catchUp writes all results that have come since the last call.
func (s *sink) catchUp(ctx context.Context) error {
	for {
		rs, err := s.results(ctx, engine.Query{After: s.last.Load(), Limit: page})
		if err != nil || len(rs) == 0 {
			return err
		}
		if err := s.write(rs); err != nil {
			return err
		}
		s.settle()
	}
}

// results asks for what was kept.
func (s *sink) results(ctx context.Context, q engine.Query) ([]engine.Result, error) {
	rs, err := s.ctl.Results(ctx, q)
	if err != nil && ctx.Err() == nil && s.keep != nil {
		err = &storeError{err}
	}
	return rs, err
}

// settle notes what every file has.
func (s *sink) settle() {
	last := s.files[0].last
	for _, f := range s.files {
		last = min(last, f.last)
	}
	s.last.Store(last)
}

// finish writes what is left when the run has ended and closes the files. At
// its real end, after which nothing is fetched any more, there is a row for
// every cancelled job too.
func (s *sink) finish(ctx context.Context, real bool) error {
	err := s.catchUp(ctx)
	if err == nil {
		err = s.checkpoint()
	}
	if err == nil && real { // behind what is noted: a run that is taken up again cuts them off
		err = eachCancelled(ctx, 0, s.results, s.write)
	}
	return errors.Join(err, s.close())
}

// eachCancelled gives the rows of a batch's cancelled jobs, or of all if it is
// zero, to each, so many at once as are read at once.
func eachCancelled(
	ctx context.Context, batch engine.BatchID,
	read func(context.Context, engine.Query) ([]engine.Result, error), each func([]engine.Result) error,
) error {
	q := engine.Query{Batch: batch, Outcomes: []engine.Outcome{engine.Cancelled}, Limit: page}
	for {
		rs, err := read(ctx, q)
		if err == nil {
			err = each(rs)
		}
		if err != nil || len(rs) < q.Limit {
			return err
		}
		q.After = uint64(rs[len(rs)-1].Job)
	}
}

// write gives whole rows to every file that does not have them yet.
func (s *sink) write(rs []engine.Result) error {
	for _, f := range s.files {
		for i := range rs {
			r := &rs[i]
			if r.Num != 0 && r.Num <= f.last {
				continue
			}
			if err := f.rows.Write(*r); err != nil {
				return fmt.Errorf("%s: %w", f.path, cause(err))
			}
		}
		if err := f.rows.Flush(); err != nil {
			return fmt.Errorf("%s: %w", f.path, cause(err))
		}
		if len(rs) > 0 {
			f.last = max(f.last, rs[len(rs)-1].Num)
		}
	}
	return nil
}

// cause takes "write out.jsonl:" off an error of a file, whose path is said
// already.
func cause(err error) error {
	if pe, ok := errors.AsType[*os.PathError](err); ok {
		return pe.Err
	}
	return err
}

func (s *sink) close() error {
	var errs []error
	for _, f := range s.files {
		if f.file != nil {
			if err := f.file.Close(); err != nil {
				errs = append(errs, fmt.Errorf("%s: %w", f.path, cause(err)))
			}
		}
	}
	return errors.Join(errs...)
}

// where names the files, for the operator.
func (s *sink) where() string {
	names := make([]string, len(s.files))
	for i, f := range s.files {
		names[i] = f.path
		if f.path == "-" {
			names[i] = "stdout"
		}
	}
	return strings.Join(names, ", ")
}
