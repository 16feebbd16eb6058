// Package detgo runs the go command with a deterministic runtime: it makes the overlay of the toolchain that is used, and
// hands on all else as it is.
package detgo
