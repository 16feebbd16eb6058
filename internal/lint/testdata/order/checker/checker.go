// Package checker does not reach a history.
package checker

// Any returns any key.
func Any(m map[string]int) string {
	for k := range m {
		return k
	}
	return ""
}
