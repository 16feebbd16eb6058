// Package capsize tests distributed systems on virtual time. It runs a cluster, its
// clients and a nemesis in one process, records every operation, and says which
// rule the history broke: with the fewest calls that prove it, the seed that
// repeats it byte for byte, and a page that shows it.
//
// # A test
//
//	func TestStore(t *testing.T) {
//		store := quickstart.Store{}
//		capsize.Run(t, capsize.Test{
//			System:   store,
//			Workload: workloads.Register(store.Open),
//			Nemesis:  nemesis.Every(10*time.Second, nemesis.Partitions()),
//		})
//	}
//
// A system is ordinary Go code with one method, [cluster.System.Run], that is given
// a host to live on: connections, listeners, a disk, a clock. A workload says what
// the clients ask and how the answers are judged; [workloads.Register] fits anything
// with Get and Put. A nemesis says what goes wrong, and when.
//
// Half a minute of virtual time passes in well under a second. A test that passes
// prints nothing. One that fails prints, in this order: the verdict; one sentence that
// says why; the smallest counterexample, drawn; the seed, and whether it repeats; where
// the page is; and the command that runs this very failure again, here or in another
// checkout. The failure is kept under testdata/capsize and tried first from then on.
//
// # How to read a counterexample
//
//	0.064s  process 5 n1  ├────write 6────┤                      ⋯
//	0.067s  process 2 n3                     ├───write 3────┤    ⋯
//	0.194s  process 7 n3                                         ⋯  ├───read → 6────┤ ✗
//
// Each line is a call, from the instant at which it was asked to that of its answer,
// by a process that is bound to a node. Each took effect at one instant between
// its ends; a pending call, whose outcome is indeterminate, may have no effect. The calls contradict
// each other on their own: no order of them explains all answers. ✗ marks the one
// to look at first.
//
// # Repeating a run
//
// The same test and seed give the same history, whatever the machine is doing.
// [CheckDeterminism] is the test of that for a system of your own; if it fails,
// it prints the first line that differs. A saved failure is compared with its history
// each time that it is run again. What a system has to do to repeat, and what
// it must leave, is in docs/reference/determinism.md.
//
// The environment overrides a test: CAPSIZE_SEED, CAPSIZE_SEEDS, CAPSIZE_DURATION and
// CAPSIZE_REPORT; see [Run]. The command capsize runs the systems that ship with this
// module, judges histories that others recorded, and repeats runs.
package capsize
