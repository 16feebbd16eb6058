package systems

import (
	"strconv"
	"strings"
)

// A Finding is a run of capsize run that finds a bug.
type Finding struct {
	Nemesis string
	Flags   string // others that differ from their defaults, as they are typed
	Seed    uint64 // the first from 1 on that is invalid
}

// findings has a run for each bug, by system and name. TestBugsAreFound of the command runs them.
var findings = map[string]Finding{
	"raftkv/local-reads":     {"partition", "", 1},
	"raftkv/lease-reads":     {"leader", "", 1},
	"raftkv/no-dedup":        {"lossy", "", 1},
	"raftkv/ack-before-sync": {"crash", "", 1},
	"raftkv/volatile-vote":   {"blackouts", "", 1},
	"raftkv/no-prefix-check": {"partition", "", 1},
	"raftkv/stale-vote":      {"straggler", "", 1},
	"raftkv/forget-sessions": {"all", "", 46},
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

	"percolator/blind-retry":       {"none", "", 1},
	"percolator/roll-back-live":    {"none", "", 1},
	"percolator/early-commit-time": {"none", "", 1},
	"percolator/oracle-goes-back":  {"leader", "", 1},
	"percolator/async-below-reads": {"none", "", 1},
	"percolator/skip-old-locks":    {"gray", "", 1},
	"percolator/forward-blindly":   {"partition", "", 3},

	"galera/certify-at-origin":  {"none", "", 1},
	"galera/ack-when-ordered":   {"none", "", 1},
	"galera/ack-before-sync":    {"blackouts", "", 1},
	"galera/snapshot-at-commit": {"none", "", 1},

	"ssi/forget-readers":       {"none", "", 1},
	"ssi/no-read-only-locks":   {"none", "", 1},
	"ssi/visible-out-of-order": {"none", "", 1},
	"ssi/lock-rows-only":       {"none", "--workload doctors --duration 3s", 1},

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
	"crdtkv/forget-removed":  {"flip-flop", "--duration 12s", 2},
	"crdtkv/reuse-ids":       {"crash", "--duration 12s", 1},
	"crdtkv/skip-deltas":     {"partition", "--duration 12s", 2},
	"crdtkv/ack-before-sync": {"crash", "--duration 12s", 1},

	"twopc/forget-commit":    {"blackouts", "", 3},
	"twopc/abort-after-yes":  {"blackouts", "", 2},
	"twopc/unlock-early":     {"partition", "", 7},
	"twopc/unlock-reads":     {"partition", "", 1},
	"twopc/presume-too-soon": {"lossy", "", 1},
	"twopc/volatile-yes":     {"blackouts", "", 5},
	"twopc/forget-locks":     {"blackouts", "", 1},

	"retryclient/retry-unknown":      {"lossy", "", 1},
	"retryclient/unknown-is-failure": {"crash", "", 1},

	"calvin/two-sequencers":       {"partition", "", 1},
	"calvin/skip-entry":           {"partition", "", 1},
	"calvin/local-reads":          {"partition", "", 1},
	"calvin/trust-reconnaissance": {"partition", "", 1},

	"psi/no-conflict-check": {"partition", "", 1},
	"psi/drop-snapshots":    {"partition", "", 1},
	"psi/volatile-locks":    {"kill-majority", "", 1},

	"hlc/no-uncertainty": {"clock-scramble", "", 1},
	"hlc/forget-reads":   {"clock-scramble", "", 1},
	"hlc/tight-offset":   {"clock-scramble", "", 1},
	"hlc/skip-refresh":   {"partition", "", 1},
}

// FindingOf returns the run that finds a bug of a system; ok is false if there is no such bug.
func FindingOf(system, bug string) (f Finding, ok bool) {
	f, ok = findings[system+"/"+bug]
	return f, ok
}

// Args returns the arguments of the command capsize that make the run.
func (f Finding) Args(system, bug string) []string {
	args := []string{"run", "--system", system, "--bug", bug, "--nemesis", f.Nemesis}
	args = append(args, strings.Fields(f.Flags)...)
	return append(args, "--seed", strconv.FormatUint(f.Seed, 10))
}
