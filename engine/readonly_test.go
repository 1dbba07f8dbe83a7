package engine_test

import (
	"context"
	"errors"
	"reflect"
	"testing"

	"weir/engine"
)

// A probe notes what reaches it. The methods of the embedded nil are those that
// a Controller has and this test does not know.
type probe struct {
	engine.Controller
	calls []string
}

func (p *probe) Snapshot() engine.Stats {
	p.calls = append(p.calls, "Snapshot")
	return engine.Stats{Workers: 7}
}

func (p *probe) Subscribe(engine.SubscribeOptions) *engine.Subscription {
	p.calls = append(p.calls, "Subscribe")
	return nil
}

func (p *probe) Results(context.Context, engine.Query) ([]engine.Result, error) {
	p.calls = append(p.calls, "Results")
	return []engine.Result{{Num: 3}}, nil
}

func (p *probe) States(context.Context, engine.Query) ([]engine.JobState, error) {
	p.calls = append(p.calls, "States")
	return []engine.JobState{{Num: 4}}, nil
}

func (p *probe) Waiting(context.Context, engine.Query) (engine.WaitingPage, error) {
	p.calls = append(p.calls, "Waiting")
	return engine.WaitingPage{Next: 5}, nil
}

// What only looks is let through; every other method that a Controller has, now
// or later, is refused, or panics on the nil behind it.
func TestReadOnly(t *testing.T) {
	looks := map[string]bool{"Snapshot": true, "Subscribe": true, "Results": true, "States": true, "Waiting": true}
	behind := &probe{}
	c := engine.ReadOnly(behind)
	face := reflect.TypeFor[engine.Controller]()
	for m := range face.Methods() {
		var in []reflect.Value
		for of := range m.Type.Ins() {
			in = append(in, reflect.Zero(of))
		}
		behind.calls = nil
		out := reflect.ValueOf(c).MethodByName(m.Name).Call(in)
		if looks[m.Name] {
			if len(behind.calls) != 1 || behind.calls[0] != m.Name {
				t.Errorf("%s reaches %v", m.Name, behind.calls)
			}
			continue
		}
		if len(behind.calls) > 0 {
			t.Errorf("%s reaches %v", m.Name, behind.calls)
		}
		if len(out) == 0 {
			continue // Drain and Close: nothing came through
		}
		if err, _ := out[len(out)-1].Interface().(error); !errors.Is(err, engine.ErrReadOnly) {
			t.Errorf("%s returns %v, want ErrReadOnly", m.Name, err)
		}
		for _, v := range out[:len(out)-1] {
			if !v.IsZero() {
				t.Errorf("%s returns %v", m.Name, v)
			}
		}
	}
	if c.Snapshot().Workers != 7 {
		t.Error("the snapshot is another one")
	}
}
