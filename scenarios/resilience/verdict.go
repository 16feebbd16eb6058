package resilience

import "github.com/capsize-go/capsize/checker"

// expected returns the verdict of a variant.
func expected(fixed bool) checker.Verdict {
	if fixed {
		return checker.Valid
	}
	return checker.Invalid
}
