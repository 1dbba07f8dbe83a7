//go:build !linux

package scrape_test

import "testing"

// fullQueue returns a URL where nobody answers: how full a queue of connections
// is cannot be told here.
func fullQueue(t *testing.T) string {
	return "http://" + serveFault(t, nil, func(p *peer) { p.hang() }).addr() + "/"
}
