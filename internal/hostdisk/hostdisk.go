// Package hostdisk makes a disk with faults of a folder of real files, for programs that use package os.
//
// The files are real, so locks, maps, preallocation and descriptors work as the program expects. A [Disk] keeps what a crash
// would do away with: before a write or a truncation what was there, before a removal a second name of the file. A sync forgets
// what it covers. [Disk.Crash] takes back what was not synced, but for the part that the crash keeps, and puts a copy of
// the folder in its place: with new inodes, so that the locks and maps of the dead concern the next life no more.
//
// What a crash may keep is that of package cluster's other disks, but drawn for each file by itself, since a kernel writes each back by
// itself: see [Kept]. Names are journaled, as ext4 does it by default: the changes of names are kept in their
// order, a sync of any file or folder makes all earlier ones durable, and what was written to a file before it was renamed is durable with the
// new name. A strict disk promises what POSIX does: a name is durable once its folder was synced. What was changed through a
// writable shared map is not seen: such a file never loses anything, and the host's log names it.
//
// [Disks] is the hook: it is told by the overlay of package internal/overlay, group disk, before and after a goroutine of a
// host calls the system. Linux only; [Supported] says so.
package hostdisk

import (
	"path"
	"syscall"

	"github.com/capsize-go/capsize/internal/detrt"
)

// Kept says what a crash keeps of the changes that were not synced.
type Kept uint8

const (
	// Nothing is kept.
	Nothing Kept = iota
	// Prefix keeps of each file the changes before one that is drawn, and as much of the changes of names.
	Prefix
	// Torn keeps of each file the changes before one that is drawn, and of that a part if it is a write.
	Torn
	// LastTorn keeps all changes but the last write, and of that a part: the crash is in that write.
	LastTorn
	// Sectors keeps each sector that was written with chance one half.
	Sectors
	// Everything is kept: the process was killed, and the machine runs on.
	Everything
)

// Sector is how many bytes a disk writes atomically.
const Sector = 512

// A Host is whose disk it is: it says what is wrong with the disk, and is told what happens on it. Its methods are called by
// the goroutine that uses the disk.
type Host interface {
	// Fails returns the error of an operation: "open", "read", "write", "truncate", "rename", "remove", "mkdir", "link" or "sync".
	// 0 has it go on.
	Fails(op string) syscall.Errno
	// Refuses returns the error of an operation that changes the disk only now, as an open that creates the file; 0 has it go on.
	Refuses() syscall.Errno
	// Misdirected returns where a write at an offset of a file of that size goes on the disk.
	Misdirected(size, off int64) int64
	// Written is called after a write of n bytes. It does not return if the host crashes in it.
	Written(n int64)
	// Sync waits for as long as a sync takes, and settles it: by Persist, by Drop, or by neither if it lies.
	Sync(c Covered) syscall.Errno
	// Warn is told once of each file that the disk can't keep: one outside of the folder, or one that is written through a map.
	Warn(text string)
}

// Active reports whether goroutines of hosts can have disks: on this system, and in a program that was built with the overlay.
func Active() bool { return Supported() && detrt.FilesActive() }

// A FlipCounter counts the reads of flipped bits.
type FlipCounter = interface{ CountFlipRead() }

// Home is where the file system of a host begins, as goroutines of the bubble see it: /capsize/n1. It is the same in each run and on each
// machine, wherever the files are, so that it may reach logs and histories.
const Home = "/capsize"

// Data is the folder of a host's file system that is the program's own, and its working directory.
const Data = "data"

// Dir returns the folder of a host that is the program's own, as the program is to see it.
func Dir(host string) string { return path.Join(Home, host, Data) }
