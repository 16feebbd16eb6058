package torture

import (
	"fmt"
	"hash/maphash"
	"maps"
	"math/rand/v2"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"unique"
	"weak"
)

var mapOps = []op{
	{name: "mapstrings", run: mapOfStrings},
	{name: "mapnumbers", run: mapOfNumbers},
	{name: "mapfloats", run: mapOfFloats},
	{name: "mappointers", run: mapOfPointers},
	{name: "mapinterfaces", run: mapOfInterfaces},
	{name: "mapstructs", run: mapOfStructs},
	{name: "maparrays", run: mapOfArrays},
	{name: "maptypes", run: mapOfTypes},
	{name: "mapmadetypes", lasts: true, run: mapOfMadeTypes},
	{name: "mapvariables", run: mapOfVariables},
	{name: "mapchannels", run: mapOfChannels},
	{name: "mapinside", run: mapInside},
	{name: "mapgrows", run: mapGrows},
	{name: "mapswept", run: mapSwept},
	{name: "syncmap", run: syncMap},
	{name: "unique", run: uniques},
	{name: "comparable", run: comparables},
	{name: "weak", run: weakPointers},
	{name: "reflect", run: reflected},
}

// keys logs the order of a map's keys.
func keys[K comparable](w *world, g int, what string, m map[K]int) {
	var b strings.Builder
	for _, v := range m { // order: this is what is logged
		fmt.Fprint(&b, v, ",")
	}
	w.log(g, "%s %s", what, b.String())
}

// filled returns a map with values from 0 on.
func filled[K comparable](n int, key func(i int) K) map[K]int {
	m := map[K]int{}
	for i := range n {
		m[key(i)] = i
	}
	return m
}

func mapOfStrings(w *world, g int) {
	keys(w, g, "mapstrings", filled(5+rand.IntN(60), func(i int) string { return fmt.Sprint("k", i) }))
	keys(w, g, "mapstrings", maps.Clone(filled(20, func(i int) string { return fmt.Sprint(i) })))
}

func mapOfNumbers(w *world, g int) {
	keys(w, g, "mapnumbers", filled(40, func(i int) int64 { return int64(i) << 30 }))
	keys(w, g, "mapnumbers", filled(40, func(i int) uint32 { return uint32(i) }))
	keys(w, g, "mapnumbers", filled(40, func(i int) uint8 { return uint8(i) }))
	keys(w, g, "mapnumbers", filled(40, func(i int) [3]int { return [3]int{i, g} }))
}

// mapOfFloats has keys that are not equal to themselves: they are hashed at random.
func mapOfFloats(w *world, g int) {
	zero := 0.0
	keys(w, g, "mapfloats", filled(40, func(i int) float64 {
		if i%2 == 0 {
			return zero / zero
		}
		return float64(i) / 3
	}))
}

func mapOfPointers(w *world, g int) {
	keys(w, g, "mappointers", filled(40, func(i int) *item { return &item{id: i} }))
	keys(w, g, "mappointers", filled(40, func(i int) *byte { b := byte(i); return &b }))
	block := make([]item, 40)
	keys(w, g, "mappointers", filled(40, func(i int) *item { return &block[i] }))
}

func mapOfInterfaces(w *world, g int) {
	keys(w, g, "mapinterfaces", filled(40, func(i int) any { return &item{id: i} }))
	keys(w, g, "mapinterfaces", filled(40, func(i int) fmt.Stringer { return &named{i} }))
	keys(w, g, "mapinterfaces", filled(40, func(i int) any {
		switch i % 4 {
		case 0:
			return i
		case 1:
			return fmt.Sprint(i)
		case 2:
			return [2]any{&item{id: i}, i}
		}
		return struct {
			p *item
			s string
		}{&item{id: i}, "s"}
	}))
}

// named is a type with a method.
type named struct{ i int }

// String returns the name.
func (n *named) String() string { return fmt.Sprint(n.i) }

func mapOfStructs(w *world, g int) {
	type key struct {
		p *item
		c chan int
	}
	type mixed struct {
		a int32
		p *item
		s string
		_ int
		e any
	}
	keys(w, g, "mapstructs", filled(40, func(i int) key { return key{&item{id: i}, make(chan int)} }))
	keys(w, g, "mapstructs", filled(40, func(i int) mixed { return mixed{a: int32(i % 3), p: &item{id: i}, s: "s", e: i} }))
}

func mapOfArrays(w *world, g int) {
	keys(w, g, "maparrays", filled(40, func(i int) [2]*item { return [2]*item{{id: i}, {id: g}} }))
	keys(w, g, "maparrays", filled(40, func(i int) [1]*item { return [1]*item{{id: i}} }))
}

func mapOfTypes(w *world, g int) {
	types := []reflect.Type{
		reflect.TypeFor[int](), reflect.TypeFor[string](), reflect.TypeFor[item](), reflect.TypeFor[*item](), reflect.TypeFor[world](),
		reflect.TypeFor[map[string]item](), reflect.TypeFor[func()](), reflect.TypeFor[[]item](), reflect.TypeFor[error](), reflect.TypeFor[any](),
	}
	keys(w, g, "maptypes", filled(len(types), func(i int) reflect.Type { return types[i] }))
	keys(w, g, "maptypes", filled(len(types), func(i int) any { return types[i] }))
}

// mapOfMadeTypes has types for keys that the process makes when they are first asked for.
func mapOfMadeTypes(w *world, g int) {
	keys(w, g, "mapmadetypes", filled(20, func(i int) reflect.Type {
		t := reflect.ArrayOf(1000+i, reflect.TypeFor[item]())
		if i%2 == 0 {
			t = reflect.MapOf(t, reflect.TypeFor[bool]())
		}
		return t
	}))
}

var variables [20]item

// mapOfVariables has pointers to variables of the package for keys: their addresses depend on the build.
func mapOfVariables(w *world, g int) {
	keys(w, g, "mapvariables", filled(len(variables), func(i int) *item { return &variables[i] }))
	keys(w, g, "mapvariables", filled(len(variables), func(i int) any { return &variables[len(variables)-1-i] }))
}

func mapOfChannels(w *world, g int) {
	keys(w, g, "mapchannels", filled(40, func(int) chan int { return make(chan int) }))
	keys(w, g, "mapchannels", filled(40, func(int) <-chan int { return make(chan int, 1) }))
}

// mapInside has keys that are pointers into objects: the offset counts.
func mapInside(w *world, g int) {
	type record struct{ a, b, c int }
	records := make([]*record, 14)
	for i := range records {
		records[i] = new(record)
	}
	keys(w, g, "mapinside", filled(42, func(i int) *int {
		r := records[i/3]
		return []*int{&r.a, &r.b, &r.c}[i%3]
	}))
}

// mapGrows goes through a map while it grows and shrinks.
func mapGrows(w *world, g int) {
	m := filled(30, func(i int) *item { return &item{id: i} })
	var b strings.Builder
	n := 0
	for k, v := range m { // order: this is what is logged
		if n++; n > 60 {
			break
		}
		fmt.Fprint(&b, v, ",")
		if v%3 == 0 {
			delete(m, k)
		}
		m[&item{id: v}] = v + 100
	}
	w.log(g, "mapgrows %s", b.String())
}

// mapSwept has keys of memory that other keys had before.
func mapSwept(w *world, g int) {
	for range 4 {
		keys(w, g, "mapswept", filled(12, func(i int) *[4]int { return &[4]int{i} }))
		garbage(1 << 15)
	}
}

func syncMap(w *world, g int) {
	var m sync.Map
	for i := range 40 {
		m.Store(&item{id: i}, i)
	}
	for i := range 40 {
		m.Store(fmt.Sprint(i), i+100)
	}
	var b strings.Builder
	for _, v := range m.Range {
		fmt.Fprint(&b, v, ",")
	}
	_, loaded := w.named.LoadOrStore(g%7, g)
	n := 0
	for range w.named.Range {
		n++
	}
	w.log(g, "syncmap %v %d %s", loaded, n, b.String())
}

func uniques(w *world, g int) {
	a, b := unique.Make(fmt.Sprint("g", g%5)), unique.Make(fmt.Sprint("g", g%5))
	w.log(g, "unique %v %s", a == b, a.Value())
}

// comparables hashes what is equal to itself alone: pointers.
func comparables(w *world, g int) {
	type key struct {
		p *item
		e any
	}
	seed := maphash.MakeSeed()
	p := &item{id: g}
	w.log(g, "comparable %x %x %x %x", maphash.Comparable(seed, p), maphash.Comparable(seed, key{p, p}),
		maphash.Comparable[any](seed, p), maphash.Comparable(seed, [2]*item{p, p}))
}

// weakPointers looks at an object that is still in use: whether others are there is up to the garbage collector.
func weakPointers(w *world, g int) {
	p := &item{id: g}
	x, y := weak.Make(p), weak.Make(p)
	garbage(1 << 12)
	w.log(g, "weak %v %d", x == y, x.Value().id)
	runtime.KeepAlive(p)
}

// reflected calls and chooses by way of package reflect.
func reflected(w *world, g int) {
	m := reflect.ValueOf(filled(20, func(i int) *item { return &item{id: i} }))
	var b strings.Builder
	for it := m.MapRange(); it.Next(); {
		fmt.Fprint(&b, it.Value().Int(), ",")
	}
	var cases []reflect.SelectCase
	for i := range 5 {
		c := make(chan int, 1)
		c <- i
		cases = append(cases, reflect.SelectCase{Dir: reflect.SelectRecv, Chan: reflect.ValueOf(c)})
	}
	chosen, _, _ := reflect.Select(cases)
	w.log(g, "reflect %d %s", chosen, b.String())
}
