package nemesis

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/capsize-go/capsize/cluster"
)

// ErrNoOccasion is wrapped by the error of a fault that waited for an occasion
// that did not come before the end of the faults. It is no mistake of the plan.
var ErrNoOccasion = errors.New("the occasion did not come")

// On returns a fault that waits for an occasion, from the time of its step on,
// and then injects another fault: a crash at the next unsynced write, a partition
// at a change of leaders.
func On(o cluster.Occasion, f Fault) Fault { return reactive{o, f} }

func init() {
	register("on", `waits for an "occasion" and then injects a "fault"; occasions: `+joined(cluster.Occasions()), decoderOf[reactive]())
}

type reactive struct {
	Occasion cluster.Occasion
	Fault    Fault
}

func (reactive) kind() string     { return "on" }
func (f reactive) String() string { return fmt.Sprintf("on %s: %v", f.Occasion, f.Fault) }

func (f reactive) Inject(ctx context.Context, c *cluster.Cluster, r *rand.Rand) (string, func(), error) {
	if err := c.Await(ctx, f.Occasion); err != nil {
		return "", nil, fmt.Errorf("%v: %w", f, ErrNoOccasion)
	}
	desc, heal, err := f.Fault.Inject(ctx, c, r)
	return fmt.Sprintf("%s on %s", desc, f.Occasion), heal, err
}

type reactiveJSON struct {
	Occasion cluster.Occasion `json:"occasion"`
	Fault    json.RawMessage  `json:"fault"`
}

// MarshalJSON returns the occasion and the fault that waits for it.
func (f reactive) MarshalJSON() ([]byte, error) {
	b, err := encodeFault(f.Fault)
	if err != nil {
		return nil, err
	}
	return json.Marshal(reactiveJSON{f.Occasion, b})
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (f *reactive) UnmarshalJSON(b []byte) error {
	var j reactiveJSON
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&j); err != nil {
		return err
	}
	for _, o := range cluster.Occasions() {
		if o == j.Occasion {
			f.Occasion = o
		}
	}
	if f.Occasion == "" {
		return fmt.Errorf("there is no occasion %q; there are %s", j.Occasion, joined(cluster.Occasions()))
	}
	var err error
	f.Fault, err = decodeFault(j.Fault)
	return err
}
