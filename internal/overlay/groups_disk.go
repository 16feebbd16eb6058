package overlay

// disk is the group with which what a program does to files is seen. All calls of the system that concern files pass Syscall or Syscall6 of package
// syscall, also those of golang.org/x/sys/unix, whose assembly jumps there, and of what is built on it.
var disk = group{"disk", "what a goroutine of a host does to files passes a disk that can fail", []edit{
	{file: "syscall/syscall_linux.go", in: "Syscall", at: entry{},
		code: " if detWatches(trap) { return detSyscall(trap, a1, a2, a3, 0, 0, 0) }; "},
	{file: "syscall/syscall_linux.go", in: "Syscall6", at: entry{},
		code: " if detWatches(trap) { return detSyscall(trap, a1, a2, a3, a4, a5, a6) }; "},
}}

func init() { groups = append(groups, disk) }
