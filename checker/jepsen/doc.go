// Package jepsen judges histories by the rules of Jepsen's own checkers: bank, set, set-full, queue, total-queue, counter,
// unique ids, long fork, causal reverse and monotonic.
//
// Inputs may be of any type with a field F, and Value and Key where an operation has them.
package jepsen
