package nemesis

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/internal/sorting"
)

// An Inject function injects a fault; see [Fault].
type Inject func(ctx context.Context, c *cluster.Cluster, r *rand.Rand) (desc string, heal func(), err error)

// New returns a fault of that name. The name is how a plan in a file refers to
// it: when such a plan is read, New must have been called with the name, as by a
// package-level variable. A name that is taken is a mistake and panics.
func New(name string, inject Inject) Fault {
	f := custom{name, inject}
	register(name, "made for this program, by nemesis.New; it has no parameters", func([]byte) (Fault, error) { return f, nil })
	return f
}

type custom struct {
	name   string
	inject Inject
}

func (f custom) String() string { return f.name }

func (f custom) Inject(ctx context.Context, c *cluster.Cluster, r *rand.Rand) (string, func(), error) {
	return f.inject(ctx, c, r)
}

// An Entry is a line of a catalogue: a name and what it stands for, in one line.
type Entry struct{ Name, Doc string }

// A kind of fault is registered by its name with its doc and the function that
// makes one from the JSON object it is kept as.
type kind struct {
	doc    string
	decode func(params []byte) (Fault, error)
}

var (
	kindsMu sync.Mutex
	kinds   = map[string]kind{}
)

func register(name, doc string, decode func([]byte) (Fault, error)) {
	kindsMu.Lock()
	defer kindsMu.Unlock()
	if kinds[name].decode != nil {
		panic(fmt.Sprintf("nemesis: there is a fault %q already", name))
	}
	kinds[name] = kind{doc, decode}
}

// Faults returns the catalogue of all faults that a plan may hold, by name, with
// their parameters.
func Faults() []Entry {
	var all []Entry
	for _, name := range Kinds() {
		kindsMu.Lock()
		all = append(all, Entry{name, kinds[name].doc})
		kindsMu.Unlock()
	}
	return all
}

// Kind returns the name of a fault in the catalogue, to which its effects are attributed. For
// a fault that waits for a trigger it is the name of the fault that is then injected.
func Kind(f Fault) string {
	switch f := f.(type) {
	case reactive:
		return Kind(f.Fault)
	case custom:
		return f.name
	case parameters:
		return f.kind()
	}
	return f.String()
}

// Kinds returns the names of all faults that a plan may hold, sorted.
func Kinds() []string {
	kindsMu.Lock()
	defer kindsMu.Unlock()
	var names []string
	for k := range kinds { // order: sorted below
		names = append(names, k)
	}
	sorting.Ordered(names)
	return names
}

// parameters is implemented by faults that have some.
type parameters interface{ kind() string }

// encodeFault returns {"kind": …} with the fault's parameters beside it.
func encodeFault(f Fault) ([]byte, error) {
	switch f := f.(type) {
	case nil:
		return nil, fmt.Errorf("there is no fault")
	case custom:
		return json.Marshal(map[string]string{"kind": f.name})
	case parameters:
		b, err := json.Marshal(f)
		if err != nil {
			return nil, fmt.Errorf("fault %v: %w", f, err)
		}
		head := fmt.Appendf(nil, `{"kind":%q`, f.kind())
		if string(b) == "{}" {
			return append(head, '}'), nil
		}
		return append(append(head, ','), b[1:]...), nil
	}
	return nil, fmt.Errorf("fault %v of type %T can't be kept in a file: make it with nemesis.New", f, f)
}

// decodeFault makes a fault from what encodeFault wrote: "kind" names the decoder, which gets
// the other fields.
func decodeFault(b []byte) (Fault, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(b, &fields); err != nil {
		return nil, fmt.Errorf(`"fault" is an object with a "kind": %w`, err)
	}
	var kind string
	if err := json.Unmarshal(fields["kind"], &kind); err != nil {
		return nil, fmt.Errorf(`"fault" has no "kind"`)
	}
	kindsMu.Lock()
	decode := kinds[kind].decode
	kindsMu.Unlock()
	if decode == nil {
		return nil, fmt.Errorf("there is no fault %q; there are %s", kind, strings.Join(Kinds(), ", "))
	}
	delete(fields, "kind")
	params, err := json.Marshal(fields)
	if err != nil {
		return nil, err
	}
	f, err := decode(params)
	if err != nil {
		return nil, fmt.Errorf("fault %q: %w", kind, err)
	}
	return f, nil
}

// decoderOf returns the decoder of a kind of fault whose parameters are the fields of F.
func decoderOf[F Fault]() func([]byte) (Fault, error) {
	return func(b []byte) (Fault, error) {
		var f F
		err := decode(b, &f)
		return f, err
	}
}

// decode reads the parameters of a fault into f. It is apart from decoderOf, which is compiled for each kind of fault.
func decode(b []byte, f any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	return d.Decode(f)
}
