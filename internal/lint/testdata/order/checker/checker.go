// Package checker judges a history, in the same words each time.
package checker

// Any returns any key.
func Any(m map[string]int) string {
	for k := range m {
		return k
	}
	return ""
}
