// Package libraries has small stores on libraries as they are, to measure which of
// them repeat: the numbers of docs/reference/libraries.md that no other example shows.
//
//	CAPSIZE_SEEDS=20 go test -run Repeats -v
package libraries
