package fields_test

import (
	"encoding/binary"
	"fmt"

	"github.com/capsize-go/capsize/systems/internal/fields"
)

// A record has a key and a number. Without its last byte it is refused.
func Example() {
	record := fields.AppendText(nil, "k1")
	record = binary.AppendVarint(record, -500)
	for _, b := range [][]byte{record, record[:len(record)-1]} {
		r := fields.Reader{B: b}
		fmt.Println(r.Text(), r.Varint(), r.Err)
	}
	// Output:
	// k1 -500 <nil>
	// k1 0 a record is too short for what it says
}
