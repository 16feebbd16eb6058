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

// ErrNotTriggered is wrapped by the error of a fault that waited for a trigger
// that did not fire before the end of the faults. It is no mistake of the plan.
var ErrNotTriggered = errors.New("what it waited for did not happen")

// On returns a fault that waits for a trigger, from the time of its step on,
// and then injects another fault: a crash at the next unsynced write, a partition
// at a change of leaders.
func On(o cluster.Trigger, f Fault) Fault { return reactive{o, f} }

func init() {
	register("on", `waits for an "occasion" and then injects a "fault"; occasions: `+joined(cluster.Triggers()), decoderOf[reactive]())
}

type reactive struct {
	Trigger cluster.Trigger
	Fault   Fault
}

func (reactive) kind() string     { return "on" }
func (f reactive) String() string { return fmt.Sprintf("on %s: %v", f.Trigger, f.Fault) }

func (f reactive) Inject(ctx context.Context, c *cluster.Cluster, r *rand.Rand) (string, func(), error) {
	if err := c.Await(ctx, f.Trigger); err != nil {
		return "", nil, fmt.Errorf("%v: %w", f, ErrNotTriggered)
	}
	desc, heal, chosen, err := inject(ctx, c, f.Fault, r)
	chose(ctx, reactive{f.Trigger, chosen})
	return fmt.Sprintf("%s on %s", desc, f.Trigger), heal, err
}

type reactiveJSON struct {
	Trigger cluster.Trigger `json:"occasion"`
	Fault   json.RawMessage `json:"fault"`
}

// MarshalJSON returns the trigger and the fault that waits for it.
func (f reactive) MarshalJSON() ([]byte, error) {
	b, err := encodeFault(f.Fault)
	if err != nil {
		return nil, err
	}
	return json.Marshal(reactiveJSON{f.Trigger, b})
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (f *reactive) UnmarshalJSON(b []byte) error {
	var j reactiveJSON
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&j); err != nil {
		return err
	}
	for _, o := range cluster.Triggers() {
		if o == j.Trigger {
			f.Trigger = o
		}
	}
	if f.Trigger == "" {
		return fmt.Errorf("there is no occasion %q; there are %s", j.Trigger, joined(cluster.Triggers()))
	}
	var err error
	f.Fault, err = decodeFault(j.Fault)
	return err
}
