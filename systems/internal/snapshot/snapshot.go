// Package snapshot writes the state of a replica as JSON, and reads it again. Equal states give equal bytes, since JSON sorts
// the keys of maps: so their checksums can be compared.
package snapshot

import (
	"encoding/json"
	"fmt"
)

// Encode returns a state. It panics if its type can't be JSON, which is a mistake in the calling code.
func Encode(state any) []byte {
	b, err := json.Marshal(state)
	if err != nil {
		panic(fmt.Sprintf("encode snapshot: %v", err))
	}
	return b
}

// Decode reads a snapshot into an empty state, and returns that. No data is the empty state.
func Decode[S any](data []byte, empty *S) (*S, error) {
	if len(data) == 0 {
		return empty, nil
	}
	if err := json.Unmarshal(data, empty); err != nil {
		return nil, fmt.Errorf("decode snapshot: %w", err)
	}
	return empty, nil
}
