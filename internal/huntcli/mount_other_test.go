//go:build unix && !linux

package huntcli

import "errors"

func mountSmall(string, int) error { return errors.New("this is no Linux") }

func unmount(string) {}
