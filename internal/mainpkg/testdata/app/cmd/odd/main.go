// Command odd has a variable whose type it can't name.
package main

import "example.com/app/hidden"

var x = hidden.New()

func main() { println(x.N) }
