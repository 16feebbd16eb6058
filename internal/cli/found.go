package cli

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/capsize-go/capsize/catalog/systems"
	"github.com/capsize-go/capsize/checker"
)

// A finding is a run that finds a bug: its nemesis, what else must be asked for, and the
// first seed from 1 on that is invalid then.
type finding struct {
	nemesis string
	flags   string // others that differ from their defaults, as they are typed
	seed    uint64
}

// findings has a run for each bug, by system and name. TestBugsAreFound runs them.
var findings = map[string]finding{
	"raftkv/local-reads":     {"partition", "", 1},
	"raftkv/lease-reads":     {"leader", "", 1},
	"raftkv/no-dedup":        {"lossy", "", 1},
	"raftkv/ack-before-sync": {"crash", "", 1},
	"raftkv/volatile-vote":   {"blackouts", "", 1},
	"raftkv/no-prefix-check": {"partition", "", 1},
	"raftkv/stale-vote":      {"straggler", "", 1},
	"raftkv/forget-sessions": {"reshuffle", "", 12},
	"raftkv/corrupt-entries": {"lying-disk", "", 1},
	"raftkv/no-pre-vote":     {"all", "--core", 1},
	"raftkv/unsafe-members":  {"reshuffle", "", 1},

	"registerkv/no-write-back":    {"blackouts", "", 17},
	"registerkv/one-phase-writes": {"partition", "", 1},
	"registerkv/ack-before-sync":  {"blackouts", "", 1},

	"primarykv/no-fencing":        {"partition", "", 1},
	"primarykv/promote-any":       {"all", "", 1},
	"primarykv/ack-before-backup": {"partition", "", 1},
	"primarykv/serve-after-lease": {"partition", "", 1},
	"primarykv/rejoin-keeps-tail": {"partition", "", 1},

	"chainkv/dirty-reads":     {"partition", "", 1},
	"chainkv/no-lease":        {"partition", "", 1},
	"chainkv/ack-before-tail": {"partition", "", 1},
	"chainkv/lose-pending":    {"partition", "", 1},
	"chainkv/any-head":        {"flip-flop", "", 1},
	"chainkv/ack-before-sync": {"crash", "", 1},

	"quorumkv/drop-hints":         {"partition", "", 2},
	"quorumkv/ack-before-sync":    {"crash", "", 1},
	"quorumkv/reuse-dots":         {"crash", "", 1},
	"quorumkv/plain-vectors":      {"partition", "", 1},
	"quorumkv/timeout-is-failure": {"partition", "", 1},
	"quorumkv/reap-tombstones":    {"partition", "", 7},
	"quorumkv/coarse-ranges":      {"blackouts", "", 4},

	// Judging sets takes time that grows with their elements, so these runs are short.
	"crdtkv/double-gossip":   {"partition", "--workload tally --duration 12s", 1},
	"crdtkv/remove-wins":     {"partition", "--duration 12s", 1},
	"crdtkv/forget-removed":  {"blackouts", "--duration 12s", 1},
	"crdtkv/reuse-ids":       {"crash", "--duration 12s", 1},
	"crdtkv/skip-deltas":     {"partition", "--duration 12s", 2},
	"crdtkv/ack-before-sync": {"crash", "--duration 12s", 1},
}

// args returns the arguments of capsize run that make a run which finds a bug.
func (f finding) args(system, bug string) []string {
	args := []string{"run", "--system", system, "--bug", bug, "--nemesis", f.nemesis}
	args = append(args, strings.Fields(f.flags)...)
	return append(args, "--seed", strconv.FormatUint(f.seed, 10))
}

// bugCells returns what list bugs shows of each bug beside its name and what it does.
func bugCells() [][]string {
	var all [][]string
	for _, s := range systems.All() {
		for _, b := range s.Bugs {
			f := findings[s.Name+"/"+b.Name]
			all = append(all, []string{strings.TrimSpace(f.nemesis + " " + f.flags), strconv.FormatUint(f.seed, 10)})
		}
	}
	return all
}

// hint names a run that finds each bug of a spec whose runs were all valid: most bugs
// are found by some faults only, and the default is one of many.
func (a *app) hint(s runSpec, v checker.Verdict) error {
	if s.Bug == "" || v != checker.Valid {
		return nil
	}
	bugs := strings.Split(s.Bug, ",")
	text := "\nThis bug was not found here. A run that finds it:\n"
	if len(bugs) > 1 {
		text = "\nThese bugs were not found here. Runs that find each:\n"
	}
	for _, bug := range bugs {
		text += fmt.Sprintf("  %s %s\n", programName(), strings.Join(findings[s.System+"/"+bug].args(s.System, bug), " "))
	}
	_, err := io.WriteString(a.out, text)
	return err
}
