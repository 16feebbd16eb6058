package cluster_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptrace"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/schedule"
)

// Without the deterministic runtime there is one clear error.
func TestProgramNeedsTheRuntime(t *testing.T) {
	if schedule.Active() {
		t.Skip("this is about a stock build")
	}
	_, err := cluster.New(cluster.Config{System: cluster.Program(func(*cluster.Host) error { return nil }), Nodes: 1, Wait: synctest.Wait})
	require.ErrorIs(t, err, cluster.ErrNeedsRuntime)
	assert.ErrorContains(t, err, "capsize test")
}

// programs are three nodes that run what a test says, and a client.
type programs struct {
	t *testing.T
	*cluster.Cluster
	forgiven bool
}

// withPrograms runs a test on nodes whose boot is given, and returns the trace and the log of what happened.
func withPrograms(t *testing.T, boot func(h *cluster.Host) error, test func(r *programs)) (what string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c, err := cluster.New(cluster.Config{System: cluster.Program(boot), Nodes: 3, Clients: 1, Seed: 7, Wait: synctest.Wait})
		require.NoError(t, err)
		require.NoError(t, c.Start())
		r := &programs{t: t, Cluster: c}
		defer func() {
			c.Stop(time.Second)
			var b strings.Builder
			_, err := c.Logs().WriteTo(&b)
			require.NoError(t, err)
			what = fmt.Sprintf("%016x %v\n%s", c.Trace(), c.Stats(), b.String())
		}()
		r.pass(time.Millisecond)
		test(r)
		if !r.forgiven {
			require.Empty(t, c.Findings())
		}
	})
	return what
}

func (r *programs) pass(d time.Duration) { require.True(r.t, r.Sleep(r.t.Context(), d)) }

// do runs f as code of the client, and waits for it.
func (r *programs) do(f func()) {
	done := make(chan struct{})
	r.At(r.Now(), "c0", func() {
		go func() {
			defer close(done)
			f()
		}()
	})
	<-done
}

// serve is a program with a server of net/http, as production has it.
func serve(h *cluster.Host) error {
	mux := http.NewServeMux()
	mux.HandleFunc("/echo", func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		fmt.Fprintf(w, "%s: %s", h.Name(), b)
	})
	mux.HandleFunc("/exit", func(http.ResponseWriter, *http.Request) { log.Fatal("out of order") })
	mux.HandleFunc("/panic", func(http.ResponseWriter, *http.Request) {
		go func() { panic("out of bounds") }()
	})
	return http.ListenAndServe(":80", mux)
}

func post(url, body string) (string, error) {
	c := http.Client{Timeout: 5 * time.Second}
	resp, err := c.Post(url, "text/plain", strings.NewReader(body))
	if err != nil {
		return "", err
	}
	b, err := io.ReadAll(resp.Body)
	return string(b), errors.Join(err, resp.Body.Close())
}

func (r *programs) posts(url, body, want string) {
	r.t.Helper()
	r.do(func() {
		got, err := post(url, body)
		assert.NoError(r.t, err)
		assert.Equal(r.t, want, got)
	})
}

type programTest struct {
	boot func(h *cluster.Host) error
	test func(r *programs)
}

var programTests = map[string]programTest{
	"http": {serve, func(r *programs) {
		r.posts("http://n1/echo", "hello", "n1: hello")
		r.posts("http://n2:80/echo", strings.Repeat("x", 1<<20), "n2: "+strings.Repeat("x", 1<<20))
		r.do(func() {
			_, err := post("http://n9/echo", "")
			var dns *net.DNSError
			require.ErrorAs(r.t, err, &dns)
			assert.True(r.t, dns.IsNotFound)
			_, err = post("http://n1:81/echo", "")
			assert.ErrorContains(r.t, err, "connect: connection refused")
		})
	}},
	"crash and boot": {serve, func(r *programs) {
		r.posts("http://n1/echo", "a", "n1: a")
		r.Crash("n1")
		r.pass(time.Second)
		r.do(func() {
			_, err := post("http://n1/echo", "b")
			assert.ErrorIs(r.t, err, context.DeadlineExceeded, "a host that is down answers nothing")
		})
		r.Restart("n1")
		r.pass(time.Second)
		r.posts("http://n1/echo", "c", "n1: c")
	}},
	"pause": {serve, func(r *programs) {
		heal := r.Pause("n1")
		r.do(func() {
			begin := time.Now()
			_, err := post("http://n1/echo", "a")
			assert.ErrorIs(r.t, err, context.DeadlineExceeded)
			assert.Equal(r.t, 5*time.Second, time.Since(begin).Round(100*time.Millisecond))
		})
		heal()
		r.pass(time.Second)
		r.posts("http://n1/echo", "b", "n1: b")
	}},
	"exit": {serve, func(r *programs) {
		r.ends("http://n1/exit", cluster.Exited, "exited with status 1")
		assert.Contains(r.t, r.logs(), "out of order")
	}},
	"panic": {serve, func(r *programs) { r.ends("http://n1/panic", cluster.Panicked, "panic: out of bounds") }},
	"machine": {func(h *cluster.Host) error {
		name, err := os.Hostname()
		fmt.Println(name, err, os.Getpid() >= 1<<22, os.Getenv("HOSTNAME"), runtime.NumCPU(), runtime.GOMAXPROCS(0))
		addrs, err := net.InterfaceAddrs()
		fmt.Println(addrs, err)
		list, err := net.Interfaces()
		fmt.Println(len(list), list[1].Name, list[1].HardwareAddr, err)
		fmt.Println(os.Setenv("A", h.Name()), os.Getenv("A"), slices.Contains(os.Environ(), "A="+h.Name()))
		fmt.Fprintln(os.Stderr, exec.Command("/bin/true").Run())
		_, err = os.Stdin.Read(make([]byte, 1))
		fmt.Println(err)
		c := make(chan os.Signal, 1)
		signal.Notify(c, os.Interrupt)
		signal.Notify(c, syscall.SIGTERM)
		_, _, err = net.LookupSRV("a", "tcp", "b")
		fmt.Println(err)
		_, err = net.Listen("unix", "@x")
		fmt.Println(err)
		return nil
	}, func(r *programs) {
		r.pass(time.Second)
		text := r.logs()
		for _, want := range []string{
			"n1 <nil> true n1 4 4", "[127.0.0.1/8 10.0.0.1/8] <nil>", "2 eth0 02:00:0a:00:00:02 <nil>", "<nil> n3 true",
			"fork/exec /bin/true: a program on a simulated host can't start a process", "EOF", "lookup b: no such host",
			"listen unix @x: socket: address family not supported by protocol",
			"the program starts a process", "the program reads standard input", "the program waits for a signal", "the program opens a Unix socket",
		} {
			assert.Contains(r.t, text, want)
		}
		assert.Equal(r.t, 3, strings.Count(text, "waits for a signal"), "once a host")
		_, ok := os.LookupEnv("A")
		assert.False(r.t, ok)
	}},
}

func (r *programs) logs() string {
	var b strings.Builder
	_, err := r.Logs().WriteTo(&b)
	require.NoError(r.t, err)
	return b.String()
}

// ends has n1 end by itself, and boots it again.
func (r *programs) ends(url string, kind cluster.FindingKind, what string) {
	r.t.Helper()
	r.do(func() { _, _ = post(url, "") })
	r.pass(time.Second)
	assert.False(r.t, r.Up("n1"))
	r.forgiven = true
	require.Len(r.t, r.Findings(), 1)
	f := r.Findings()[0]
	assert.Equal(r.t, kind, f.Kind)
	assert.Equal(r.t, "n1", f.Host)
	assert.Equal(r.t, what, f.What)
	assert.Contains(r.t, f.Stack, "program_test.go")
	r.Restart("n1")
	r.pass(time.Second)
	r.posts("http://n1/echo", "again", "n1: again")
}

// TestProgram has programs on hosts that know nothing of the simulation, under several schedules.
func TestProgram(t *testing.T) {
	needRuntime(t)
	for name, x := range programTests { // order: subtests
		t.Run(name, func(t *testing.T) {
			for i, s := range []schedule.Schedule{schedule.FirstCome(), schedule.Random(2), schedule.Priorities(8)} {
				schedule.Start(uint64(i), s)
				withPrograms(t, x.boot, x.test)
			}
		})
	}
}

// TestProgramTraces has a client trace its requests on a connection that it keeps: what it hears is as with the real network.
func TestProgramTraces(t *testing.T) {
	needRuntime(t)
	h2 := new(http.Protocols)
	h2.SetUnencryptedHTTP2(true)
	boot := func(*cluster.Host) error {
		s := http.Server{Addr: ":80", Protocols: h2, Handler: http.NotFoundHandler()}
		return s.ListenAndServe()
	}
	withPrograms(t, boot, func(r *programs) {
		var hooks []string
		say := func(format string, args ...any) { hooks = append(hooks, fmt.Sprintf(format, args...)) }
		trace := httptrace.WithClientTrace(r.t.Context(), &httptrace.ClientTrace{
			GetConn:  func(to string) { say("get %s", to) },
			GotConn:  func(i httptrace.GotConnInfo) { say("got, used %v", i.Reused) },
			DNSStart: func(i httptrace.DNSStartInfo) { say("find %s", i.Host) },
			DNSDone:  func(i httptrace.DNSDoneInfo) { say("found %v %v", i.Addrs, i.Err) },
		})
		c := http.Client{Transport: &http.Transport{Protocols: h2}}
		r.do(func() {
			for range 2 {
				q, err := http.NewRequestWithContext(trace, http.MethodGet, "http://n1/", nil)
				if !assert.NoError(r.t, err) {
					return
				}
				if resp, err := c.Do(q); assert.NoError(r.t, err) {
					assert.NoError(r.t, resp.Body.Close())
				}
			}
		})
		assert.Equal(r.t, []string{"get n1:80", "find n1", "found [{10.0.0.1 }] <nil>", "got, used false",
			"get n1:80", "get n1:80", "got, used true"}, hooks, "the pool of net/http and that of HTTP/2 are asked for the one that is there")
	})
}

// TestProgramsFromTheStart has a client act in the first instant, before a node has booted if its seed
// says so: its network is the simulated one.
func TestProgramsFromTheStart(t *testing.T) {
	needRuntime(t)
	schedule.Start(1, schedule.FirstCome())
	for seed := range uint64(6) {
		synctest.Test(t, func(t *testing.T) {
			idle := cluster.Program(func(*cluster.Host) error { return nil })
			c, err := cluster.New(cluster.Config{System: idle, Nodes: 1, Clients: 1, Seed: seed, Wait: synctest.Wait})
			require.NoError(t, err)
			require.NoError(t, c.Start())
			var addr string
			c.At(c.Now(), "c0", func() {
				if l, err := net.Listen("tcp", "c0:80"); assert.NoError(t, err) {
					addr = l.Addr().String()
				}
			})
			require.True(t, c.Sleep(t.Context(), time.Second))
			c.Stop(time.Second)
			require.Equal(t, "10.0.0.2:80", addr)
			require.Zero(t, c.Logs().Len(), "no program is said to write elsewhere when it makes the folders")
		})
	}
}
