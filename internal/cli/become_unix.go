//go:build unix

package cli

import (
	"fmt"
	"syscall"
)

// become has this process become another program. It does not return if that can be done.
func become(program string, args, env []string) error {
	if err := syscall.Exec(program, append([]string{program}, args...), env); err != nil {
		return fmt.Errorf("run %s: %w", program, err)
	}
	return nil
}
