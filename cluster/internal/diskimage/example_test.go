package diskimage_test

import (
	"fmt"

	"github.com/capsize-go/capsize/cluster/internal/diskimage"
	"github.com/capsize-go/capsize/internal/keyed"
)

// Example writes twice, syncs in between, and crashes: the second write is lost.
func Example() {
	disk := diskimage.New()
	f := disk.NewFile()
	disk.Link(1, disk.Root, "f", f)
	for at, text := range []string{"synced", "SYNCED and more"} {
		f.Overwrite([]byte(text), 0)
		disk.Write(2, f, 0, []byte(text))
		if at == 0 {
			disk.Commit(3) // a sync that ends at instant 3
			disk.ApplySynced(3)
		}
	}
	fmt.Printf("the host sees %s\n", f.Data)
	lost, _ := disk.Crash(4, diskimage.Nothing, keyed.New(1))
	fmt.Printf("its next life sees %s; %d bytes are lost\n", disk.Root.Names["f"].Data, lost)
	// Output:
	// the host sees SYNCED and more
	// its next life sees synced; 15 bytes are lost
}
