//go:build !unix

package cli

import "errors"

// become has this process become another program, which it can't here.
func become(string, []string, []string) error { return errors.ErrUnsupported }
