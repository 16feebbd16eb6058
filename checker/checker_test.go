package checker

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestHeadline(t *testing.T) {
	assert.Empty(t, Result{Checker: "bank"}.Headline())
	assert.Equal(t, "my rule violated", Result{Checker: "my rule", Verdict: Invalid}.Headline())
	assert.Equal(t, "my rule could not be judged", Result{Checker: "my rule", Verdict: Unknown}.Headline())
	r := Result{Checker: "my rule", Broken: "it broke", Undecided: "undecided"}
	for verdict, want := range map[Verdict]string{Valid: "", Unknown: "undecided", Invalid: "it broke"} {
		r.Verdict = verdict
		assert.Equal(t, want, r.Headline())
	}
}
