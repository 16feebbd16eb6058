package torture

import (
	crand "crypto/rand"
	"encoding/json"
	"fmt"
	"hash/maphash"
	"math/big"
	oldrand "math/rand"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"
)

var randomOps = []op{
	{name: "rand", run: global},
	{name: "randold", run: oldGlobal},
	{name: "randseeded", run: seeded},
	{name: "crypto", run: crypto},
	{name: "maphash", run: hashes},
	{name: "json", lasts: true, run: encoded},
	{name: "init", run: initial},
	{name: "tempfile", files: true, run: tempFile},
}

func global(w *world, g int) {
	w.log(g, "rand %d %d %v %v", rand.Int(), rand.IntN(1000), rand.Perm(5), rand.NormFloat64())
}

func oldGlobal(w *world, g int) {
	w.log(g, "randold %d %d %v %v", oldrand.Int63(), oldrand.Intn(1000), oldrand.Perm(5), oldrand.Float64())
}

// seeded does as a library that seeds the global source by the clock.
func seeded(w *world, g int) {
	SeedGlobal(time.Now().UnixNano())
	r := oldrand.New(oldrand.NewSource(oldrand.Int63()))
	w.log(g, "randseeded %d %d", oldrand.Int63(), r.Int63())
}

func crypto(w *world, g int) {
	var b [40]byte
	_, _ = crand.Read(b[:])
	n, err := crand.Int(crand.Reader, big.NewInt(1<<40))
	w.log(g, "crypto %x %s %v %v", b, crand.Text(), n, err)
}

func hashes(w *world, g int) {
	var h maphash.Hash
	_, _ = h.WriteString("hello")
	w.log(g, "maphash %x %x %x", h.Sum64(), maphash.Comparable(maphash.MakeSeed(), 42), maphash.String(maphash.MakeSeed(), "hello"))
}

func encoded(w *world, g int) {
	b, err := json.Marshal(map[string]any{"a": rand.Int(), "b": map[int]string{1: "x", 2: "y"}, "c": struct{ A, B int }{g, 1}})
	w.log(g, "json %s %v", b, err)
}

// What is drawn while packages are initialized.
var (
	began     = time.Now()
	drawn     = rand.Uint64()
	drawnOld  = oldrand.Int63()
	hashSeed  = maphash.MakeSeed()
	secret    = crand.Text()
	initially = fmt.Sprint(began.UnixNano(), drawn, drawnOld, maphash.String(hashSeed, "hello"), secret)
)

func initial(w *world, g int) { w.log(g, "init %s", initially) }

func tempFile(w *world, g int) {
	f, err := os.CreateTemp(w.dir, "torture-*")
	if err != nil {
		w.log(g, "tempfile failed")
		return
	}
	_, _ = f.WriteString("hello")
	_ = f.Close()
	b, _ := os.ReadFile(f.Name())
	_ = os.Remove(f.Name())
	w.log(g, "tempfile %s %s", filepath.Base(f.Name()), b)
}

// SeedGlobal seeds the global source of package math/rand, as libraries do.
func SeedGlobal(seed int64) {
	oldrand.Seed(seed) //lint:ignore SA1019 libraries still do
}
