// Package goroutines reads what the runtime says of goroutines: which of them belong to a
// run and to which host, by their profiler labels; what keeps virtual time from passing,
// as a lock that is held over a wait; and of what a process died.
//
// A run labels its goroutines with [RunLabel] and [HostLabel]. All functions here look at
// the process from outside of the bubble of virtual time, or at what a process printed
// that died.
package goroutines
