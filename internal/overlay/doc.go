// Package overlay makes a deterministic runtime of an installed Go: a list for the flag -overlay of the go
// command, which has it read edited files of the standard library in place of the installed ones. The toolchain stays as it is.
//
// It holds none of Go's text. An edit names a file, a declaration and a place in it, as "before the call of
// runqput in newproc", which is found with go/parser; what is written there stays on one line, so the lines of
// stack traces remain those of the installed files. A place that is not there exactly as often as it should be makes the overlay fail as a
// whole: half of a deterministic runtime would be worse than none.
//
// [Groups] says what the edits do. The functions that they call are in files that are added to packages runtime, sync, net, os and others, in
// the folder added. The groups for programs on hosts, net, machine and exit, are for Unix and Windows, and were tried on Linux only.
package overlay
