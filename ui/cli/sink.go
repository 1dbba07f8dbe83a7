package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync/atomic"

	"weir/engine"
)

// A sink writes results to files in the order in which jobs end, while they
// do: whatever the engine has kept is on its way to the disk.
type sink struct {
	ctl   engine.Controller
	files []*outFile
	last  atomic.Uint64 // Num of the last result that every file has
}

// An outFile is one file of results.
type outFile struct {
	path string // "-": stdout
	rows Rows
	file io.Closer
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
	if cfg.Output != "" && cfg.Output == cfg.Records {
		return fmt.Errorf("--records %s: is the file of --output", cfg.Records)
	}
	return nil
}

// openSink creates the files of cfg, or returns the first that cannot be
// written. A file that is there is written anew. Without any, it returns nil.
// fields are the columns of records where all batches have one recipe.
func openSink(d Deps, cfg Config, ctl engine.Controller, stdout io.Writer, fields []string) (*sink, error) {
	s := &sink{ctl: ctl}
	if err := s.openFiles(d, cfg, stdout, batchNames(ctl), fields); err != nil {
		return nil, errors.Join(err, s.close())
	}
	if len(s.files) == 0 {
		return nil, nil
	}
	return s, nil
}

func (s *sink) openFiles(d Deps, cfg Config, stdout io.Writer, name func(engine.BatchID) string, fields []string) error {
	err := s.open("--output", cfg.Output, stdout, func(w io.Writer) (Rows, error) {
		return d.Results(w, cfg.Output, name)
	})
	if err != nil {
		return err
	}
	return s.open("--records", cfg.Records, stdout, func(w io.Writer) (Rows, error) {
		return d.Records(w, cfg.Records, name, fields)
	})
}

func (s *sink) open(flag, path string, stdout io.Writer, rows func(io.Writer) (Rows, error)) error {
	if path == "" {
		return nil
	}
	of := &outFile{path: path}
	out := stdout
	if path != "-" {
		f, err := os.Create(path)
		if err != nil {
			return fmt.Errorf("%s %w", flag, pathError(err))
		}
		of.file, out = f, f
	}
	s.files = append(s.files, of)
	var err error
	of.rows, err = rows(out)
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
	for {
		select {
		case _, more := <-sub.Ready():
			if !more {
				return nil
			}
			sub.Take(&v)
		case <-ctx.Done():
			return nil
		}
		if err := s.catchUp(ctx); err != nil {
			return err
		}
	}
}

// catchUp writes all results that have come since the last call.
func (s *sink) catchUp(ctx context.Context) error {
	for {
		rs, err := s.ctl.Results(ctx, engine.Query{After: s.last.Load(), Limit: page})
		if err != nil || len(rs) == 0 {
			return err
		}
		if err := s.write(rs); err != nil {
			return err
		}
		s.last.Store(rs[len(rs)-1].Num)
	}
}

// finish writes what is left when the run has ended, with a row for every
// cancelled job, and closes the files.
func (s *sink) finish(ctx context.Context) error {
	err := s.catchUp(ctx)
	if err == nil {
		var rs []engine.Result
		if rs, err = s.ctl.Results(ctx, engine.Query{Outcomes: []engine.Outcome{engine.Cancelled}}); err == nil {
			err = s.write(rs)
		}
	}
	return errors.Join(err, s.close())
}

// write gives whole rows to every file.
func (s *sink) write(rs []engine.Result) error {
	for _, f := range s.files {
		for _, r := range rs {
			if err := f.rows.Write(r); err != nil {
				return fmt.Errorf("%s: %w", f.path, cause(err))
			}
		}
		if err := f.rows.Flush(); err != nil {
			return fmt.Errorf("%s: %w", f.path, cause(err))
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
