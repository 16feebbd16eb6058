package capsize_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/catalog/systems"
	"github.com/capsize-go/capsize/cluster/trace"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/model"
	"github.com/capsize-go/capsize/nemesis"
)

// messageName is how messages are named: in words. The name of a type, which what is not described gets, is one word with an upper-case letter
// in it or stands without a text.
var messageName = regexp.MustCompile(`^[a-z]+([ -][a-z]+)*$`)

// TestSystemsDescribeTheirMessages records a run of each system of the command, with faults that bring out its rare messages: each message says
// what it is, and the value of each write that was answered is carried under its key.
func TestSystemsDescribeTheirMessages(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	for _, s := range systems.All() {
		t.Run(s.Name, func(t *testing.T) {
			system, known, err := s.Build("")
			require.NoError(t, err)
			for name, w := range known {
				if name == "bank" || name == "long-fork" || name == "blind-writes" {
					continue // their messages are those of append and registers
				}
				r, err := capsize.Exec(t.Context(), t, capsize.Test{
					System: system, Workload: w, Seed: 1, Duration: 12 * time.Second, Record: trace.Window{To: time.Hour},
					Nemesis: nemesis.Every(3*time.Second, nemesis.Partitions(), nemesis.Crashes(), nemesis.Lossy(0)),
				})
				require.NoError(t, err)
				require.NotNil(t, r.Messages)
				require.Greater(t, len(r.Messages.Messages), 5000)
				require.Zero(t, r.Messages.Dropped)
				carried := map[trace.Item]bool{}
				for _, m := range r.Messages.Messages {
					if m.Reply && m.Name == "string" || m.Text != "" && m.Name == "" {
						continue // the digest of a state
					}
					require.Regexp(t, messageName, m.Name, "%+v", m)
					require.NotEmpty(t, m.Text, "%+v", m)
					for _, x := range m.Carries {
						carried[x] = true
					}
				}
				require.NotEmpty(t, written(t, r.History))
				for _, x := range written(t, r.History) {
					assert.True(t, carried[x], "no message carried %v", x)
				}
			}
		})
	}
}

// written returns the writes of a history that were answered, as a trace has them.
func written(t *testing.T, h *history.History) (all []trace.Item) {
	t.Helper()
	for c := range h.Calls() {
		if c.Complete.Type != history.OK {
			continue
		}
		if in, ok := c.Invoke.Input.(model.RegisterOp); ok && in.F == "write" {
			all = append(all, trace.Item{Key: in.Key, Value: fmt.Sprint(in.Value)})
			continue
		}
		if in, ok := c.Invoke.Input.(model.Txn); ok {
			for _, op := range in {
				if op.Value != 0 {
					all = append(all, trace.Item{Key: op.Key, Value: fmt.Sprint(op.Value)})
				}
			}
			continue
		}
		var in struct {
			F     string
			Value *int
			Key   string
		}
		b, err := json.Marshal(c.Invoke.Input)
		require.NoError(t, err)
		_ = json.Unmarshal(b, &in) // a final read is of another shape
		if (in.F == "write" || in.F == "add") && in.Value != nil {
			all = append(all, trace.Item{Key: c.Invoke.Key, Value: fmt.Sprint(*in.Value)})
		}
	}
	return all
}
