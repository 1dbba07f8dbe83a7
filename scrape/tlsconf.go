package scrape

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// maxPEM is the longest file of certificates or a key that is read, in bytes:
// a system's whole list of authorities is about 250 KB.
const maxPEM = 4 << 20

// tlsConfig returns how to speak TLS to host (host:port), of which name is the
// name. The client certificate goes to hosts that the operator listed, and only
// of those is a certificate believed unseen: where strangers' links lead, both
// would be theirs to ask for.
func (s *Scraper) tlsConfig(host, name string, protocols ...string) *tls.Config {
	cfg := &tls.Config{ServerName: name, NextProtos: protocols, RootCAs: s.cfg.Roots}
	if s.fence.isListed(host) {
		cfg.InsecureSkipVerify = s.cfg.Insecure
		if s.cfg.Certificate != nil {
			cfg.Certificates = []tls.Certificate{*s.cfg.Certificate}
		}
	}
	return cfg
}

// ReadRoots returns the authorities of the system and those of a PEM file.
func ReadRoots(path string) (*x509.CertPool, error) {
	text, err := readPEM(path)
	if err != nil {
		return nil, err
	}
	pool, err := x509.SystemCertPool()
	if err != nil { // there is none here: those of the file will have to do
		pool = x509.NewCertPool()
	}
	n := 0
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		n++
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("scrape: %s: certificate %d: %w", path, n, err)
		}
		pool.AddCert(cert)
	}
	if n == 0 {
		return nil, fmt.Errorf("scrape: %s: no certificate in it: want PEM, -----BEGIN CERTIFICATE-----", path)
	}
	return pool, nil
}

// ReadCertificate returns a client's certificate and its key, of two PEM files
// or one that has both.
func ReadCertificate(certFile, keyFile string) (*tls.Certificate, error) {
	cert, err := readPEM(certFile)
	if err != nil {
		return nil, err
	}
	key, err := readPEM(keyFile)
	if err != nil {
		return nil, err
	}
	for block, rest := pem.Decode(key); block != nil; block, rest = pem.Decode(rest) {
		if block.Type == "ENCRYPTED PRIVATE KEY" || block.Headers["DEK-Info"] != "" {
			return nil, fmt.Errorf("scrape: %s: the key has a passphrase: take it off with openssl pkey", keyFile)
		}
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return nil, fmt.Errorf("scrape: %s with key %s: %w", certFile, keyFile, err)
	}
	return &pair, nil
}

func readPEM(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, pathError(path, err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxPEM+1))
	if err == nil && len(text) > maxPEM {
		err = fmt.Errorf("larger than %s", size(maxPEM))
	}
	if err != nil {
		return nil, pathError(path, err)
	}
	return text, nil
}

// pathError says path once, where the error may hold it already.
func pathError(path string, err error) error {
	if named, ok := errors.AsType[*fs.PathError](err); ok {
		err = named.Err
	}
	return fmt.Errorf("scrape: %s: %w", path, err)
}
