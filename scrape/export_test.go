package scrape

import "net"

// This file opens to the tests outside what only tests need.

// ResolveBy makes s ask r what address a name has.
func (s *Scraper) ResolveBy(r *net.Resolver) { s.fence.resolver = r }
