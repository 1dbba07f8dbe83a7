package cli

import (
	"context"
	"errors"
	"fmt"
)

// serveMetrics listens where the operator asked for metrics, and answers until
// stop is called. It does nothing if they were not asked for.
func (r *run) serveMetrics(ctx context.Context) (stop func(), err error) {
	if r.cfg.Metrics == "" {
		return func() {}, nil
	}
	m, err := r.app.deps.Metrics(r.cfg.Metrics, r.s.Engine)
	if err != nil {
		return nil, fmt.Errorf("--metrics: %w", err)
	}
	r.seen = m.URL()
	// What ends the run does not end these: its last numbers are asked for too.
	serving := newGroup(context.WithoutCancel(ctx))
	serving.run(func(context.Context) error { return m.Serve() })
	return func() {
		defer serving.stop(nil)
		if err := errors.Join(m.Close(), serving.wait()); err != nil {
			r.print.note(err.Error()) // the run itself is not the worse for it
		}
	}, nil
}
