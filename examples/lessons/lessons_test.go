package lessons_test

import (
	"context"
	"flag"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/time/rate"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/resilience"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/model"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/systems/cache/cachekv"
	"github.com/capsize-go/capsize/systems/cache/cdn"
	"github.com/capsize-go/capsize/systems/kv/raftkv"
	"github.com/capsize-go/capsize/systems/resilience/balance"
	"github.com/capsize-go/capsize/systems/resilience/gateway"
	"github.com/capsize-go/capsize/systems/resilience/gray"
	"github.com/capsize-go/capsize/systems/resilience/limit"
	"github.com/capsize-go/capsize/systems/resilience/pool"
	"github.com/capsize-go/capsize/workloads"
)

// TestMain runs nothing under -short: the tests of the packages that they use run the same.
func TestMain(m *testing.M) {
	flag.Parse()
	if testing.Short() {
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// TestPagesShowTheTests holds the pages of the lessons to the tests of this package.
func TestPagesShowTheTests(t *testing.T) {
	files, err := filepath.Glob("*_test.go")
	require.NoError(t, err)
	source := ""
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		source += string(text)
	}
	pages, err := filepath.Glob("../../docs/series/[0-9]*.md")
	require.NoError(t, err)
	all := ""
	for _, page := range pages {
		text, err := os.ReadFile(page)
		require.NoError(t, err)
		all += string(text)
	}
	tests := regexp.MustCompile(`(?ms)^func TestLesson.*?^}\n`).FindAllString(source, -1)
	require.NotEmpty(t, tests)
	for _, test := range tests {
		assert.Contains(t, all, "```go\n"+test+"```\n")
	}
}

func TestLessonLoadBalancing(t *testing.T) {
	fails := nemesis.New("a backend fails", func(_ context.Context, c *cluster.Cluster, _ *rand.Rand) (string, func(), error) {
		return "n3 fails at once", c.Degrade("n3", balance.FailsFast), nil
	})
	s := balance.Service{Policy: balance.LeastConnections, Ejection: balance.Ejection{After: 3}} // your balancer
	capsize.Run(t, capsize.Test{
		System: s, Nodes: s.Nodes(), Clients: 4, Duration: 10 * time.Second, Nemesis: nemesis.At(3*time.Second, 6*time.Second, fails),
		Workload: workloads.Requests(s.Open, workloads.RequestLoad{
			Arrivals: workloads.Constant(60), Checker: resilience.Unrelated(0.97, resilience.Interval{From: 3 * time.Second, To: 9 * time.Second}, "/"),
		}),
	})
}

func TestLessonCDN(t *testing.T) {
	stack := cdn.CDN() // your caches: anything with a purge that is acknowledged
	capsize.Run(t, capsize.Test{
		System: stack, Nodes: stack.Nodes(), Clients: 10, Rate: 60, Duration: 10 * time.Second,
		Workload: workloads.Copies(stack.Open, workloads.CacheLoad{Keys: 3, Writers: 3, Every: 8, Writes: 20}),
		Nemesis:  nemesis.Every(10*time.Second, nemesis.Partitions(nemesis.One)),
	})
}

func TestLessonFiveLayers(t *testing.T) {
	stack := cdn.FiveLayers()                       // your layers, from the browser to the database
	stack.Origin.Control = "max-age=0, s-maxage=60" // browsers, which no purge reaches, ask each time
	capsize.Run(t, capsize.Test{
		System: stack, Nodes: stack.Nodes(), Clients: 10, Rate: 60, Duration: 10 * time.Second,
		Workload: workloads.Copies(stack.Open, workloads.CacheLoad{Keys: 3, Writers: 3, Every: 8, Writes: 20}),
	})
}

func TestLessonInvalidation(t *testing.T) {
	store := cachekv.Store{Strategy: cachekv.Strategy{Guard: cachekv.Leased}} // your strategy
	capsize.Run(t, capsize.Test{
		System: store, Nodes: store.Nodes(), Clients: 8, Duration: 10 * time.Second,
		Workload: workloads.Copies(store.Open, workloads.CacheLoad{Keys: 3, Every: 4, Writes: 20}),
	})
}

func TestLessonRateLimit(t *testing.T) {
	s := limit.Gateways{Limiter: func(context.Context, *cluster.Host) (limit.Limiter, error) {
		own := rate.NewLimiter(10, 1) // your limiter
		return limit.Func(func(context.Context) (bool, error) { return own.Allow(), nil }), nil
	}}
	capsize.Run(t, capsize.Test{
		System: s, Nodes: 1, Duration: 10 * time.Second,
		Workload: workloads.Requests(s.Open, workloads.RequestLoad{Arrivals: workloads.Constant(100), Checker: resilience.AtMost(10, time.Second)}),
	})
}

func TestLessonGateway(t *testing.T) {
	s := gateway.Chain{Gateway: 2 * time.Second, Service: 4 * time.Second, Propagate: true} // your gateway and services
	capsize.Run(t, capsize.Test{
		System: s, Nodes: s.Nodes(), Duration: 10 * time.Second, Timeout: 2 * time.Second,
		Workload: workloads.Requests(s.Open, workloads.RequestLoad{
			Arrivals: workloads.Constant(20), Deadline: time.Second, Checker: resilience.NoOrphans(0.01),
		}),
	})
}

func TestLessonRevocation(t *testing.T) {
	s := gateway.Access{TTL: time.Minute, Poll: 250 * time.Millisecond, Silence: time.Second} // your gateways and their cache
	next := func(t workloads.Turn[model.RequestOp, model.Answer]) model.RequestOp {
		in := model.RequestOp{F: "access", By: "user1", Route: "/"}
		if t.Client == 0 && t.Index%20 == 19 {
			in.F = []string{"revoke", "grant"}[t.Index/20%2]
		}
		return in
	}
	capsize.Run(t, capsize.Test{
		System: s, Nodes: 3, Duration: 20 * time.Second, Timeout: 3 * time.Second,
		Workload: workloads.Requests(s.Open, workloads.RequestLoad{
			Arrivals: workloads.Constant(24), Next: next, Checker: resilience.Revoked(2 * time.Second),
		}),
		Nemesis: nemesis.Every(10*time.Second, nemesis.Partitions(nemesis.One)),
	})
}

func TestLessonCAP(t *testing.T) {
	store := raftkv.Store{} // your store: anything with Get, Put and CAS
	capsize.Run(t, capsize.Test{
		System: store, Workload: workloads.Register(store.Open), Duration: 10 * time.Second,
		Nemesis: nemesis.Every(5*time.Second, nemesis.Partitions(nemesis.Leader)),
	})
}

func TestLessonPool(t *testing.T) {
	s := pool.Service{Size: 5, Workers: 20, LeakEvery: 10, AcquireTimeout: 500 * time.Millisecond} // your pool: pool.Service.Own, see examples/ownpool
	capsize.Run(t, capsize.Test{
		System: s, Nodes: s.Nodes(), Clients: 1, Duration: 10 * time.Second, Timeout: 5 * time.Second,
		Workload: workloads.Requests(s.Open, workloads.RequestLoad{Arrivals: workloads.Constant(20), Routes: pool.Routes, Deadline: time.Second}),
		Checker:  checker.All(resilience.Answered(time.Microsecond), resilience.Unrelated(0.99, resilience.Interval{}, "/hello")),
	})
}

func TestLessonGray(t *testing.T) {
	s := gray.Service{Policy: gray.Deadline, Limit: time.Second} // your client and its timeout
	capsize.Run(t, capsize.Test{
		System: s, Nodes: s.Nodes(), Clients: 1, Duration: 10 * time.Second, Timeout: 20 * time.Second,
		Workload: workloads.Requests(s.Open, workloads.RequestLoad{
			Arrivals: workloads.Constant(20), Routes: gray.Routes, Deadline: 1500 * time.Millisecond, Checker: resilience.Answered(time.Microsecond),
		}),
		Nemesis: nemesis.At(2*time.Second, 6*time.Second, nemesis.Degrades(cluster.OneByteASecond, nemesis.WithRole(gray.BackendRole))),
	})
}
