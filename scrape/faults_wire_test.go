package scrape_test

import (
	"bytes"
	"hash/crc32"
	"io"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// says returns a talk that writes one answer and closes.
func says(text ...string) func(*peer) {
	return func(p *peer) { p.say(text...) }
}

// hangs returns a talk that writes the beginning of an answer and hangs.
func hangs(text ...string) func(*peer) {
	return func(p *peer) {
		p.say(text...)
		p.hang()
	}
}

// floods returns a talk that writes a beginning and then a piece without end.
func floods(begin, piece string) func(*peer) {
	return func(p *peer) {
		if p.say(begin) {
			p.forever(piece)
		}
	}
}

// isCoded says what an answer is coded in.
func isCoded(name string) string { return "Content-Encoding: " + name + "\r\n" }

func codingFaults(t *testing.T) []fault {
	var list []fault
	for _, name := range []string{"gzip", "br", "zstd", "deflate", "bare deflate"} {
		head := isCoded(strings.TrimPrefix(name, "bare "))
		list = append(list,
			fault{
				name: "bomb of 64 MiB in " + name, ends: "too_large", words: "body over 256 KiB", memory: 24 << 20,
				talk: says(answerOf(head, string(bomb(t, name, 64<<20)))),
			},
			fault{
				name: name + " that breaks off", ends: "truncated",
				talk: says(answerOf(head, string(squeeze(t, name, faultPage)[:9]))),
			},
		)
	}
	gz := string(squeeze(t, "gzip", faultPage))
	z := string(squeeze(t, "zstd", ""))
	return append(list, []fault{
		{name: "zstd window of 64 MiB", ends: "decode", words: "window", memory: 8 << 20, talk: says(answerOf(isCoded("zstd"), wideZstd(t)))},
		{name: "zstd window of 3.75 TiB", ends: "decode", words: "window", talk: says(answerOf(isCoded("zstd"), "\x28\xb5\x2f\xfd\x00\xff\x01\x00\x00"))},
		{name: "zstd that promises 16 EiB", ends: "decode", talk: says(answerOf(isCoded("zstd"), "\x28\xb5\x2f\xfd\xe0\xff\xff\xff\xff\xff\xff\xff\xff\x01\x00\x00"))},
		{name: "zstd frames of nothing without end", ends: "too_large", words: "on the wire", memory: 24 << 20, talk: floods(okHead+isCoded("zstd")+"\r\n", z)},
		{name: "zstd with 4 GiB to skip", ends: "too_large", words: "on the wire", memory: 4 << 20, talk: floods(okHead+isCoded("zstd")+"\r\n\x50\x2a\x4d\x18\xff\xff\xff\xff", "x")},
		{name: "gzip members of nothing without end", ends: "too_large", words: "on the wire", memory: 4 << 20, talk: floods(okHead+isCoded("gzip")+"\r\n", string(squeeze(t, "gzip", "")))},
		{name: "gzip whose file name has no end", ends: "decode", talk: floods(okHead+isCoded("gzip")+"\r\n\x1f\x8b\x08\x08\x00\x00\x00\x00\x00\x03", "x")},
		{name: "deflate blocks of nothing without end", ends: "too_large", words: "on the wire", talk: floods(okHead+isCoded("deflate")+"\r\n\x78\x9c", "\x00\x00\x00\xff\xff")},
		{name: "br blocks of nothing without end", ends: "too_large", words: "on the wire", memory: 8 << 20, talk: floods(okHead+isCoded("br")+"\r\n\x0c", "\x06")},
		{name: "gzip with a wrong sum", ends: "decode", words: "checksum", talk: says(answerOf(isCoded("gzip"), gz[:len(gz)-8]+"\x00\x00\x00\x00"+gz[len(gz)-4:]))},
		{name: "gzip with something behind it", ends: "decode", talk: says(answerOf(isCoded("gzip"), gz+"something else"))},
		{name: "plain text that says gzip", ends: "decode", talk: says(answerOf(isCoded("gzip"), faultPage))},
		{name: "gzip on gzip, said once", ends: "empty", talk: says(answerOf(isCoded("gzip"), string(squeeze(t, "gzip", gz))))},
		{name: "two codings", ends: "decode", words: "more than one content coding", talk: says(answerOf(isCoded("gzip, br"), gz))},
		{name: "a hundred codings", ends: "decode", words: "more than one content coding", talk: says(answerOf(strings.Repeat(isCoded("gzip"), 100), gz))},
		{name: "an unknown coding", ends: "decode", words: "unknown content coding", talk: says(answerOf(isCoded("exi"+strings.Repeat("x", 1000)), gz))},
	}...)
}

// wideZstd is a small frame that asks for a window of 64 MiB.
func wideZstd(t *testing.T) string {
	var out bytes.Buffer
	w, err := zstd.NewWriter(&out, zstd.WithWindowSize(64<<20), zstd.WithEncoderConcurrency(1))
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(w, strings.Repeat(" ", 1<<20))
	w.Close()
	return out.String()
}

func headerFaults() []fault {
	const status = "HTTP/1.1 200 OK\r\n"
	return []fault{
		{name: "a status line without end", ends: "too_large", talk: floods("HTTP/1.1 200 ", "x")},
		{name: "one header field without end", ends: "too_large", talk: floods(status+"X-Long: ", "x")},
		{name: "a header name without end", ends: "too_large", talk: floods(status, "x")},
		{name: "header fields without end", ends: "too_large", talk: floods(status, "X-More: and more\r\n")},
		{name: "empty header fields without end", ends: "too_large", talk: floods(status, "A:\r\n")},
		{name: "a folded field without end", ends: "too_large", talk: floods(status+"X-Long: x\r\n", " and more\r\n")},
		{name: "cookies without end", ends: "too_large", talk: floods(status, "Set-Cookie: a=b; path=/\r\n")},
		{name: "60 KiB of cookies", ends: "ok", talk: says(answerOf(strings.Repeat("Set-Cookie: abcdefghi=jklmnop\r\n", 1900), faultPage))},
		{name: "early hints without end", ends: "too_large", talk: floods("", "HTTP/1.1 103 Early Hints\r\n\r\n")},
		{name: "large early hints without end", ends: "too_large", talk: floods("", "HTTP/1.1 103 Early Hints\r\nLink: "+strings.Repeat("x", 20<<10)+"\r\n\r\n")},
		{name: "go on, without end", ends: "too_large", talk: floods("", "HTTP/1.1 100 Continue\r\n\r\n")},
		{name: "a header field without a colon", ends: "protocol", talk: says(status + "nonsense\r\n\r\n")},
		{name: "a header name with a space", ends: "ok", talk: says(answerOf("X Y: z\r\n", faultPage))},
		{name: "a header that begins with a fold", ends: "protocol", talk: says(status + " folded\r\n\r\n")},
		{name: "zero bytes in a header field", ends: "protocol", talk: says(answerOf("X-Zero: \x00\x00\r\n", faultPage))},
		{name: "line ends of one byte", ends: "ok", talk: says(strings.ReplaceAll(answerOf("", faultPage), "\r\n", "\n"))},
		{name: "escape codes in the status text", ends: "status", talk: says("HTTP/1.1 500 \x1b[31mred\r\nContent-Length: 0\r\n\r\n")},
	}
}

func slowFaults(t *testing.T) []fault {
	long := strings.Repeat("x", 10000)
	gz := string(squeeze(t, "gzip", strings.Repeat(faultPage, 2000)))
	list := []fault{
		{name: "a queue of connections that is full", url: fullQueue(t)},
		{name: "nobody reads the request", raw: true, talk: func(p *peer) { p.hang() }},
		{name: "no answer to the TLS hello", raw: true, url: "https://{addr}/", talk: func(p *peer) { p.hang() }},
		{name: "half an answer to the TLS hello", raw: true, url: "https://{addr}/", talk: hangs("\x16\x03\x03\x40\x00\x02\x00")},
		{name: "a TLS record a byte at a time", raw: true, url: "https://{addr}/", talk: func(p *peer) { p.drip("\x16\x03\x03\x40\x00" + long) }},
		{name: "silence before the status", talk: func(p *peer) { p.hang() }},
		{name: "silence in the status line", talk: hangs("HTTP/1.1 20")},
		{name: "silence in the header", talk: hangs(okHead)},
		{name: "silence after 100 Continue", talk: hangs("HTTP/1.1 100 Continue\r\n\r\n")},
		{name: "silence before the body", talk: hangs(okHead + "Content-Length: 100\r\n\r\n")},
		{name: "silence in the body", talk: hangs(okHead + "Content-Length: 100\r\n\r\n" + faultPage)},
		{name: "silence in a chunk's size", talk: hangs(okHead + "Transfer-Encoding: chunked\r\n\r\n1")},
		{name: "silence in a chunk", talk: hangs(okHead + "Transfer-Encoding: chunked\r\n\r\n64\r\n" + faultPage)},
		{name: "silence before the last chunk", talk: hangs(okHead + "Transfer-Encoding: chunked\r\n\r\n" + chunk(faultPage))},
		{name: "silence in the trailer", talk: hangs(okHead + "Transfer-Encoding: chunked\r\n\r\n" + chunk(faultPage) + "0\r\nX-A: b\r\n")},
		{name: "silence after a body without length", talk: hangs(okHead + "\r\n" + faultPage)},
		{name: "silence in gzip", talk: hangs(okHead + isCoded("gzip") + "\r\n" + gz[:len(gz)-8])},
		{name: "silence after gzip is complete", talk: hangs(okHead + isCoded("gzip") + "\r\n" + gz)},
		{name: "a status line a byte at a time", talk: func(p *peer) { p.drip("HTTP/1.1 200 " + long) }},
		{name: "a header a byte at a time", talk: func(p *peer) { p.drip("HTTP/1.1 200 OK\r\nX-Long: " + long) }},
		{name: "header fields, one every now and then", talk: func(p *peer) { p.drip("HTTP/1.1 200 OK\r\n" + strings.Repeat("A:\r\n", 5000)) }},
		{name: "a body a byte at a time", talk: func(p *peer) { p.say(okHead, "Content-Length: 10000\r\n\r\n"); p.drip(long) }},
		{name: "chunks a byte at a time", talk: func(p *peer) {
			p.say(okHead, "Transfer-Encoding: chunked\r\n\r\n")
			p.drip(strings.Repeat(chunk("x"), 1000))
		}},
		{name: "gzip a byte at a time", talk: func(p *peer) { p.say(okHead, isCoded("gzip"), "\r\n"); p.drip(gz + gz) }},
		{name: "early hints, one every now and then", talk: func(p *peer) { p.drip(strings.Repeat("HTTP/1.1 103 Early Hints\r\n\r\n", 100)) }},
	}
	for i := range list {
		list[i].slow, list[i].ends, list[i].words = true, "timeout", "no result within 60ms"
	}
	return append(list,
		fault{name: "silence in the body of an error", ends: "status", words: "status 404", talk: hangs("HTTP/1.1 404 Not Found\r\nContent-Length: 100\r\n\r\nx")},
		fault{name: "an error page without end", ends: "status", words: "status 500", talk: floods("HTTP/1.1 500 Oh\r\n\r\n", "x")},
	)
}

func bodyFaults() []fault {
	length := func(value string) string {
		return okHead + "Content-Length: " + value + "\r\n\r\n" + faultPage
	}
	return []fault{
		{name: "a body without end", ends: "too_large", words: "body over 256 KiB", talk: floods(okHead+"\r\n", "<p>")},
		{name: "a body of 1 TiB, as it says", ends: "too_large", words: "body of 1099511627776 bytes", talk: floods(okHead+"Content-Length: 1099511627776\r\n\r\n", "<p>")},
		{name: "a body of 1 TiB, in gzip", ends: "decode", talk: floods(okHead+isCoded("gzip")+"Content-Length: 1099511627776\r\n\r\n", "<p>")},
		{name: "the longest length there is", ends: "too_large", talk: says(length("9223372036854775807"))},
		{name: "chunks without end", ends: "too_large", words: "body over 256 KiB", talk: floods(okHead+"Transfer-Encoding: chunked\r\n\r\n", chunk(strings.Repeat("x", 4000)))},
		{name: "chunks of one byte without end", ends: "too_large", talk: floods(okHead+"Transfer-Encoding: chunked\r\n\r\n", chunk("x"))},
		{name: "less than the length", ends: "truncated", talk: says(length("100"))},
		{name: "nothing of the length", ends: "truncated", talk: says(okHead + "Content-Length: 100\r\n\r\n")},
		{name: "more than the length", ends: "ok", talk: says(answerOf("", faultPage), "HTTP/1.1 200 OK\r\n\r\n", "more")},
		{name: "two lengths", ends: "protocol", talk: says(okHead + "Content-Length: 5\r\n" + "Content-Length: 35\r\n\r\n" + faultPage)},
		{name: "the same length twice", ends: "ok", talk: says(answerOf("Content-Length: 35\r\n", faultPage))},
		{name: "a negative length", ends: "protocol", talk: says(length("-1"))},
		{name: "a length with a sign", ends: "protocol", talk: says(length("+35"))},
		{name: "a length in hex", ends: "protocol", talk: says(length("0x23"))},
		{name: "a list of lengths", ends: "protocol", talk: says(length("35, 35"))},
		{name: "a length that fits nowhere", ends: "protocol", talk: says(length("99999999999999999999"))},
		{name: "a length and chunks", ends: "ok", talk: says(okHead + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk(faultPage) + "0\r\n\r\n")},
		{name: "an empty page", ends: "empty", talk: says(answerOf("", ""))},
		{name: "a page of white space", ends: "empty", talk: says(answerOf("", strings.Repeat(" \n", 5000)))},
		{name: "a page without what is looked for", ends: "empty", talk: says(answerOf("", "<h1>Please log in</h1>"))},
		{name: "no content", ends: "empty", talk: says("HTTP/1.1 204 No Content\r\nContent-Length: 35\r\n\r\n" + faultPage)},
	}
}

func chunkFaults() []fault {
	const head = okHead + "Transfer-Encoding: chunked\r\n\r\n"
	first := chunk("<title>a</title>")
	return []fault{
		{name: "a chunk size that is no number", ends: "protocol", talk: says(head + first + "zz\r\nx")},
		{name: "a chunk size that is negative", ends: "protocol", talk: says(head + first + "-1\r\nx")},
		{name: "a chunk size that is empty", ends: "protocol", talk: says(head + first + "\r\nx")},
		{name: "a chunk size that fits nowhere", ends: "protocol", talk: says(head + first + "fffffffffffffffff\r\nx")},
		{name: "a chunk of 16 EiB", ends: "too_large", talk: floods(head+first+"ffffffffffffffff\r\n", "x")},
		{name: "a chunk without its line end", ends: "protocol", talk: says(head + "3\r\nabcdef0\r\n\r\n")},
		{name: "a chunk size without end", ends: "protocol", talk: floods(head+first, "0")},
		{name: "a chunk extension without end", ends: "protocol", talk: floods(head+first+"1;a=", "x")},
		{name: "a trailer without end", ends: "protocol", words: "trailer", talk: floods(head+first+"0\r\n", "X-More: and more\r\n")},
		{name: "a trailer field without end", ends: "protocol", talk: floods(head+first+"0\r\nX-More: ", "x")},
		{name: "chunks without their last", ends: "truncated", talk: says(head + first)},
		{name: "chunks cut in a size", ends: "truncated", talk: says(head + first + "1")},
		{name: "chunks in an unknown coding", ends: "protocol", talk: says(okHead + "Transfer-Encoding: gzip, chunked\r\n\r\n" + first + "0\r\n\r\n")},
		{name: "chunks twice over", ends: "protocol", talk: says(okHead + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n" + first + "0\r\n\r\n")},
		{name: "chunks in HTTP/1.0", ends: "ok", talk: says("HTTP/1.0 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n" + first + "0\r\n\r\n")},
	}
}

// http2Hello is what a server of HTTP/2 says first: its settings.
const http2Hello = "\x00\x00\x12\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x64\x00\x04\x00\x10\x00\x00\x00\x05\x00\x00\x40\x00"

func protocolFaults() []fault {
	return []fault{
		{name: "not modified, unasked", ends: "status", words: "status 304", talk: says("HTTP/1.1 304 Not Modified\r\n\r\n")},
		{name: "a part, unasked", ends: "status", words: "status 206", talk: says(strings.Replace(answerOf("Content-Range: bytes 0-34/99\r\n", faultPage), "200 OK", "206 Partial Content", 1))},
		{name: "a range, unasked", ends: "status", words: "status 416", talk: says("HTTP/1.1 416 No\r\nContent-Range: bytes */99\r\nContent-Length: 0\r\n\r\n")},
		{name: "another protocol, unasked", ends: "status", words: "status 101", talk: hangs("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n\x81\x05hello")},
		{name: "a proxy's question", ends: "status", words: "status 407", talk: says("HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=x\r\nContent-Length: 0\r\n\r\n")},
		{name: "a status of four digits", ends: "protocol", talk: says("HTTP/1.1 2000 OK\r\n\r\n")},
		{name: "a status below all", ends: "status", words: "status 42", talk: says("HTTP/1.1 042 What\r\nContent-Length: 0\r\n\r\n")},
		{name: "a status above all", ends: "status", words: "status 999", talk: says("HTTP/1.1 999 No\r\nContent-Length: 0\r\n\r\n")},
		{name: "a status that is no number", ends: "protocol", talk: says("HTTP/1.1 abc OK\r\n\r\n")},
		{name: "HTTP/0.9", ends: "protocol", talk: says(faultPage)},
		{name: "HTTP/2 though it was not asked for", ends: "timeout", slow: true, talk: hangs(http2Hello)},
		{name: "HTTP/2 though it was not asked for, and goodbye", ends: "protocol", talk: says(http2Hello)},
		{name: "the preface of HTTP/2", ends: "protocol", talk: hangs("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")},
		{name: "HTTP of a version to come", ends: "ok", talk: says("HTTP/9.9 200 OK\r\nContent-Type: text/html\r\n\r\n" + faultPage)},
		{name: "a radio station", ends: "protocol", talk: says("ICY 200 OK\r\nContent-Type: text/html\r\n\r\n" + faultPage)},
		{name: "a mail server", ends: "protocol", raw: true, talk: hangs("220 mail.one.test ESMTP\r\n")},
		{name: "a shell server", ends: "protocol", raw: true, talk: hangs("SSH-2.0-OpenSSH_9.2\r\n")},
		{name: "zero bytes without end", ends: "too_large", talk: floods("", "\x00")},
		{name: "noise", ends: "protocol", talk: func(p *peer) { p.say(noise(4000), "\n"); p.hang() }},
		{name: "a second answer, unasked", ends: "ok", talk: says(answerOf("", faultPage), answerOf("", "<title>owned</title>"))},
		{name: "an answer before the request", ends: "ok or protocol", raw: true, talk: hangs(answerOf("", faultPage))},
	}
}

// noise returns n bytes without a line end that are the same every time.
func noise(n int) string {
	out := make([]byte, n)
	for i := range out {
		if out[i] = byte(crc32.ChecksumIEEE([]byte{byte(i), byte(i >> 8)})); out[i] == '\n' {
			out[i] = 0
		}
	}
	return string(out)
}
