package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A library is a folder whose tests plant bugs that repeat under "capsize test" alone, where they are measured.
type library struct {
	system, dir, test string
	seeds             int         // that are run, unless -seeds says otherwise
	bugs              [][2]string // by name, with what each does
}

// libraries are stores on libraries, and small programs whose bugs some orders of their goroutines show.
var libraries = []library{
	{"hraft", "systems/adapters/hraft", "TestBugs", 20, [][2]string{
		{"local-reads", "every node answers reads from its own state machine"},
		{"trust-state", "who takes itself for the leader answers reads, without Barrier and VerifyLeader"},
		{"no-barrier", "a new leader answers before it has applied what was acknowledged before"},
		{"ack-early", "a write is acknowledged before the future of Apply is done"},
		{"ignore-response", "the response of the state machine is not looked at"},
		{"lost-is-failed", "ErrLeadershipLost is reported as a failure"},
		{"clock-in-apply", "the state machine drops writes that are old by the clock of the node"},
		{"restore-merges", "a snapshot is decoded into the state that there is"},
	}},
	{"grpckv", "systems/adapters/grpckv", "TestBugs", 20, [][2]string{
		{"retry-writes", "the service config retries writes that end with UNAVAILABLE"},
		{"stale-replica", "round_robin spreads reads over nodes that answer from what they have"},
		{"late-is-failed", "DEADLINE_EXCEEDED is reported as a failure"},
		{"check-then-act", "a swap releases its lock between the comparison and the write"},
		{"pooled-buffer", "the codec gives a buffer back to its pool before it is written"},
	}},
	{"ringkv", "systems/adapters/ringkv", "TestBugs", 20, [][2]string{
		{"ring-of-members", "the owner of a key is one of those that memberlist takes for alive"},
		{"gossip-invalidation", "nodes keep what they pass on until a broadcast says that it was written"},
		{"members-in-notify", "the delegate asks for the members, and waits for itself"},
	}},
	{"rediskv", "systems/adapters/rediskv", "TestBugs", 20, [][2]string{
		{"retries", "commands that write are tried again, as go-redis does by default"},
		{"get-then-set", "a swap is GET, a comparison, and SET"},
		{"watch-elsewhere", "WATCH goes to one connection of the pool, and the transaction to another"},
		{"late-is-failed", "a timeout is reported as a failure"},
	}},
	{"races", "internal/detrt/races", "TestFound", 2000, [][2]string{
		{"check, then act", "what was there a moment ago is taken from an account"},
		{"lost wake-up", "a goroutine looks whether it has to wait, and says then that it waits"},
		{"lock order", "two transfers lock two accounts, each another one first"},
		{"ABA", "a cell of a stack comes back while it is popped, and a stale next becomes the head"},
		{"three in a row", "three goroutines come between each other's steps in one order"},
		{"starved stop", "a goroutine works on while there is work, although it was to stop"},
		{"used after Put", "a buffer is used after it was given back to its pool"},
		{"lapped reader", "a reader looks at a slot of a ring to which the writer has come back"},
		{"double close", "what says that it can be closed twice closes a channel twice"},
		{"context leak", "a task is started while the others are stopped, and its context is never cancelled"},
		{"RWMutex upgrade", "what was read with a read lock is written with the write lock, without a second look"},
		{"read lock twice", "a read lock is taken twice, with a writer that waits in between"},
		{"Once re-entry", "a function that a sync.Once calls waits for that sync.Once"},
		{"timer reset", "a session is used at the instant at which its timer fires"},
	}},
}

// own is the label of the searches of libraries: their tests have faults of their own, and schedules of the swarm.
const own = "its own, and schedules"

// onLibraries are the bugs of libraries. Their searches have no test, since their folders are modules of their own, or need
// the deterministic runtime.
func onLibraries() (list []bug) {
	for _, l := range libraries {
		for _, x := range l.bugs {
			b := bug{System: l.system, Name: x[0], Does: x[1], Precedent: precedents[l.system+"/"+x[0]]}
			label := own
			if l.system == "races" {
				label = "schedules"
			}
			b.Searches = []search{{Label: label, Command: func(uint64) string {
				return fmt.Sprintf("cd %s; CAPSIZE_SEEDS=%d capsize test -run '%s' -v .", l.dir, l.seeds, l.pattern(x[0]))
			}}}
			list = append(list, b)
		}
	}
	return list
}

// pattern names the subtest of a bug.
func (l library) pattern(bug string) string {
	return fmt.Sprintf("^%s$/^%s$", l.test, strings.ReplaceAll(regexp.QuoteMeta(bug), " ", "_"))
}

// measureLibraries builds the test binaries of the libraries for the deterministic runtime, and runs each bug in a process of its own.
func measureLibraries(ctx context.Context, s settings) (err error) {
	n, err := openNotebook(folder)
	if err != nil {
		return err
	}
	tmp, err := os.MkdirTemp("", "killmatrix")
	if err != nil {
		return fmt.Errorf("make a folder for test binaries: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(tmp)) }()
	capsize := filepath.Join(tmp, "capsize")
	if err := run(ctx, ".", nil, "go", "build", "-o", capsize, "./cmd/capsize"); err != nil {
		return err
	}
	all := onLibraries()
	for _, l := range libraries {
		binary, seeds := "", l.seeds
		if flagGiven("seeds") {
			seeds = s.goal.seeds
		}
		for _, b := range all {
			c := n.of(b, b.Searches[0])
			if b.System != l.system || s.bugs != "" && !slices.Contains(strings.Split(s.bugs, ","), l.system) || c.Seeds >= seeds {
				continue
			}
			if binary == "" {
				binary = filepath.Join(tmp, l.system)
				if err := l.build(ctx, capsize, binary); err != nil {
					return err
				}
			}
			if c, err = l.measure(ctx, binary, b, seeds); err != nil {
				return err
			}
			fmt.Printf("%s: %d of %d, the first by seed %d; %.1f s\n", c.Bug, c.Found, c.Seeds, c.First, c.CPU.Seconds())
			if err := n.add(c); err != nil {
				return err
			}
		}
	}
	return n.tidy(everything())
}

func (l library) build(ctx context.Context, capsize, binary string) error {
	var env []string
	if _, err := os.Stat(filepath.Join(l.dir, "go.mod")); err == nil {
		env = []string{"GOFLAGS=" + strings.TrimSpace(os.Getenv("GOFLAGS")+" -mod=mod")}
	}
	return run(ctx, l.dir, env, capsize, "test", "-c", "-o", binary, ".")
}

// counted is what a test logs of a bug.
var counted = regexp.MustCompile(`(\d+) of (\d+) seeds find it, the first is (\d+)`)

// measure runs the test of a bug with that many seeds.
func (l library) measure(ctx context.Context, binary string, b bug, seeds int) (cell, error) {
	cmd := exec.CommandContext(ctx, binary, "-test.run="+l.pattern(b.Name), "-test.v", "-test.timeout=2h")
	cmd.Dir, cmd.Env = l.dir, append(os.Environ(), fmt.Sprint("CAPSIZE_SEEDS=", seeds))
	out, err := cmd.CombinedOutput()
	m := counted.FindSubmatch(out)
	if m == nil {
		return cell{}, fmt.Errorf("measure %s: it says nothing of seeds: %w\n%s", b.id(), err, bytes.TrimSpace(out[max(0, len(out)-2000):]))
	}
	c := cell{Bug: b.id(), Search: b.Searches[0].Label, CPU: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()}
	for i, to := range []*int{&c.Found, &c.Seeds} {
		*to, _ = strconv.Atoi(string(m[i+1]))
	}
	c.First, _ = strconv.ParseUint(string(m[3]), 10, 64)
	c.CPU = c.CPU.Round(time.Millisecond)
	return c, nil
}

// run runs a command, and has what it printed in the error.
func run(ctx context.Context, dir string, env []string, command string, args ...string) error {
	cmd := exec.CommandContext(ctx, command, args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s %s in %s: %w\n%s", command, strings.Join(args, " "), dir, err, out)
	}
	return nil
}
