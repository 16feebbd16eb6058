package fileserver_test

import (
	"fmt"
	"strings"

	"github.com/capsize-go/capsize/internal/fileserver"
)

// A server of the current folder listens on the loopback address.
func Example() {
	s, err := fileserver.Listen(".", 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()
	fmt.Println(strings.HasPrefix(s.URL("index.html"), "http://127.0.0.1:"))
	// Output: true
}
