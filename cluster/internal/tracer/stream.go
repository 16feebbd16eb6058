package tracer

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/capsize-go/capsize/cluster/trace"
)

// A Segment is the body of a message that is a part of a connection, or a datagram.
type Segment struct {
	Bytes            int    // on the link, with what IP and TCP or UDP add
	From, To         string // hosts; empty for a datagram
	FromPort, ToPort int
	Data             []byte // of the stream; it must not change any more
	Control          string // what it is for that has no data, as "connect" or "reset"
}

// streams knows of each connection what was seen of it so far.
type streams map[[2]string]*stream

// A stream is a connection whose protocol is known, or not yet.
type stream struct{ protocol string }

// of returns the connection of a segment. It is the same for both directions.
func (s *streams) of(g Segment) *stream {
	if *s == nil {
		*s = streams{}
	}
	key := [2]string{fmt.Sprint(g.From, ":", g.FromPort), fmt.Sprint(g.To, ":", g.ToPort)}
	slices.Sort(key[:])
	x := (*s)[key]
	if x == nil || g.Control == "connect" { // ports are used again
		x = &stream{}
		(*s)[key] = x
	}
	return x
}

// pass learns from a segment that is not recorded what protocol its connection has.
func (s *streams) pass(g Segment) {
	if g.From != "" {
		s.describe(g)
	}
}

// describe says what a segment brings.
func (s *streams) describe(g Segment) (protocol string, d trace.Description) {
	if g.From == "" {
		return "", trace.Description{Name: "datagram", Text: fmt.Sprintf("%d bytes", g.Bytes)}
	}
	x := s.of(g)
	if len(g.Data) == 0 {
		return x.protocol, trace.Description{Name: g.Control, Text: g.Control, Idle: g.Control == "acknowledgment" || g.Control == "probe"}
	}
	for _, look := range []func(*stream, []byte) (trace.Description, bool){(*stream).http1, (*stream).http2, (*stream).resp} {
		if d, ok := look(x, g.Data); ok {
			d.Text = cut(d.Text)
			return x.protocol, d
		}
	}
	return x.protocol, trace.Description{Name: "bytes", Text: fmt.Sprintf("%d bytes", len(g.Data))}
}

// http1 describes the beginning of a request or response of HTTP/1.
func (x *stream) http1(data []byte) (d trace.Description, ok bool) {
	line, _, whole := bytes.Cut(data, []byte("\r\n"))
	if !whole || x.protocol != "" && x.protocol != trace.HTTP {
		return d, false
	}
	first, rest, _ := strings.Cut(string(line), " ")
	if strings.HasPrefix(first, "HTTP/1.") {
		x.protocol = trace.HTTP
		return trace.Description{Name: "response", Text: printable(rest)}, true
	}
	target, version, _ := strings.Cut(rest, " ")
	if !strings.HasPrefix(version, "HTTP/1.") {
		return d, false
	}
	x.protocol = trace.HTTP
	return trace.Description{Name: "request", Text: printable(first + " " + target)}, true
}

// preface is how a client begins a connection of HTTP/2.
var preface = []byte("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")

// grpcType is "application/grpc" as HPACK encodes it, by its Huffman code.
var grpcType = []byte{0x1d, 0x75, 0xd0, 0x62, 0x0d, 0x26, 0x3d, 0x4c, 0x4d, 0x65, 0x64}

var frames = [...]string{"data", "headers", "priority", "reset", "settings", "push", "ping", "goaway", "window", "continuation"}

// http2 describes the frames of HTTP/2 that begin in a segment.
func (x *stream) http2(data []byte) (d trace.Description, ok bool) {
	if bytes.HasPrefix(data, preface) {
		x.protocol, data = trace.HTTP2, data[len(preface):]
		d.Name, d.Text = "preface", "connection preface"
	}
	if x.protocol != trace.HTTP2 && x.protocol != trace.GRPC {
		return d, false
	}
	var kinds []string
	for len(data) >= 9 {
		size := int(data[0])<<16 | int(data[1])<<8 | int(data[2])
		if int(data[3]) >= len(frames) {
			break // the middle of a frame
		}
		kind, id := frames[data[3]], binary.BigEndian.Uint32(data[5:])&(1<<31-1)
		payload := data[9:min(9+size, len(data))]
		if kind == "headers" && (bytes.Contains(payload, grpcType) || bytes.Contains(payload, []byte("application/grpc"))) {
			x.protocol = trace.GRPC
		}
		if id != 0 {
			kind = fmt.Sprintf("%s of stream %d", kind, id)
		}
		if !slices.Contains(kinds, kind) {
			kinds = append(kinds, kind)
		}
		data = data[9+len(payload):]
	}
	if len(kinds) == 0 {
		return d, d.Name != ""
	}
	text := strings.Join(kinds, ", ")
	d.Idle = d.Name == "" && !strings.Contains(text, "data") && !strings.Contains(text, "headers") && !strings.Contains(text, "reset")
	if d.Name == "" {
		d.Name, _, _ = strings.Cut(text, " ")
		d.Name = strings.TrimSuffix(d.Name, ",")
	} else {
		text = d.Text + ", " + text
	}
	d.Text = text
	return d, true
}

// resp describes a command or an answer of Redis.
func (x *stream) resp(data []byte) (d trace.Description, ok bool) {
	words := bulk(data)
	if len(words) > 0 && (x.protocol == "" || x.protocol == trace.RESP) && isCommand(words[0]) {
		x.protocol = trace.RESP
		d = trace.Description{Name: strings.ToUpper(words[0]), Text: printable(strings.Join(words, " "))}
		switch {
		case d.Name == "SET" && len(words) > 2:
			d.Carries = []trace.Item{{Key: words[1], Value: words[2]}}
		case d.Name == "GET" && len(words) > 1:
			d.Asks = []trace.Item{{Key: words[1]}}
		case d.Name == "PING":
			d.Idle = true
		}
		return d, true
	}
	if x.protocol != trace.RESP || !bytes.ContainsRune([]byte("+-:$*_#,%~>(="), rune(data[0])) {
		return d, false
	}
	line, rest, _ := bytes.Cut(data, []byte("\r\n"))
	text := string(line[1:])
	switch {
	case data[0] == '$' && text == "-1" || data[0] == '_':
		text = "nil"
	case data[0] == '$':
		value, _, _ := bytes.Cut(rest, []byte("\r\n"))
		text = string(value)
	case data[0] == '*':
		text = "array of " + text
	}
	return trace.Description{Name: "answer", Text: printable(text)}, true
}

// bulk returns the strings of an array of bulk strings, as far as they are there.
func bulk(data []byte) (words []string) {
	line, rest, _ := bytes.Cut(data, []byte("\r\n"))
	if len(line) < 2 || line[0] != '*' {
		return nil
	}
	n, err := strconv.Atoi(string(line[1:]))
	if err != nil || n < 1 {
		return nil
	}
	for range n {
		if line, rest, _ = bytes.Cut(rest, []byte("\r\n")); len(line) < 2 || line[0] != '$' {
			break
		}
		size, err := strconv.Atoi(string(line[1:]))
		if err != nil || size < 0 || size > len(rest) {
			break
		}
		words = append(words, string(rest[:size]))
		rest = rest[min(size+2, len(rest)):]
	}
	return words
}

// isCommand reports whether a word can be a command of Redis.
func isCommand(word string) bool {
	return word != "" && strings.Trim(strings.ToUpper(word), "ABCDEFGHIJKLMNOPQRSTUVWXYZ.") == ""
}

// printable returns a text with what can't be printed escaped.
func printable(text string) string {
	q := strconv.Quote(text)
	return strings.ReplaceAll(q[1:len(q)-1], `\"`, `"`)
}
