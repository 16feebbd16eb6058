package tracer

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/http2/hpack"

	"github.com/capsize-go/capsize/cluster/trace"
)

// TestProtocols tells protocols by the first bytes of segments.
func TestProtocols(t *testing.T) {
	for _, test := range []struct {
		name     string
		data     []string // of one connection; every second one is of the server
		protocol string
		want     []trace.Description
	}{
		{"http", []string{"GET /k3?x=1 HTTP/1.1\r\nHost: n1\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\nhello", "POST /a b HTTP/1.1\r\n"}, trace.HTTP, []trace.Description{
			{Name: "request", Text: "GET /k3?x=1"}, {Name: "response", Text: "200 OK"}, {Name: "bytes", Text: "20 bytes"},
		}},
		{"redis", []string{"*3\r\n$3\r\nset\r\n$2\r\nk3\r\n$4\r\n3013\r\n", "+OK\r\n", "*2\r\n$3\r\nGET\r\n$2\r\nk3\r\n", "$4\r\n3013\r\n", "*1\r\n$4\r\nPING\r\n", "$-1\r\n"}, trace.RESP, []trace.Description{
			{Name: "SET", Text: "set k3 3013", Carries: []trace.Item{{Key: "k3", Value: "3013"}}}, {Name: "answer", Text: "OK"},
			{Name: "GET", Text: "GET k3", Asks: []trace.Item{{Key: "k3"}}}, {Name: "answer", Text: "3013"},
			{Name: "PING", Text: "PING", Idle: true}, {Name: "answer", Text: "nil"},
		}},
		{"bytes that are no text", []string{"\x00\xff", "*3\r\n", "*x\r\n", "*99999999999999999999\r\n", "*2\r\n$-5\r\n", "*2\r\n$9\r\nabc"}, "", []trace.Description{
			{Name: "bytes", Text: "2 bytes"}, {Name: "bytes", Text: "4 bytes"}, {Name: "bytes", Text: "4 bytes"}, {Name: "bytes", Text: "23 bytes"}, {Name: "bytes", Text: "9 bytes"}, {Name: "bytes", Text: "11 bytes"},
		}},
		{"a value with quotes and control characters", []string{"*2\r\n$3\r\nGET\r\n$4\r\n\"\x00\xff\n\r\n"}, trace.RESP, []trace.Description{
			{Name: "GET", Text: `GET "\x00\xff\n`, Asks: []trace.Item{{Key: "\"\x00\xff\n"}}},
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var s streams
			protocol := ""
			for i, data := range test.data {
				g := Segment{From: "c0", To: "n1", FromPort: 40000, ToPort: 80, Data: []byte(data)}
				if i%2 == 1 {
					g.From, g.To, g.FromPort, g.ToPort = g.To, g.From, g.ToPort, g.FromPort
				}
				var d trace.Description
				protocol, d = s.describe(g)
				assert.Equal(t, test.want[i], d)
			}
			assert.Equal(t, test.protocol, protocol)
		})
	}
}

// TestGRPC tells a connection of gRPC from another one of HTTP/2 by the type of its requests, as Go's library encodes it.
func TestGRPC(t *testing.T) {
	for kind, want := range map[string]string{"application/grpc": trace.GRPC, "text/html": trace.HTTP2} {
		var head, all bytes.Buffer
		all.Write(preface)
		all.Write(frame(4, 0, nil))
		e := hpack.NewEncoder(&head)
		require.NoError(t, e.WriteField(hpack.HeaderField{Name: ":path", Value: "/store/Get"}))
		require.NoError(t, e.WriteField(hpack.HeaderField{Name: "content-type", Value: kind}))
		all.Write(frame(1, 1, head.Bytes()))
		all.Write(frame(0, 1, []byte("hello")))
		var s streams
		g := Segment{From: "c0", To: "n1", FromPort: 40000, ToPort: 80, Data: all.Bytes()}
		protocol, d := s.describe(g)
		assert.Equal(t, want, protocol)
		assert.Equal(t, trace.Description{Name: "preface", Text: "connection preface, settings, headers of stream 1, data of stream 1"}, d)

		g = Segment{From: "n1", To: "c0", FromPort: 80, ToPort: 40000, Data: frame(6, 0, make([]byte, 8))}
		protocol, d = s.describe(g)
		assert.Equal(t, want, protocol, "both directions are one connection")
		assert.Equal(t, trace.Description{Name: "ping", Text: "ping", Idle: true}, d)

		protocol, d = s.describe(Segment{From: "c0", To: "n1", FromPort: 40000, ToPort: 80, Control: "connect"})
		assert.Empty(t, protocol, "the port is used again")
		assert.Equal(t, "connect", d.Name)
	}
}

// frame returns a frame of HTTP/2 (RFC 9113, §4.1).
func frame(kind byte, stream uint32, payload []byte) []byte {
	n := len(payload)
	b := []byte{byte(n >> 16), byte(n >> 8), byte(n), kind, 0}
	return append(binary.BigEndian.AppendUint32(b, stream), payload...)
}

// FuzzStreams describes any bytes.
func FuzzStreams(f *testing.F) {
	f.Add([]byte("GET / HTTP/1.1\r\n"), []byte("*1\r\n$4\r\nPING\r\n"))
	f.Add(preface, []byte("\x00\x00\x05\x01\x04\x00\x00\x00\x01"))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		var s streams
		for _, data := range [][]byte{a, b, append(bytes.Clone(a), b...)} {
			_, d := s.describe(Segment{From: "a", To: "b", Data: data})
			if len(d.Text) > longestText+len("…") {
				t.Errorf("a text of %d bytes", len(d.Text))
			}
		}
	})
}
