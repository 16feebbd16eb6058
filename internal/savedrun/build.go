package savedrun

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"sync"
)

// Build returns a hash of the program that runs: for a test, of the test binary. Two
// runs with the same build ran the same code. The reverse need not hold: the race
// detector, -cover and another folder of the sources make another binary. It is empty
// if the program's file can't be read.
var Build = sync.OnceValue(func() string {
	path, err := os.Executable()
	if err != nil {
		return ""
	}
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return ""
	}
	return hex.EncodeToString(sum.Sum(nil))[:16]
})
