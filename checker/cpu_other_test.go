//go:build !unix

package checker

import "time"

var began = time.Now()

// cpu returns the time that has passed: that which the process has used is not known here.
func cpu() time.Duration { return time.Since(began) }
