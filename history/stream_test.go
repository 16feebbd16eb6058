package history

import (
	"bytes"
	"flag"
	"io"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// streamed are the formats that have a reader of their own.
var streamed = []Format{JSONL, EDN, JSON, Etcd, KV}

// streamedOp returns an op of registers under load, call after call.
func streamedOp(i int) Op {
	n := i / 2
	j := JepsenOp{F: "cas", Value: []any{int64(n), int64(n + 1)}}
	op := Op{Index: i, Time: time.Duration(i) * time.Microsecond, Process: n % 50, Key: strconv.Itoa(n % 100)}
	switch {
	case i%2 == 0:
		op.Input = j
	case n%100 == 0:
		op.Type, op.Output, op.Err = Fail, j, ":not-found"
	default:
		op.Type, op.Output = OK, j
	}
	return op
}

// stream is a file of a certain size, which is made while it is read.
type stream struct {
	enc  *Encoder
	buf  bytes.Buffer
	ops  int
	left int
}

func newStream(tb testing.TB, format Format, size int) *stream {
	s := &stream{left: size}
	var err error
	s.enc, err = NewEncoder(&s.buf, Options{Format: format, Independent: true})
	require.NoError(tb, err)
	return s
}

// Read makes more, until the size is reached.
func (s *stream) Read(p []byte) (int, error) {
	for s.buf.Len() == 0 && s.left > 0 {
		if err := s.enc.Encode(streamedOp(s.ops)); err != nil {
			return 0, err
		}
		s.ops++
		if s.left -= s.buf.Len(); s.left <= 0 || s.buf.Len() > 0 && s.left < flushAt {
			s.left = 0
			if err := s.enc.Close(); err != nil {
				return 0, err
			}
		}
	}
	return s.buf.Read(p)
}

var streamSize = flag.Int("stream", 3<<20, "how many `bytes` the tests of streams read of each format")

// TestScanStreams reads files that are larger than what it may keep of them.
func TestScanStreams(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	const most = 1 << 20
	size := *streamSize
	for _, format := range streamed {
		t.Run(format.String(), func(t *testing.T) {
			s := newStream(t, format, size)
			base, peak, ops := heap(), uint64(0), 0
			began := time.Now()
			for op, err := range Scan(s, "h", Options{Format: format, Independent: true}) {
				require.NoError(t, err)
				if ops%20000 == 0 {
					want := streamedOp(ops)
					assert.Equal(t, []any{want.Process, want.Type, want.Key, want.Input}, []any{op.Process, op.Type, op.Key, op.Input})
					peak = max(peak, heap())
				}
				ops++
			}
			assert.Equal(t, s.ops, ops)
			kept := int64(peak) - int64(base)
			assert.Less(t, kept, int64(most), "bytes of memory after %d ops", ops)
			t.Logf("%d bytes, %d ops, %v; %d bytes kept", size, ops, time.Since(began).Round(time.Millisecond), kept)
		})
	}
}

// heap returns how many bytes are in use.
func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// streamText returns a file of about a megabyte.
func streamText(tb testing.TB, format Format) []byte {
	text, err := io.ReadAll(newStream(tb, format, 1<<20))
	require.NoError(tb, err)
	return text
}

func BenchmarkScan(b *testing.B) {
	for _, format := range streamed {
		b.Run(format.String(), func(b *testing.B) {
			text := streamText(b, format)
			b.ReportAllocs()
			b.ResetTimer()
			ops := 0
			for b.Loop() {
				ops = 0
				for _, err := range Scan(bytes.NewReader(text), "h", Options{Format: format, Independent: true}) {
					if err != nil {
						b.Fatal(err)
					}
					ops++
				}
			}
			perOp(b, ops, len(text))
		})
	}
}

func BenchmarkEncode(b *testing.B) {
	for _, format := range streamed {
		b.Run(format.String(), func(b *testing.B) {
			h, err := Decode(bytes.NewReader(streamText(b, format)), "h", Options{Format: format, Independent: true})
			require.NoError(b, err)
			var size bytes.Buffer
			require.NoError(b, h.Encode(&size, Options{Format: format, Independent: true}))
			b.ReportAllocs()
			b.ResetTimer()
			for b.Loop() {
				if err := h.Encode(io.Discard, Options{Format: format, Independent: true}); err != nil {
					b.Fatal(err)
				}
			}
			perOp(b, h.Len(), size.Len())
		})
	}
}
