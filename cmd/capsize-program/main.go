// Command capsize-program is the command capsize with capsize program in it, which runs it. It is a command of its own because it reads
// Go programs, and what that takes is long to build.
package main

import (
	"github.com/capsize-go/capsize/internal/programbuild"
	"github.com/capsize-go/capsize/internal/programcli"
)

func main() { programcli.Main(programbuild.Build) }
