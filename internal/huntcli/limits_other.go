//go:build !unix

package huntcli

// limitsAreErrors has a write beyond the limit to the size of files fail. Here there is no such limit.
func limitsAreErrors() {}
