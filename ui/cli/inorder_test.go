package cli

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var now, most atomic.Int32
		var got []int
		from := time.Now()
		err := inOrder(t.Context(), 100, 4, func(_ context.Context, i int) int {
			most.Store(max(most.Load(), now.Add(1)))
			defer now.Add(-1)
			time.Sleep(time.Duration(1+i%4) * time.Second)
			return i
		}, func(i int) error {
			got = append(got, i)
			return nil
		})
		want := make([]int, 100)
		for i := range want {
			want[i] = i
		}
		if err != nil || !slices.Equal(got, want) || most.Load() != 4 {
			t.Errorf("%v, %d at once, got %v; want all, in order, 4 at once", err, most.Load(), got)
		}
		if took := time.Since(from); took > 70*time.Second { // 250 s of work
			t.Errorf("took %v", took)
		}
	})
}

func TestInOrderEndsEarly(t *testing.T) {
	full := errors.New("disk full")
	stop := errors.New("enough")
	for _, tc := range []struct {
		name  string
		do    func(cancel context.CancelCauseFunc, i int)
		each  func(i int) error
		want  error
		panic bool
	}{
		{name: "what is done with it fails", each: func(i int) error {
			if i == 7 {
				return full
			}
			return nil
		}, want: full},
		{name: "cancelled", do: func(cancel context.CancelCauseFunc, i int) {
			if i == 7 {
				cancel(stop)
			}
		}, want: stop},
		{name: "panic", do: func(_ context.CancelCauseFunc, i int) {
			if i == 7 {
				panic("seven")
			}
		}, panic: true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancelCause(t.Context())
				defer cancel(nil)
				var done atomic.Int32
				last := -1
				err := inOrder(ctx, 1000, 3, func(_ context.Context, i int) int {
					done.Add(1)
					time.Sleep(time.Second)
					if tc.do != nil {
						tc.do(cancel, i)
					}
					return i
				}, func(i int) error {
					last = i
					if tc.each != nil {
						return tc.each(i)
					}
					return nil
				})
				var caught *panicError
				if tc.want != nil && err != tc.want || tc.panic != errors.As(err, &caught) {
					t.Errorf("got %v, want %v", err, tc.want)
				}
				if last > 7 || done.Load() > 20 {
					t.Errorf("the last was %d, %d were done; want no more than needed", last, done.Load())
				}
			})
		})
	}
}
