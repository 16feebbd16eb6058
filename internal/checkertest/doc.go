// Package checkertest makes histories for tests and examples of checkers.
package checkertest
