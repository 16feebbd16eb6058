package grpcbalance

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/resolver/manual"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/model"
)

const (
	port   = ":50051"
	method = "/capsize.Backend/Ask"
	number = "request-number" // the header with the number of the request
)

// A Service is backends that each client balances its calls over.
type Service struct {
	Config  Config        // of the clients; default: gRPC's own, which takes the first backend
	Work    time.Duration // that a backend works for a request; default 100ms
	Timeout time.Duration // of a call; default 1s
	Bad     Bad           // what goes wrong
}

// A Bad says which backends are wrong, how, and when.
type Bad struct {
	Nodes    []string
	Hang     bool          // they never answer; else they answer UNAVAILABLE at once
	From, To time.Duration // since the start of the run
}

func (b Bad) is(node string, at time.Duration) bool {
	for _, n := range b.Nodes {
		if n == node && b.From <= at && at < b.To {
			return true
		}
	}
	return false
}

// Run serves gRPC on one backend until its host crashes.
func (s Service) Run(ctx context.Context, h *cluster.Host) error {
	l, err := h.Listen("tcp", port)
	if err != nil {
		return fmt.Errorf("grpcbalance: listen: %w", err)
	}
	server := grpc.NewServer()
	server.RegisterService(&grpc.ServiceDesc{ServiceName: "capsize.Backend", HandlerType: (*any)(nil), Methods: []grpc.MethodDesc{{MethodName: "Ask", Handler: handle}}}, backend{s, h})
	defer context.AfterFunc(ctx, server.Stop)()
	return server.Serve(l)
}

type backend struct {
	Service
	h *cluster.Host
}

// handle is what protoc-gen-go-grpc makes of a method.
func handle(srv any, ctx context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
	in := new(emptypb.Empty)
	if err := decode(in); err != nil {
		return nil, err
	}
	b := srv.(backend)
	op := model.RequestOp{F: "attempt", ID: numberOf(ctx), Route: method, At: b.h.Name(), Depth: 1}
	err := b.h.Do(ctx, op, func(ctx context.Context) (any, error) { return model.Answer{From: b.h.Name()}, b.answer(ctx) })
	return in, err
}

// numberOf returns the number of the request that a call is for.
func numberOf(ctx context.Context) int {
	md, _ := metadata.FromIncomingContext(ctx)
	if v := md.Get(number); len(v) > 0 {
		n, _ := strconv.Atoi(v[0])
		return n
	}
	return 0
}

// answer works for a call, unless the backend is bad.
func (b backend) answer(ctx context.Context) error {
	if b.Bad.is(b.h.Name(), b.h.Clock().Monotonic()) {
		if b.Bad.Hang {
			<-ctx.Done()
			return status.FromContextError(ctx.Err()).Err()
		}
		return status.Error(codes.Unavailable, "the backend can't do this at present")
	}
	work := b.Work
	if work == 0 {
		work = 100 * time.Millisecond
	}
	return b.h.Sleep(work)
}

// A Client is one connection of gRPC to all backends.
type Client struct {
	Service
	h    *cluster.Host
	conn *grpc.ClientConn
}

// Open returns a client.
func (s Service) Open(_ context.Context, h *cluster.Host) (Client, error) {
	known := manual.NewBuilderWithScheme("cluster")
	var state resolver.State
	for _, node := range h.Nodes() {
		state.Endpoints = append(state.Endpoints, resolver.Endpoint{Addresses: []resolver.Address{{Addr: node + port}}})
	}
	known.InitialState(state)
	options := []grpc.DialOption{
		grpc.WithResolvers(known), grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithIdleTimeout(0),
		grpc.WithConnectParams(grpc.ConnectParams{Backoff: backoff.Config{BaseDelay: 100 * time.Millisecond, Multiplier: 1.6, MaxDelay: time.Second}, MinConnectTimeout: time.Second}),
		grpc.WithContextDialer(func(ctx context.Context, addr string) (net.Conn, error) { return h.DialContext(ctx, "tcp", addr) }),
	}
	if s.Config != "" {
		options = append(options, grpc.WithDefaultServiceConfig(string(s.Config)))
	}
	conn, err := grpc.NewClient("cluster:///backends", options...)
	if err != nil {
		return Client{}, fmt.Errorf("grpcbalance: client: %w", err)
	}
	conn.Connect()
	return Client{s, h, conn}, nil
}

// Ask makes one call, with as many attempts as gRPC makes of it.
func (c Client) Ask(ctx context.Context, in model.RequestOp) (model.Answer, error) {
	timeout := c.Timeout
	if timeout == 0 {
		timeout = time.Second
	}
	ctx, cancel := c.h.WithTimeout(metadata.AppendToOutgoingContext(ctx, number, strconv.Itoa(in.ID)), timeout)
	defer cancel()
	return model.Answer{}, c.conn.Invoke(ctx, method, new(emptypb.Empty), new(emptypb.Empty))
}

// Close closes the connections.
func (c Client) Close() error { return c.conn.Close() }
