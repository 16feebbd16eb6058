// Package wording has the words that the results of all checkers share: headlines by the name of a check, and places of ops.
package wording
