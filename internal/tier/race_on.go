//go:build race

package tier

// Race says whether the test binary runs under the race detector.
const Race = true
