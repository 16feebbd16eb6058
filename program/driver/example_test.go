package driver_test

import "github.com/capsize-go/capsize/program/driver"

// Main is all of a program that has a copy of another one for each node.
func ExampleMain() {
	n1 := func(args []string) {} // func main of the program, with these os.Args
	n2 := func(args []string) {}
	driver.Main(n1, n2)
}
