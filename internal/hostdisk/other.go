//go:build !linux || (!amd64 && !arm64)

package hostdisk

import (
	"errors"

	"github.com/capsize-go/capsize/internal/detrt"
	"github.com/capsize-go/capsize/internal/keyed"
)

// Supported reports whether this system has what the package needs.
func Supported() bool { return false }

var errSystem = errors.New("disks of real files need Linux on amd64 or arm64")

// A Disk is none on this system. It has as many methods because the one of Linux has them.
type Disk struct{}

// Crash fails.
func (d *Disk) Crash(Kept, keyed.Key) (lost int64, torn bool, err error) { return 0, false, errSystem }

// Flip fails.
func (d *Disk) Flip(func(int64) int64, FlipCounter) (path string, at int64, heal func(), err error) {
	return "", 0, nil, errSystem
}

// Scrub does nothing.
func (d *Disk) Scrub() {}

// Disks are none on this system.
type Disks struct{}

// NewDisks returns none.
func NewDisks(string) *Disks { return &Disks{} }

// Add fails.
func (s *Disks) Add(string) (*Disk, error) { return nil, errSystem }

// Mount does nothing.
func (s *Disks) Mount(detrt.Host, *Disk, Host) {}

// Close does nothing.
func (s *Disks) Close() {}

// Covered is nothing on this system.
type Covered struct{ Name string }

// Any reports false.
func (c Covered) Any() bool { return false }

// Drop does nothing.
func (c Covered) Drop() {}

// Persist does nothing.
func (c Covered) Persist() {}
