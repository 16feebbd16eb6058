// Package mainpkg turns a main package into packages that one process can start many times: once for each node of a cluster, and
// again after each crash.
//
// A main package can't be imported, and its variables, [flag.CommandLine] and [os.Args] are one per process. So [Plan.Generate] writes, for
// go build's flag -overlay, a copy of the program for each node. In a copy the function main is an exported one; each package
// variable x is a pointer, and each use of it is (*Capsize_x); its initial value and the functions init run when the copy is started, by the goroutine
// that starts it, in the order that the language specification gives; and os.Args is a variable of the copy. A start gives all variables
// new memory, so nothing of a former life is seen by the next one: neither values nor mutexes that a dead goroutine holds.
//
// Copied are the packages that must not be shared by nodes: main, those of its module, package flag and those that import it or read os.Args,
// what the caller names, all that imports one of these, and what these alone may import. All others, the standard library with them, are
// shared by the nodes as they are by packages of one program.
package mainpkg
