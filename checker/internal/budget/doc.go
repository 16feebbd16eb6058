// Package budget bounds the work of checks by steps.
package budget
