// Command capsize runs the systems that ship with Capsize under faults on virtual
// time, judges histories, and repeats runs.
//
//	capsize run                         a raft store under partitions: verdict, picture, page
//	capsize run --bug local-reads       with a bug: the smallest counterexample
//	capsize run --seeds 200 --json      a sweep, one JSON object a run
//	capsize cap                         who gets answers, and are they right, while the network is cut
//	capsize isolation                   which isolation level each database claims, and keeps
//	capsize scenario lease-reads        a named experiment: its variants side by side
//	capsize check history.edn           judge a history that was recorded, in any of six formats
//	capsize convert history.edn h.jsonl turn one format into another
//	capsize replay capsize-report/ID    run a recorded run again, and compare
//	capsize show --open                 the pages of all runs, in the browser
//	capsize diff DIR DIR                two runs side by side
//	capsize hunt --for 10m              many seeds on all cores, each failure made small
//	capsize list                        systems, bugs, workloads, nemeses, models, faults
//	capsize version
//
// The same command with the same --seed gives the same history, byte for byte.
// --help of each command says more.
//
// # Exit codes
//
//	0  valid; of diff: the runs are the same
//	1  invalid: a history breaks the rule; of diff: the runs differ
//	2  unknown: a checker could not tell, or the run was cut short
//	3  usage, or the harness itself
//
// # JSON
//
// With --json, run prints one object a run, on a line of its own and nothing else:
//
//	{"system","bug","workload","nemesis","seed","verdict","ops":{"ok","fail","info"},
//	 "digest","virtual_ns","wall_ns","cpu_ns","counterexample":[…],"exercised":{…},"report",
//	 "title","headline","reason","command","checks":[…]}
//
// docs/reference/result.schema.json describes it.
//
// The verdict is valid, unknown or invalid; the digest is the SHA-256 of the
// history in hex; a call of the counterexample has process, node, key, input,
// output, type, invoke_ns, complete_ns, which is null if it never completed, and context, which
// is true if it only shows where a value came from: the others contradict each other. Report is the path of the page, and empty if none was written.
//
// Scenario, cap and isolation print one object a row:
//
//	{"scenario","variant","fault","fixed","seeds","valid","unknown","invalid","seed","metrics":{…},"claimed","model","label"}
//
// Metrics are numbers; what is not known is left out. Those of cap are the shares of requests that were answered
// while the fault lasted (majority_read, majority_write, minority_read, minority_write, cut_off_read, cut_off_write), the
// time to the first answer of each (…_first_ns), stale_reads, stale_worst_ns, stale_behind, lost_acked, recover_ns,
// never_recovered, and p50_ns and p99_ns of the answers before the fault. The model is the strongest that
// held in every seed, the label C, A or neither. Those of isolation are the shares of transactions that were committed and aborted
// before the fault and while it lasted (committed, aborted, committed_during, aborted_during), p50_ns, p99_ns and p99_during_ns of those
// that committed, and in how many runs an anomaly was seen (runs_with_G2-item). Claimed is the level that the database claims, the label
// kept, broken or open.
package main
