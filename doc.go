// Package capsize tests distributed systems on virtual time.
package capsize
