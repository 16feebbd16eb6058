// Package names says what a name that nothing has was probably meant to be.
package names

import (
	"fmt"
	"strings"
)

// Unknown returns the error for a name that nothing of that kind has. It lists the
// valid names, and suggests the one that was probably meant.
func Unknown(kind, name string, valid []string) error {
	guess := ""
	if n := Nearest(name, valid); n != "" {
		guess = fmt.Sprintf(", did you mean %q?", n)
	}
	return fmt.Errorf("there is no %s %q%s\n  valid: %s", kind, name, guess, strings.Join(valid, ", "))
}

// Nearest returns the name that takes the fewest edits to get from text, or
// nothing if that is almost all of it.
func Nearest(text string, names []string) string {
	best, edits := "", max(2, len(text)/2)
	for _, n := range names {
		if d := distance(text, n); d < edits {
			best, edits = n, d
		}
	}
	if best != "" || len(text) < 3 {
		return best
	}
	for _, n := range names {
		if strings.Contains(n, text) || strings.Contains(text, n) {
			return n
		}
	}
	return ""
}

// distance counts the edits from a to b: letters put in, taken out, replaced, or
// swapped with their neighbour (optimal string alignment, after Damerau 1964).
func distance(a, b string) int {
	d := make([][]int, len(a)+1)
	for i := range d {
		d[i] = make([]int, len(b)+1)
		d[i][0] = i
	}
	for j := range b {
		d[0][j+1] = j + 1
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			d[i][j] = min(d[i-1][j]+1, d[i][j-1]+1, d[i-1][j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d[i][j] = min(d[i][j], d[i-2][j-2]+1)
			}
		}
	}
	return d[len(a)][len(b)]
}
