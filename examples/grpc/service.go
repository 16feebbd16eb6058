package grpckv

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// The service, as protoc-gen-go-grpc would make it of
//
//	service Store {
//	  rpc Get(google.protobuf.StringValue) returns (google.protobuf.Int64Value);
//	  rpc Put(google.protobuf.Struct) returns (google.protobuf.Empty);
//	  rpc Count(google.protobuf.Empty) returns (google.protobuf.Int64Value);
//	  rpc Watch(google.protobuf.Int64Value) returns (stream google.protobuf.Struct);
//	}
//
// with the types that come with protobuf, so that no code needs to be generated.
const (
	methodGet   = "/capsize.Store/Get"
	methodPut   = "/capsize.Store/Put"
	methodCount = "/capsize.Store/Count"
	methodWatch = "/capsize.Store/Watch"
)

// service is what an implementation must have.
type service interface {
	get(ctx context.Context, key *wrapperspb.StringValue) (*wrapperspb.Int64Value, error)
	put(ctx context.Context, change *structpb.Struct) (*emptypb.Empty, error)
	count(ctx context.Context, none *emptypb.Empty) (*wrapperspb.Int64Value, error)
	watch(from int, out grpc.ServerStream) error
}

var description = grpc.ServiceDesc{
	ServiceName: "capsize.Store",
	HandlerType: (*service)(nil),
	Methods: []grpc.MethodDesc{
		unary("Get", service.get), unary("Put", service.put), unary("Count", service.count),
	},
	Streams: []grpc.StreamDesc{watchDescription},
}

var watchDescription = grpc.StreamDesc{
	StreamName: "Watch", ServerStreams: true,
	Handler: func(srv any, out grpc.ServerStream) error {
		from := new(wrapperspb.Int64Value)
		if err := out.RecvMsg(from); err != nil {
			return err
		}
		return srv.(service).watch(int(from.Value), out)
	},
}

// unary describes a method with one request and one answer.
func unary[In, Out any](name string, f func(s service, ctx context.Context, in *In) (*Out, error)) grpc.MethodDesc {
	return grpc.MethodDesc{MethodName: name, Handler: func(srv any, ctx context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
		in := new(In)
		if err := decode(in); err != nil {
			return nil, err
		}
		return f(srv.(service), ctx, in)
	}}
}

// change is a write as a message.
func change(key string, value int) *structpb.Struct {
	return &structpb.Struct{Fields: map[string]*structpb.Value{
		"key": structpb.NewStringValue(key), "value": structpb.NewNumberValue(float64(value)),
	}}
}
