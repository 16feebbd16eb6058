// Package explore runs an ordinary concurrent test under many schedules. There is no cluster: a test starts goroutines, lets them
// use the code under test, and asserts what must hold.
//
//	func TestCache(t *testing.T) {
//		explore.Run(t, func(t *testing.T) {
//			c := cache.New(load)
//			var wg sync.WaitGroup
//			for range 2 {
//				wg.Go(func() { c.Get("a") })
//			}
//			wg.Wait()
//			if c.Loads() != 1 {
//				t.Errorf("loaded %d times", c.Loads())
//			}
//		})
//	}
//
// Run it with "capsize test" in place of "go test". One goroutine then runs at a time, and a seed decides which, at each operation of a channel, a
// mutex, a condition variable and a type of sync/atomic. Each seed has a schedule of its own kind, see package schedule. A seed that fails fails
// again: the text of the failure has the command. With "go test" the same test runs, and Go decides the order.
//
// The function runs in a bubble of testing/synctest: time is virtual, and all goroutines that it started must have ended when it returns.
// What fails is
//   - what the function reports to its t;
//   - a deadlock, also of mutexes, at once: the failure says which goroutine waits for which lock, and which one holds it;
//   - goroutines that are left behind;
//   - a data race that the race detector sees, with "capsize test -race";
//   - a panic. It ends the process, as in any test. The runtime prints the seed with the stack of the goroutine, and
//     the next run of the test tries that seed first.
//
// # What it can't find
//
// Goroutines take turns at the operations named above and nowhere else. So what goes wrong only if one is stopped between two reads
// of plain memory is not found as a wrong result. Such code has a data race, which -race finds, as far as both goroutines
// run. The functions of sync/atomic, as atomic.AddInt64, are instructions of the processor, and no goroutine
// is stopped before them; the methods of its types, as [sync/atomic.Int64], are found. A goroutine that waits for such memory in a loop
// is passed over after fifteen seconds or so of the machine's time, so such code is slow to explore. The order in which a processor or the
// compiler may make memory visible is always the one of the program. Code that reads sockets, files or the
// wall clock outside of the bubble is as repeatable as what it reads.
//
// A seed that passes shows nothing about other seeds.
package explore
