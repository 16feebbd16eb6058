package detrt

import _ "unsafe" // for go:linkname

// A FileCall is what a goroutine of a host asks the system to do with a file. It has the fields that the overlay fills in, in
// package syscall.
type FileCall struct {
	Host uint32     // whose goroutine it is; 0: the world's
	Trap uintptr    // the number of the system call
	Args [6]uintptr // its arguments, 0 for those that point at memory
	Path string     // the first path among them
	To   string     // the second one
	Size int64      // of all buffers, for a call that writes several

	// What is made of it:
	Moved  bool    // Path and To have been replaced
	Refuse uintptr // the errno that the caller gets in place of the call; 0: it is made
	Skip   bool    // the call is not made, and returns 0
	After  bool    // the second hook is to be called

	// What it returned, for the second hook:
	Result uintptr
	Errno  uintptr

	Note any // what the first hook has to say to the second
}

// files is filled in by package syscall if the program was built with the overlay, and its group disk.
//
//go:linkname files
var files struct {
	set func(before, after func(*FileCall))
}

// FilesActive reports whether calls of goroutines of hosts that concern files can be seen.
func FilesActive() bool { return Active() && files.set != nil }

// SetFiles has a function called before each such call of a goroutine in a bubble, and one after it; nil ends that. They are called by that
// goroutine, and may block.
func SetFiles(before, after func(*FileCall)) {
	if FilesActive() {
		files.set(before, after)
	}
}
