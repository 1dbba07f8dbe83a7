package scrape

import (
	"bufio"
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strings"

	"golang.org/x/net/http/httpproxy"
	"golang.org/x/net/proxy"

	"weir/engine"
)

// A Proxy says which proxy, if any, stands between us and a URL. Loopback hosts
// are never asked for through one, as everywhere in Go.
//
// There are three kinds. An http or https proxy is handed plain http requests
// and opens tunnels for https (CONNECT). A socks5 proxy opens tunnels to
// addresses that we have resolved, a socks5h proxy to names.
//
// What holds of the address policy depends on who resolves names. With socks5
// it is us, and everything is checked as it is without a proxy. With the others
// it is the proxy: hosts that are written as addresses are checked, and of the
// names that a stranger wrote those are refused that can only be inside
// (localhost, a single word, .local, .internal, .home.arpa). What other names
// lead to is known to the proxy only, and refusing is up to it.
type Proxy struct {
	pick func(*url.URL) (*url.URL, error)
}

// ParseProxy returns the Proxy for all URLs but those that except names, each
// of which is a domain (with its subdomains), .domain (without itself), an
// address or range of addresses, each with a port or without, or *.
//
// The error never holds raw, which may have a password in it.
func ParseProxy(raw string, except []string) (*Proxy, error) {
	if err := checkProxy(raw); err != nil {
		return nil, err
	}
	cfg := httpproxy.Config{HTTPProxy: raw, HTTPSProxy: raw, NoProxy: strings.Join(except, ",")}
	return &Proxy{cfg.ProxyFunc()}, nil
}

// EnvironmentProxy returns the Proxy that HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and
// NO_PROXY ask for, in upper or lower case; of except as in [ParseProxy].
func EnvironmentProxy(except []string) (*Proxy, error) {
	cfg := httpproxy.FromEnvironment()
	all := cmp.Or(os.Getenv("all_proxy"), os.Getenv("ALL_PROXY"))
	for _, v := range []struct {
		name string
		to   *string
	}{{"HTTP_PROXY", &cfg.HTTPProxy}, {"HTTPS_PROXY", &cfg.HTTPSProxy}} {
		if *v.to == "" && all != "" {
			v.name, *v.to = "ALL_PROXY", all
		}
		if *v.to == "" {
			continue
		}
		if !strings.Contains(*v.to, "://") {
			*v.to = "http://" + *v.to
		}
		if err := checkProxy(*v.to); err != nil {
			return nil, fmt.Errorf("scrape: %s: %w", v.name, err)
		}
	}
	cfg.NoProxy = strings.Join(append(except, cfg.NoProxy), ",")
	return &Proxy{cfg.ProxyFunc()}, nil
}

func checkProxy(raw string) error {
	u, err := url.Parse(raw)
	if err != nil || u.Hostname() == "" || u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.Fragment != "" ||
		!slices.Contains([]string{"http", "https", "socks5", "socks5h"}, u.Scheme) {
		return errors.New("want a proxy such as http://10.0.0.1:3128 or socks5://USER:PASSWORD@10.0.0.1:1080 (http, https, socks5, socks5h)")
	}
	if pass, _ := u.User.Password(); strings.HasPrefix(u.Scheme, "socks") && (len(u.User.Username()) > 255 || len(pass) > 255) {
		return errors.New("user and password of a socks5 proxy have at most 255 bytes")
	}
	return nil
}

// A via is the proxy of one request. A nil via is none.
type via struct {
	url  *url.URL
	addr string // host:port
}

// via returns what stands between us and t.
func (p *Proxy) via(t target) (*via, error) {
	if p == nil {
		return nil, nil
	}
	u, err := p.pick(&url.URL{Scheme: t.scheme, Host: t.authority})
	if err != nil || u == nil {
		return nil, err
	}
	port := map[string]string{"http": "80", "https": "443"}[u.Scheme]
	return &via{u, net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), port, "1080"))}, nil
}

// String names the proxy without user and password.
func (v *via) String() string { return "proxy " + v.url.Scheme + "://" + v.addr }

// tunnels reports whether all requests go through a tunnel, plain http too.
func (v *via) tunnels() bool { return strings.HasPrefix(v.url.Scheme, "socks") }

// forwards reports whether requests of t are handed to the proxy as they are.
func (v *via) forwards(scheme string) bool { return v != nil && !v.tunnels() && scheme == "http" }

// blame says that v, and not the site behind it, is at fault.
func (v *via) blame(err error) error { return faultf(engine.Proxy, "%v: %w", v, err) }

// fenced refuses a name that a stranger wrote, that the proxy will resolve, and
// that leads inside wherever it does.
func (f *fence) fenced(v *via, t target) error {
	if v == nil || v.url.Scheme == "socks5" || f.isListed(t.host) {
		return nil
	}
	name, _, err := net.SplitHostPort(t.host)
	if _, isAddr := netip.ParseAddr(name); err != nil || isAddr == nil {
		return nil // it was checked
	}
	name = "." + strings.TrimSuffix(name, ".")
	inside := strings.Count(name, ".") == 1
	for _, suffix := range []string{".localhost", ".local", ".internal", ".home.arpa"} { // RFC 6761, 6762, ICANN, RFC 8375
		inside = inside || strings.HasSuffix(name, suffix)
	}
	if inside {
		return faultf(engine.Blocked, "name %s: inside wherever %v looks it up, and not listed", clip(name[1:], 60), v)
	}
	return nil
}

// reach connects to the proxy itself.
func (s *Scraper) reach(ctx context.Context, v *via) (net.Conn, error) {
	dial := s.cfg.Dial
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	conn, err := dial(ctx, "tcp", v.addr)
	if err != nil {
		return nil, v.blame(err)
	}
	conn = &line{Conn: conn}
	if v.url.Scheme != "https" {
		return conn, nil
	}
	secure, err := handshake(ctx, conn, s.tlsConfig("", v.url.Hostname(), "http/1.1"))
	if err != nil {
		return nil, v.blame(err)
	}
	return secure, nil
}

// tunnel connects to addr (host:port) through the proxy.
func (s *Scraper) tunnel(ctx context.Context, v *via, addr string) (conn net.Conn, err error) {
	to := addr
	if v.url.Scheme == "socks5" {
		if to, err = s.resolve(ctx, addr); err != nil {
			return nil, err
		}
	}
	if conn, err = s.reach(ctx, v); err != nil {
		return nil, err
	}
	if v.tunnels() {
		err = v.socks(ctx, conn, to)
	} else {
		err = s.connectVia(ctx, conn, v, to)
	}
	if err != nil {
		conn.Close()
		return nil, err
	}
	return conn, nil
}

// resolve returns addr with the address of its name, the first that the fence
// lets pass.
func (s *Scraper) resolve(ctx context.Context, addr string) (string, error) {
	name, port, err := net.SplitHostPort(addr)
	if err != nil {
		return "", err
	}
	ips, err := s.lookup(ctx, "ip", name)
	if err != nil {
		return "", dialError(err)
	}
	slices.SortStableFunc(ips, func(a, b netip.Addr) int { return cmp.Compare(a.Unmap().BitLen(), b.Unmap().BitLen()) })
	for _, ip := range ips {
		if err = s.fence.checkAddr(ip); err == nil || s.fence.isListed(addr) {
			return net.JoinHostPort(ip.Unmap().String(), port), nil
		}
	}
	return "", err
}

// socks asks a SOCKS proxy for a tunnel (RFC 1928).
func (v *via) socks(ctx context.Context, conn net.Conn, to string) error {
	var auth *proxy.Auth
	if v.url.User != nil {
		auth = &proxy.Auth{User: v.url.User.Username()}
		auth.Password, _ = v.url.User.Password()
	}
	d, err := proxy.SOCKS5("tcp", v.addr, auth, nil)
	if err != nil {
		return v.blame(err)
	}
	over := d.(interface {
		DialWithConn(context.Context, net.Conn, string, string) (net.Addr, error)
	})
	if _, err = over.DialWithConn(ctx, conn, "tcp", to); err == nil {
		return nil
	}
	// The library has no type for the proxy's answer, whose words are fixed.
	inner := err
	if op, ok := errors.AsType[*net.OpError](err); ok {
		inner = op.Err
	}
	why, said := strings.CutPrefix(inner.Error(), "unknown error ")
	switch {
	case said && slices.Contains([]string{"network unreachable", "host unreachable", "connection refused", "TTL expired"}, why):
		return faultf(engine.Connect, "%v cannot reach %s: %s", v, to, why)
	case said:
		inner = errors.New(why)
	}
	return v.blame(inner)
}

// connectVia asks an HTTP proxy for a tunnel (RFC 9110, section 9.3.6).
func (s *Scraper) connectVia(ctx context.Context, conn net.Conn, v *via, to string) error {
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	req := &http.Request{
		Method: http.MethodConnect, URL: &url.URL{Opaque: to}, Host: to,
		Header: http.Header{"User-Agent": {s.agent}},
	}
	if u := v.url.User; u != nil {
		pass, _ := u.Password()
		req.Header.Set("Proxy-Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(u.Username()+":"+pass)))
	}
	if err := req.Write(conn); err != nil {
		return v.blame(err)
	}
	in := bufio.NewReader(io.LimitReader(conn, s.cfg.MaxHeader))
	resp, err := http.ReadResponse(in, req)
	switch {
	case err != nil:
		return v.blame(fmt.Errorf("no tunnel to %s: %w", to, err))
	case resp.StatusCode == http.StatusBadGateway, resp.StatusCode == http.StatusServiceUnavailable, resp.StatusCode == http.StatusGatewayTimeout:
		return faultf(engine.Connect, "%v cannot reach %s: %w", v, to, statusError(resp.StatusCode))
	case resp.StatusCode < 200 || resp.StatusCode > 299:
		return v.blame(fmt.Errorf("no tunnel to %s: %w", to, statusError(resp.StatusCode)))
	case in.Buffered() > 0:
		return v.blame(errors.New("it speaks before it is spoken to"))
	}
	return nil
}
