package scrape

import (
	"cmp"
	"net/http"
	"time"

	"golang.org/x/net/http/httpguts"

	"weir/engine"
)

// ask makes a request a conditional one if its page is kept (RFC 9110, section
// 13.1), but not against the operator's own header.
func (a *attempt) ask(own http.Header) {
	if a.r.Kind != engine.KindPage || a.t.href != a.r.URL || own["If-None-Match"] != nil || own["If-Modified-Since"] != nil {
		return
	}
	e, ok := a.s.cfg.Keep.find(a.r.URL)
	if !ok || !httpguts.ValidHeaderFieldValue(e.etag) || !httpguts.ValidHeaderFieldValue(e.modified) {
		return
	}
	a.asked = &e
	if e.etag != "" {
		own.Set("If-None-Match", e.etag)
	}
	if e.modified != "" {
		own.Set("If-Modified-Since", e.modified)
	}
}

// keep keeps the answer that this attempt got.
func (a *attempt) keep(resp *http.Response, kind string, body []byte) {
	if a.s.cfg.Keep == nil {
		return
	}
	h := resp.Header
	a.keepAs(resp.StatusCode, kept{mime: h.Get("Content-Type"), kind: kind, etag: h.Get("ETag"), modified: h.Get("Last-Modified")}, body)
}

func (a *attempt) keepAs(status int, e kept, body []byte) {
	recipe, err := a.s.recipe(a.r.Recipe)
	if err != nil || a.peek || a.t.href != a.r.URL { // a look, for no batch, or a step on the way to the page
		return
	}
	ref := recipe.Ref()
	a.s.cfg.Keep.put(entry{
		URL: a.r.URL, Job: a.r.Job.URL, At: time.Now().UTC().Truncate(time.Millisecond), Status: status, Type: e.mime, Kind: e.kind,
		ETag: e.etag, Modified: e.modified, Depth: a.r.Job.Depth, Carry: a.r.Job.Carry, Recipe: ref.Name, Version: ref.Hash,
	}, body, recipe)
}

// unchanged is the page of an answer 304 that was asked for: what was kept.
func (a *attempt) unchanged(h http.Header) (*Page, *engine.Step) {
	e := *a.asked
	body, err := a.s.cfg.Keep.out.body(a.s.cfg.Keep.dir, e.hash, e.bytes, a.s.cfg.MaxBody)
	if err != nil { // it is gone, or broken: the page is asked for again, whole
		a.s.cfg.Keep.forget(a.r.URL)
		again := a.r
		a.step.Again = &again
		return nil, &a.step
	}
	e.etag, e.modified = cmp.Or(h.Get("ETag"), e.etag), cmp.Or(h.Get("Last-Modified"), e.modified)
	a.keepAs(http.StatusNotModified, e, body)
	a.result.Unchanged, a.result.Bytes = true, int64(len(body))
	return &Page{URL: a.t.base(), Body: decode(body, e.mime, a.xml), ContentType: e.kind, Depth: a.r.Job.Depth}, nil
}
