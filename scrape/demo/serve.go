package demo

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"hash/fnv"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// serve answers one request to host i.
func (s *Site) serve(i int, w http.ResponseWriter, r *http.Request) {
	path := r.URL.RequestURI()
	hit := s.log.start(Hit{Host: s.names[i], Method: r.Method, Path: path})
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		s.log.answered(hit, http.StatusMethodNotAllowed)
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	a := s.meters[i].meet(path)
	s.sleep(r.Context(), a.delay)
	h := s.hosts[i]
	p := h.page(r.URL, s.base(i), s.base((i+1)%len(s.names)), a.fault == hollow)
	switch {
	case a.status != http.StatusOK:
		p = h.note(a.status, http.StatusText(a.status), "Please come back later.")
		h.ask(w, a)
	case a.fault == cut:
		panic(http.ErrAbortHandler)
	}
	status, body := p.encode(w.Header(), r.Header, a.fault)
	s.log.answered(hit, status)
	w.WriteHeader(status)
	s.send(r.Context(), w, body, a)
}

// send writes the body, whole or with what befalls it. That a client is gone
// is the client's error, not ours.
func (s *Site) send(ctx context.Context, w http.ResponseWriter, body []byte, a answer) {
	if a.rest == 0 && a.fault != short {
		_, _ = w.Write(body)
		return
	}
	half := len(body) / 2
	_, _ = w.Write(body[:half])
	_ = http.NewResponseController(w).Flush()
	if a.fault == short {
		panic(http.ErrAbortHandler)
	}
	s.sleep(ctx, a.rest)
	_, _ = w.Write(body[half:])
}

// sleep waits, and cuts the connection if the client or the site goes.
func (s *Site) sleep(ctx context.Context, d time.Duration) {
	if s.fast || d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		panic(http.ErrAbortHandler)
	}
}

// ask says when to come back, if a does, in the host's way (RFC 9110, section
// 10.2.3). A date is of whole seconds, and not before the time that was meant.
func (h *host) ask(w http.ResponseWriter, a answer) {
	switch {
	case a.after == 0:
	case h.dated:
		at := time.Now().Add(a.after + time.Second - 1).UTC()
		w.Header().Set("Retry-After", at.Format(http.TimeFormat))
	default:
		w.Header().Set("Retry-After", strconv.Itoa(int(a.after/time.Second)))
	}
}

// encode returns the page as it goes over the wire in answer to a request with
// the header asked, and fills in the answer's header.
func (p page) encode(header, asked http.Header, f fault) (status int, body []byte) {
	if p.location != "" {
		header.Set("Location", p.location)
	}
	if p.status == http.StatusOK {
		sum := fnv.New64a()
		_, _ = sum.Write(p.body)
		tag := fmt.Sprintf(`W/"%016x"`, sum.Sum64()) // weak: one for all codings
		header.Set("ETag", tag)
		if asked.Get("If-None-Match") == tag {
			return http.StatusNotModified, nil
		}
	}
	if p.ctype != "" {
		header.Set("Content-Type", p.ctype)
	}
	header.Set("Vary", "Accept-Encoding")
	body = p.body
	switch {
	case f == garbled:
		header.Set("Content-Encoding", "gzip")
	case len(body) > 0 && acceptsGzip(asked):
		header.Set("Content-Encoding", "gzip")
		body = zip(body)
	}
	header.Set("Content-Length", strconv.Itoa(len(body)))
	return p.status, body
}

// acceptsGzip reports whether gzip is among the codings asked for, and not
// with the weight of zero (RFC 9110, section 12.5.3).
func acceptsGzip(asked http.Header) bool {
	for _, field := range asked.Values("Accept-Encoding") {
		for part := range strings.SplitSeq(field, ",") {
			coding, weight, _ := strings.Cut(part, ";")
			if !strings.EqualFold(strings.TrimSpace(coding), "gzip") {
				continue
			}
			_, q, has := strings.Cut(weight, "=")
			v, err := strconv.ParseFloat(strings.TrimSpace(q), 64)
			return !has || err == nil && v > 0
		}
	}
	return false
}

func zip(body []byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, _ = w.Write(body) // a Buffer takes all
	_ = w.Close()
	return out.Bytes()
}
