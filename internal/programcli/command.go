package programcli

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/capsize-go/capsize/internal/child"
	"github.com/capsize-go/capsize/internal/cli"
)

const help = `Program runs a main package of your own as the system, as it is: a copy of it is each node of a cluster in one process, on simulated
hosts, network, disks and clocks. It calls net.Listen, net.Dial, os.OpenFile and time.Now as in production, and is started again after each
crash, which runs no deferred call. Clients read and write a register by HTTP or by the protocol of Redis, a nemesis injects faults, and the
history is judged. The same seed gives the same history.

Arguments and environment are templates of package text/template. A node has {{.Name}} (n1), {{.Index}} (from 0), {{.IP}}, {{.Dir}} (a folder
of its own, which outlives crashes), {{.Nodes}} and {{.Others}} (each with Name, Index and IP), {{.Join "," "%s=http://%s:2380"}} and
{{.JoinOthers "," "%s:2380"}}. An argument that comes out empty is left out. The templates of clients have {{.Key}}, {{.Value}} and {{.Old}}
as well, and there {{.Name}} is the node that is asked.

Each node has its own package variables, flags and os.Args: of the packages of the main module, of those that use package flag or os.Args, and
of those that --private names. All nodes share the variables of other packages. What can't be had is refused by name, as cgo in
the main package. It needs a version of Go that the deterministic runtime supports, and compiles the standard library again the first time.

Files belong below {{.Dir}}: the working directory is that of all nodes.

Exit codes: 0 valid, 1 invalid, 2 unknown, 3 usage or harness error.`

const example = `  capsize program ./cmd/server --arg '-listen=:8080' --arg '-data={{.Dir}}' --arg '-peers={{.JoinOthers "," "http://%s:8080"}}' \
      --get 'http://{{.Name}}:8080/kv/{{.Key}}' --put 'http://{{.Name}}:8080/kv/{{.Key}}' --nemesis crash
  capsize program ./cmd/cache --nodes 1 --arg '--port=6379' --client redis --cas script --ready 'tcp:{{.Name}}:6379'`

// options are the flags.
type options struct {
	nodes, clients        int
	args, env             []string
	ready, client         string
	get, put, cas         string
	putBody, casBody      string
	field                 string
	headers               []string
	notFound, fails       []int
	addr, auth            string
	workload, consistency string
	keys                  int
	nemesis               string
	seed                  uint64
	seeds                 int
	rate                  float64
	duration, timeout     time.Duration
	settle                time.Duration
	report, stopAt, tags  string
	json, race            bool
	private               []string
}

// A command is one invocation.
type command struct {
	cli.Console
	options
	cmd    *cobra.Command
	pkg    string
	starts []func(args []string)
}

func newCommand(c cli.Console, build Builder, starts []func(args []string)) *cobra.Command {
	x := &command{Console: c, starts: starts}
	x.cmd = &cobra.Command{
		Use:     "program PACKAGE",
		Short:   "Test a main package of your own as a cluster, as it is",
		Long:    help,
		Example: example,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return fmt.Errorf("program takes one main package, not %d arguments; see capsize program --help", len(args))
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			x.pkg = args[0]
			test, err := x.test()
			switch {
			case err != nil:
				return err
			case starts != nil:
				return x.run(test)
			}
			return x.build(build)
		},
	}
	x.flags(x.cmd.Flags())
	c.LookFlags(x.cmd, &x.stopAt)
	return x.cmd
}

func (o *options) flags(f *pflag.FlagSet) {
	f.SortFlags = false
	f.IntVar(&o.nodes, "nodes", 3, "nodes of the cluster: n1, n2, …")
	f.StringArrayVar(&o.args, "arg", nil, "an argument of the program, a template; once for each")
	f.StringArrayVar(&o.env, "env", nil, "an environment variable of the program, KEY=TEMPLATE; once for each")
	f.StringVar(&o.ready, "ready", "", "when a node is ready: tcp:HOST:PORT or a URL that answers with 200 to 299, a template; default: clients don't wait")
	f.StringVar(&o.client, "client", "http", "how clients ask: http or redis")
	f.StringVar(&o.get, "get", "", "http: URL to read a key at, a template; with a method before it if that is not GET")
	f.StringVar(&o.put, "put", "", "http: URL to write a key at; with a method before it if that is not PUT")
	f.StringVar(&o.cas, "cas", "", "http: URL to compare and swap at, POST; redis: script or watch; default: there is none")
	f.StringVar(&o.putBody, "put-body", "", "http: body of a write; default {{.Value}}, or empty if the URL has it")
	f.StringVar(&o.casBody, "cas-body", "", "http: body of a compare-and-swap; default empty")
	f.StringVar(&o.field, "field", "", `http: field of the JSON that is answered to a read, as "value" or "node.value"; default: the answer is the value`)
	f.StringArrayVar(&o.headers, "header", nil, `http: "Name: value" of all requests; once for each`)
	f.IntSliceVar(&o.notFound, "not-found", []int{404}, "http: statuses of a read of a key that was never written")
	f.IntSliceVar(&o.fails, "fail-status", []int{409, 412}, "http: statuses of a write that certainly did not happen; all others but 200 to 299 leave it open")
	f.StringVar(&o.addr, "addr", "", "redis: address of the node, a template; default {{.Name}}:6379")
	f.StringVar(&o.auth, "auth", "", `redis: password, or "user password"`)
	f.StringVar(&o.workload, "workload", "register", "what the clients do: register")
	f.StringVar(&o.consistency, "consistency", "linearizable", "the consistency that the history is held to; see capsize list consistencies")
	f.IntVar(&o.keys, "keys", 5, "keys that the clients use")
	f.StringVar(&o.nemesis, "nemesis", "partition", "what goes wrong, comma-separated; see capsize list nemeses")
	f.Uint64Var(&o.seed, "seed", 0, "seed of every draw; 0: a new one")
	f.IntVar(&o.seeds, "seeds", 1, "how many seeds to run, from --seed on")
	f.IntVar(&o.clients, "clients", 0, "clients; client i talks to node i mod nodes; default: two a node")
	f.Float64Var(&o.rate, "rate", 50, "operations a second of all clients together; 0: as fast as answers come")
	f.DurationVar(&o.duration, "duration", 30*time.Second, "virtual time in which faults are injected")
	f.DurationVar(&o.timeout, "timeout", time.Second, "virtual time that an operation may take")
	f.DurationVar(&o.settle, "settle", 10*time.Second, "virtual time in which all must work again after the faults")
	f.StringVar(&o.report, "report", "capsize-report", `folder for the pages; "" writes none`)
	f.BoolVar(&o.json, "json", false, "print one JSON object a run, each on a line, and nothing else")
	f.StringArrayVar(&o.private, "private", nil, `import path of a package whose variables each node has for itself, "path/..." with all below, or "all"; once for each`)
	f.StringVar(&o.tags, "tags", "", "build tags, as of go build")
	f.BoolVar(&o.race, "race", false, "build with the race detector")
}

// build builds the program that has a copy of the package for each node, and runs it with the arguments of this one.
func (x *command) build(build Builder) error {
	file, notes, err := build(x.cmd.Context(), Build{Package: x.pkg, Nodes: x.nodes, Tags: x.tags, Race: x.race, Private: x.private})
	if err != nil {
		return err
	}
	for _, n := range notes {
		fmt.Fprintf(x.Err, "capsize: note: %s\n", n)
	}
	cmd := exec.Command(file, os.Args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, x.Out, x.Err
	cmd.Env = append(os.Environ(), cli.ProgramVariable+"="+x.Program())
	code, err := child.Run(cmd)
	if err != nil {
		return fmt.Errorf("run the program that was built: %w", err)
	}
	return x.Ended(code)
}

// check refuses what makes no sense.
func (o *options) check() error {
	for _, x := range []struct {
		flag string
		bad  bool
		want string
	}{
		{"nodes", o.nodes < 1 || o.nodes > 100, "from 1 to 100"},
		{"clients", o.clients < 0, "at least 1"},
		{"keys", o.keys < 1, "at least 1"},
		{"seeds", o.seeds < 1, "at least 1"},
		{"rate", !(o.rate >= 0), "0 or more"},
		{"duration", o.duration <= 0, "more than 0"},
		{"timeout", o.timeout <= 0, "more than 0"},
		{"settle", o.settle <= 0, "more than 0"},
	} {
		if x.bad {
			return fmt.Errorf("--%s must be %s", x.flag, x.want)
		}
	}
	switch {
	case o.client != "http" && o.client != "redis":
		return fmt.Errorf("--client must be http or redis, not %q", o.client)
	case o.workload != "register":
		return fmt.Errorf("--workload must be register, not %q: others need code; see package program", o.workload)
	case runtime.GOOS == "windows":
		return errors.New("capsize program does not support Windows")
	}
	return nil
}

// ofOther are flags of one kind of client alone.
var ofOther = map[string][]string{
	"redis": {"get", "put", "put-body", "cas-body", "field", "header", "not-found", "fail-status"},
	"http":  {"addr", "auth"},
}

// misplaced returns an error if a flag is given that the client does not have.
func (x *command) misplaced() error {
	for _, name := range ofOther[x.client] {
		if x.cmd.Flags().Changed(name) {
			return fmt.Errorf("--%s is not for --client %s", name, x.client)
		}
	}
	return nil
}

// commandLine returns the command without some of the flags.
func (x *command) commandLine(without ...string) string {
	words := []string{x.Program(), x.cmd.Name(), x.Quoted(x.pkg)}
	x.cmd.Flags().Visit(func(f *pflag.Flag) {
		values := []string{f.Value.String()}
		if list, ok := f.Value.(pflag.SliceValue); ok {
			if values = list.GetSlice(); f.Value.Type() == "intSlice" {
				values = []string{strings.Join(values, ",")}
			}
		}
		for _, without := range without {
			if f.Name == without {
				values = nil
			}
		}
		for _, v := range values {
			if f.Value.Type() == "bool" {
				words = append(words, fmt.Sprintf("--%s=%s", f.Name, v))
			} else {
				words = append(words, "--"+f.Name, x.Quoted(v))
			}
		}
	})
	return strings.Join(words, " ")
}
