// Command tool may go in any order.
package main

func main() {
	for k := range map[string]int{"a": 1, "b": 2} {
		println(k)
	}
}
