package scrape

import (
	"context"
	"net"
	"net/netip"
	"strings"
	"sync"
	"syscall"

	"weir/engine"
)

// A fence decides which addresses may be connected to.
//
// What the operator listed may be anywhere. A redirect or a followed link may
// not lead into a private network: it was written by someone outside, who
// would reach through this program what they cannot reach themselves. The
// decision falls per host:port, on the address that is dialled, so that a name
// whose address changes between two looks (DNS rebinding) gains nothing.
type fence struct {
	allow    []netip.Prefix
	resolver *net.Resolver // nil: the system's; tests have others

	mu      sync.RWMutex
	listed  map[string]struct{} // host:port
	origins map[string]struct{} // scheme://host:port
}

// list notes a host that the operator listed. Who lists a site at port 80 or
// 443 lists both: the one often does nothing but redirect to the other. Who
// lists an origin lists that one only.
func (f *fence) list(t target) {
	host, origin := t.host, t.origin()
	if f.isOrigin(origin) {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.listed == nil {
		f.listed = make(map[string]struct{})
		f.origins = make(map[string]struct{})
	}
	f.origins[origin] = struct{}{}
	f.listed[host] = struct{}{}
	if name, ok := strings.CutSuffix(host, ":80"); ok {
		f.listed[name+":443"] = struct{}{}
	} else if name, ok := strings.CutSuffix(host, ":443"); ok {
		f.listed[name+":80"] = struct{}{}
	}
}

func (f *fence) isListed(host string) bool {
	f.mu.RLock()
	defer f.mu.RUnlock()
	_, ok := f.listed[host]
	return ok
}

// isOrigin reports whether the operator listed a URL of origin: what is for the
// operator's eyes may be sent there.
func (f *fence) isOrigin(origin string) bool {
	f.mu.RLock()
	defer f.mu.RUnlock()
	_, ok := f.origins[origin]
	return ok
}

// check refuses host (host:port) if it is written as an address and that is
// forbidden. A name passes: its address is checked when it is dialled.
func (f *fence) check(host string) error {
	addr, err := netip.ParseAddrPort(host)
	if err != nil || f.isListed(host) {
		return nil
	}
	return f.checkAddr(addr.Addr())
}

// control is called by a net.Dialer with the address it is about to connect to.
func (f *fence) control(_ context.Context, _, address string, _ syscall.RawConn) error {
	addr, err := netip.ParseAddrPort(address)
	if err != nil {
		return faultf(engine.Blocked, "address %s: not an address", clip(address, 60))
	}
	return f.checkAddr(addr.Addr())
}

func (f *fence) checkAddr(addr netip.Addr) error {
	addr = addr.WithZone("").Unmap()
	for _, p := range f.allow {
		if p.Contains(addr) {
			return nil
		}
	}
	if why := forbidden(addr); why != "" {
		return faultf(engine.Blocked, "address %s: %s, and neither listed nor allowed (--allow %s)", addr, why, addr)
	}
	return nil
}

// dialer returns the net.Dialer for host.
func (f *fence) dialer(host string) *net.Dialer {
	d := &net.Dialer{Resolver: f.resolver}
	if !f.isListed(host) {
		d.ControlContext = f.control
	}
	return d
}

// forbiddenRanges are the blocks of the IANA special-purpose registries (RFC
// 6890) that are not reachable from everywhere, and one metadata service that
// lives on a public address.
var forbiddenRanges = []struct {
	prefix netip.Prefix
	why    string
}{
	{netip.MustParsePrefix("0.0.0.0/8"), "this network"},
	{netip.MustParsePrefix("10.0.0.0/8"), "private"},
	{netip.MustParsePrefix("100.64.0.0/10"), "private (carrier)"},
	{netip.MustParsePrefix("127.0.0.0/8"), "loopback"},
	{netip.MustParsePrefix("168.63.129.16/32"), "metadata"},
	{netip.MustParsePrefix("169.254.0.0/16"), "link-local"},
	{netip.MustParsePrefix("172.16.0.0/12"), "private"},
	{netip.MustParsePrefix("192.0.0.0/24"), "reserved"},
	{netip.MustParsePrefix("192.0.2.0/24"), "reserved (examples)"},
	{netip.MustParsePrefix("192.168.0.0/16"), "private"},
	{netip.MustParsePrefix("198.18.0.0/15"), "private (benchmarks)"},
	{netip.MustParsePrefix("198.51.100.0/24"), "reserved (examples)"},
	{netip.MustParsePrefix("203.0.113.0/24"), "reserved (examples)"},
	{netip.MustParsePrefix("224.0.0.0/4"), "multicast"},
	{netip.MustParsePrefix("240.0.0.0/4"), "reserved"},
	{netip.MustParsePrefix("::/128"), "unspecified"},
	{netip.MustParsePrefix("::1/128"), "loopback"},
	{netip.MustParsePrefix("64:ff9b:1::/48"), "private (translation)"},
	{netip.MustParsePrefix("100::/64"), "discard"},
	{netip.MustParsePrefix("2001::/32"), "a tunnel (Teredo)"},
	{netip.MustParsePrefix("2001:2::/48"), "private (benchmarks)"},
	{netip.MustParsePrefix("2001:db8::/32"), "reserved (examples)"},
	{netip.MustParsePrefix("3fff::/20"), "reserved (examples)"},
	{netip.MustParsePrefix("5f00::/16"), "private (segment routing)"},
	{netip.MustParsePrefix("fc00::/7"), "private"},
	{netip.MustParsePrefix("fe80::/10"), "link-local"},
	{netip.MustParsePrefix("fec0::/10"), "private (site-local)"},
	{netip.MustParsePrefix("ff00::/8"), "multicast"},
}

// embeddings are IPv6 blocks that carry an IPv4 address, and where in it.
var embeddings = []struct {
	prefix netip.Prefix
	at     int // byte
}{
	{netip.MustParsePrefix("::/96"), 12},           // IPv4-compatible (RFC 4291)
	{netip.MustParsePrefix("::ffff:0:0:0/96"), 12}, // IPv4-translated (RFC 2765)
	{netip.MustParsePrefix("64:ff9b::/96"), 12},    // NAT64 (RFC 6052)
	{netip.MustParsePrefix("2002::/16"), 2},        // 6to4 (RFC 3056)
}

// forbidden says what kind of address addr is if a stranger may not send us
// there; else it returns "".
func forbidden(addr netip.Addr) string {
	for _, r := range forbiddenRanges {
		if r.prefix.Contains(addr) {
			return r.why
		}
	}
	for _, e := range embeddings {
		if e.prefix.Contains(addr) {
			b := addr.As16()
			return forbidden(netip.AddrFrom4([4]byte(b[e.at : e.at+4])))
		}
	}
	return ""
}
