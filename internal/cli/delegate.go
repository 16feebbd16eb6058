package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"

	"github.com/capsize-go/capsize/checker"
)

// The commands that have what takes long to compile.
const (
	scenariosCommand = "capsize-scenarios"
	huntCommand      = "capsize-hunt"    // campaigns, and the database that they are kept in
	programCommand   = "capsize-program" // what reads Go programs
)

// knownScenarios lists the scenarios that capsize-scenarios has, with their questions, so that capsize can list them
// without it.
var knownScenarios = [][2]string{
	{"auth-revoke", "for how long does a gateway let in a user whose access was revoked?"},
	{"breaker-blast-radius", "one of four shards is broken: how many requests of the other three does a circuit breaker deny?"},
	{"bulkhead", "one of two dependencies hangs: does a request that needs only the other one get its answer?"},
	{"cache-herd", "how often is the database asked for what a thousand users want, when the copy has expired?"},
	{"cache-negative", "what does it cost to cache that the database has no such key (negative caching)?"},
	{"cache-refresh", "does a row that a write has put into a cache survive a refresh that was asked for before the write?"},
	{"cache-regions", "how long does a cache in another region hold what has been replaced?"},
	{"cache-stale-fill", "can a slow load bring back what a write has just removed from a cache?"},
	{"cache-strategies", "which ways of keeping a shared cache in step with the database serve what an acknowledged write has replaced?"},
	{"cap", "while the network is cut, who is answered, and are the answers right?"},
	{"cdn-purge", "when a purge is acknowledged, when is the last stale byte served?"},
	{"cdn-vary", "does any user get an answer that was made for another one?"},
	{"degradation", "a page has a part that it could do without, and that part is broken: what do users get?"},
	{"exactly-once", "a client has no answer and asks again: how often is it done?"},
	{"five-layers", "how old can an answer be that has gone through five caches, and how does one get it out of all of them?"},
	{"gateway-aggregate", "what does a client get from a gateway that puts answers of three services together, when one of them hangs?"},
	{"gateway-retry-post", "how often is an order paid for, if the gateway tries again when no answer has come in time?"},
	{"gateway-timeouts", "how much work is done for clients that have given up?"},
	{"gray-hang", "a backend is up, its health endpoint is green, and it does not answer: which timeouts end the wait, and who notices?"},
	{"hedging", "what does it bring, and what does it cost, to send a request again when its answer is late?"},
	{"isolation", "which isolation level does each database claim, and which does it keep under faults?"},
	{"lb-affinity", "does a user who stays with one backend (a sticky session) always read what he wrote?"},
	{"lb-health", "what should a health check look at, and what should a balancer do when every backend fails it?"},
	{"lb-resize", "what does one backend more or less cost, if each has a cache?"},
	{"lb-sinkhole", "one of four backends fails, and its health endpoint does not: how many requests does the balancer send there?"},
	{"lease-reads", "does a leader that is cut off answer reads when another one has taken writes?"},
	{"load-shedding", "a service can answer 100 requests a second, and is asked 150 times: how many does it answer in time?"},
	{"lock-without-fencing", "the holder of a lock is paused, and its lease ends: what becomes of what it writes when it wakes up?"},
	{"metastable", "does a service that can answer 100 requests a second, and is asked 70 times, recover from a pause of 10 s?"},
	{"pool-failover", "what do the connections of a pool do to requests when the database has restarted, has moved, or has answered too late?"},
	{"pool-freeze", "when a connection pool has run out, who waits for how long, and what else stops?"},
	{"pool-nested", "how large must a pool be whose users take several connections each, one while they hold another?"},
	{"rate-limit-partition", "what does a shared rate limit admit when gateways can't reach its store?"},
	{"rate-limit-truth", "how many requests does a limit of 10 a second admit in any one second?"},
	{"retry-storm", "how many attempts does one request make at a service that is down, three calls deep, and when do the clients come back that wait for it?"},
}

// delegate runs another command, which has what this one lacks, with the arguments of this one, and returns what it ended with.
func (a *app) delegate(ctx context.Context, command, has string) error {
	program, remove, err := programOf(ctx, command)
	if err != nil {
		return fmt.Errorf("find %s, which has %s: %w; install it beside capsize with: go install %s@latest",
			command, has, err, importPathOf(command))
	}
	env := append(os.Environ(), ProgramVariable+"="+programName())
	if remove == nil && command == huntCommand && a.out == os.Stdout && a.err == os.Stderr {
		// A hunt that is killed is killed as a whole, and not only the one who has started it.
		if err := become(program, a.args, env); !errors.Is(err, errors.ErrUnsupported) {
			return err
		}
	}
	if remove != nil {
		defer remove()
	}
	cmd := exec.CommandContext(ctx, program, a.args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr, cmd.Env = a.in, a.out, a.err, env
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) } // it ends with what it has
	err = cmd.Run()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &exit) && exit.ExitCode() == exitInvalid:
		return verdictError(checker.Invalid)
	case errors.As(err, &exit) && exit.ExitCode() == exitUnknown:
		return verdictError(checker.Unknown)
	case errors.As(err, &exit) && exit.ExitCode() == exitHarness:
		return errReported
	}
	return fmt.Errorf("run %s: %w", command, err)
}

// errReported is an error that the other command has printed.
var errReported = errors.New("reported")

// ProgramVariable holds the name by which the other command is to call itself in what it prints.
const ProgramVariable = "CAPSIZE_PROGRAM"

func importPathOf(command string) string { return "github.com/capsize-go/capsize/cmd/" + command }

// programOf returns the path of another command of Capsize: the one beside this program or in PATH, or else one that the go
// command builds, and that remove removes. Remove is nil if there is nothing to remove.
func programOf(ctx context.Context, command string) (path string, remove func(), err error) {
	if self, err := os.Executable(); err == nil {
		beside := filepath.Join(filepath.Dir(self), command+filepath.Ext(self))
		if info, err := os.Stat(beside); err == nil && !info.IsDir() {
			return beside, nil, nil
		}
	}
	here := "./cmd/" + command
	_, err = os.Stat(here)
	if found, lookErr := exec.LookPath(command); err != nil && lookErr == nil {
		return found, nil, nil
	}
	dir, dirErr := os.MkdirTemp("", command)
	if dirErr != nil {
		return "", nil, dirErr
	}
	remove = func() { _ = os.RemoveAll(dir) } // it is a temporary folder
	build := exec.CommandContext(ctx, "go", "build", "-o", dir, here)
	if err != nil { // not in a clone of this module
		build = exec.CommandContext(ctx, "go", "install", importPathOf(command)+"@"+moduleVersion())
		build.Env = append(os.Environ(), "GOBIN="+dir)
	}
	if out, err := build.CombinedOutput(); err != nil {
		remove()
		return "", nil, fmt.Errorf("build it: %w\n%s", err, out)
	}
	return filepath.Join(dir, command), remove, nil
}

// moduleVersion returns the version of this module, or latest if it was built from a clone.
func moduleVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "latest"
}
