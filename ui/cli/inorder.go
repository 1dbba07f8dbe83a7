package cli

import "context"

// inOrder calls do for 0 to n-1, so many at once, and each with what came of
// it, one at a time and in that order. What is done ahead is bounded. It
// returns the first error of each, a panic of do as one, or the cause of ctx's
// end.
func inOrder[T any](ctx context.Context, n, workers int, do func(context.Context, int) T, each func(T) error) error {
	type turn struct {
		i     int
		reply chan T
	}
	g := newGroup(ctx)
	order, todo := make(chan turn, 2*workers), make(chan turn)
	g.run(func(ctx context.Context) error {
		defer close(order)
		defer close(todo)
		for i := range n {
			t := turn{i, make(chan T, 1)}
			for _, to := range []chan turn{order, todo} {
				select {
				case to <- t:
				case <-ctx.Done():
					return nil
				}
			}
		}
		return nil
	})
	for range workers {
		g.run(func(ctx context.Context) error {
			for t := range todo {
				t.reply <- do(ctx, t.i)
			}
			return nil
		})
	}
	g.run(func(ctx context.Context) error {
		for t := range order {
			select {
			case got := <-t.reply:
				if ctx.Err() != nil {
					return nil
				}
				if err := each(got); err != nil {
					return err
				}
			case <-ctx.Done():
				return nil
			}
		}
		return nil
	})
	return g.wait()
}
