package grpckv

import (
	"bytes"
	"context"
	"encoding/json"
	"sync"

	"google.golang.org/grpc"
)

// The methods of the service.
const (
	methodGet   = "/capsize.Store/Get"   // Request to Reply
	methodWrite = "/capsize.Store/Write" // Request to Reply
	methodBatch = "/capsize.Store/Batch" // []Request to []Reply, of the primary
	methodCount = "/capsize.Store/Count" // struct{} to int, of the primary
	methodWatch = "/capsize.Store/Watch" // int to a stream of change, of the primary
)

// A Request is a read, a write or a swap.
type Request struct {
	Key   string
	Value int
	Swap  bool // only if the value is Old
	Old   int
}

// A Reply has the value that was found.
type Reply struct{ Found int }

// A change is a write that was done.
type change struct {
	Key   string
	Value int
}

var description = grpc.ServiceDesc{
	ServiceName: "capsize.Store", HandlerType: (*any)(nil),
	Methods: []grpc.MethodDesc{
		unary("Get", (*node).get), unary("Write", (*node).write), unary("Batch", (*node).batch), unary("Count", (*node).count),
	},
	Streams: []grpc.StreamDesc{watchDescription},
}

var watchDescription = grpc.StreamDesc{
	StreamName: "Watch", ServerStreams: true,
	Handler: func(srv any, out grpc.ServerStream) error {
		var from int
		if err := out.RecvMsg(&from); err != nil {
			return err
		}
		return srv.(*node).watch(from, out)
	},
}

// unary describes a method with one request and one answer.
func unary[In, Out any](name string, f func(n *node, ctx context.Context, in In) (Out, error)) grpc.MethodDesc {
	return grpc.MethodDesc{MethodName: name, Handler: func(srv any, ctx context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
		var in In
		if err := decode(&in); err != nil {
			return nil, err
		}
		return f(srv.(*node), ctx, in)
	}}
}

// A codec has messages as JSON, so that no code needs to be generated.
type codec struct{ pooled bool }

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// Marshal encodes a message.
func (c codec) Marshal(v any) ([]byte, error) {
	if !c.pooled {
		return json.Marshal(v)
	}
	b := buffers.Get().(*bytes.Buffer)
	defer buffers.Put(b)
	b.Reset()
	err := json.NewEncoder(b).Encode(v)
	return b.Bytes(), err
}

// Unmarshal decodes a message.
func (codec) Unmarshal(b []byte, v any) error { return json.Unmarshal(b, v) }

// Name returns what the content type of calls says.
func (codec) Name() string { return "json" }
