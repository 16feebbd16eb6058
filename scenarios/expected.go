package scenarios

import "github.com/capsize-go/capsize/checker"

// Expected returns the verdict that a variant is to have: valid for a remedy, and invalid for what goes wrong.
func Expected(fixed bool) checker.Verdict {
	if fixed {
		return checker.Valid
	}
	return checker.Invalid
}
