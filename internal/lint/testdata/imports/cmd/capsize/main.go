// Command capsize must not need what takes long to compile, even by what it imports.
package main

import (
	_ "encoding/xml"

	_ "example.test/imports/systems/adapters/gossip"
)

func main() {}
