//go:build !unix

package capsize

import "time"

// cpuTime is not known here.
func cpuTime() time.Duration { return 0 }
