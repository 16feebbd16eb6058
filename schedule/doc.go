// Package schedule says in which order the goroutines of a run take their turns. It needs the deterministic
// runtime of the command "capsize test": with it one goroutine runs at a time, the seed decides which, and a
// run repeats whatever its code leaves to chance. Without it Go decides, and a schedule is an error.
//
// A schedule that only repeats finds less than Go does on several processors, because a goroutine then runs until it
// blocks. So there are points at which a schedule may stop a goroutine: operations of channels, sync.Mutex, sync.Cond and the types of
// sync/atomic. The functions of sync/atomic, as AddInt64, and plain memory are no points.
package schedule
