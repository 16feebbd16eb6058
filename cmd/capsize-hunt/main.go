// Command capsize-hunt is the command capsize with campaigns in it: capsize hunt runs it. It is a command of its own because the database
// that campaigns are kept in takes as long to build as all that capsize run needs.
package main

import "github.com/capsize-go/capsize/internal/huntcli"

func main() { huntcli.Main() }
