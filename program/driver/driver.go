// Package driver is func main of the program that capsize program builds: it has a copy of a main package for each node, and runs them on
// Capsize's hosts.
package driver

import "github.com/capsize-go/capsize/internal/programcli"

// Main runs a cluster whose nodes run the program, as the arguments of the process say, which are those of capsize program. Starts has
// the function that runs the program on each node, with os.Args of the node.
func Main(starts ...func(args []string)) { programcli.Drive(starts) }
