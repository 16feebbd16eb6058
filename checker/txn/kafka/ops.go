package kafka

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/capsize-go/capsize/internal/sorting"
)

// What an operation of a transaction does.
const (
	Send = "send" // appends Value to the log Key
	Poll = "poll" // fetches the next messages of the logs that the process polls
)

// What a request may be beside a transaction. See [Request.F].
const (
	Subscribe = "subscribe" // joins a consumer group, which decides who polls which of the logs Keys
	Assign    = "assign"    // polls the logs Keys from now on, and no others
)

// A LogOp is one operation of a transaction. A [Reply] repeats those of its [Request], with what was answered.
//
// It is written to JSON as Jepsen's kafka workload writes it: ["send","x",3] and, answered, ["send","x",[0,3]] with the offset first;
// ["poll"] and, answered, ["poll",{"x":[[0,3],[1,4]]}].
type LogOp struct {
	F      string               // Send or Poll
	Key    string               // of a send: the log
	Value  int                  // of a send: the message, which is sent once to a log
	Known  bool                 // of a send: it was acknowledged with Offset
	Offset int64                // of a send: where the message was put, from 0
	Polled map[string][]Message // of a poll that was answered: the messages by log, in the order in which they were received
}

// A Message is a message that a poll returned.
type Message struct {
	Offset int64
	Value  int
}

// A Request is what a process asks: the input of a call.
type Request struct {
	// F is what is asked: "txn", "send" or "poll" for a transaction, Subscribe or Assign. Other names, as "crash" and
	// "debug-topic-partitions", say nothing of logs.
	F    string   `json:"f"`
	Ops  []LogOp  `json:"ops,omitempty"`  // of a transaction
	Keys []string `json:"keys,omitempty"` // of Subscribe and Assign: the logs
}

// A Reply is the answer to a [Request]: the output of a call. A call that failed or is indeterminate has one too if it polled: what it
// received counts.
type Reply struct {
	Ops        []LogOp  `json:"ops,omitempty"`
	Rebalanced []string `json:"rebalanced,omitempty"` // logs that the process was given, or that were taken from it, while the transaction ran
}

// String formats the operation as reports show it: "send x 3", "send x 3 at 0", "poll x [0:3 1:4]".
func (o LogOp) String() string {
	if o.F == Send {
		if o.Known {
			return fmt.Sprintf("send %s %d at %d", o.Key, o.Value, o.Offset)
		}
		return fmt.Sprintf("send %s %d", o.Key, o.Value)
	}
	text := o.F
	for _, key := range sorting.Keys(o.Polled) {
		all := make([]string, len(o.Polled[key]))
		for i, m := range o.Polled[key] {
			all[i] = fmt.Sprintf("%d:%d", m.Offset, m.Value)
		}
		text += fmt.Sprintf(" %s [%s]", key, strings.Join(all, " "))
	}
	return text
}

// String formats the request as reports show it: "send x 3, poll", "assign x y".
func (r Request) String() string {
	if len(r.Ops) > 0 {
		return joined(r.Ops)
	}
	return strings.Join(append([]string{r.F}, r.Keys...), " ")
}

// String formats the reply as reports show it: "send x 3 at 0, poll x [0:3]".
func (r Reply) String() string { return joined(r.Ops) }

func joined(ops []LogOp) string {
	all := make([]string, len(ops))
	for i, o := range ops {
		all[i] = o.String()
	}
	return strings.Join(all, ", ")
}

// MarshalJSON writes the operation as an array.
func (o LogOp) MarshalJSON() ([]byte, error) {
	switch {
	case o.F == Send && o.Known:
		return json.Marshal([]any{o.F, o.Key, []int64{o.Offset, int64(o.Value)}})
	case o.F == Send:
		return json.Marshal([]any{o.F, o.Key, o.Value})
	case o.F == Poll && o.Polled != nil:
		return json.Marshal([]any{o.F, o.Polled})
	}
	return json.Marshal([]any{o.F})
}

// UnmarshalJSON reads what MarshalJSON writes. A key may be a number, and an offset be null where it is not known.
func (o *LogOp) UnmarshalJSON(b []byte) error {
	var parts []json.RawMessage
	if err := json.Unmarshal(b, &parts); err != nil || len(parts) == 0 {
		return fmt.Errorf("an operation on logs is an array like [\"send\",\"x\",1] or [\"poll\"], not %s", clip(b))
	}
	*o = LogOp{}
	if err := json.Unmarshal(parts[0], &o.F); err != nil {
		return fmt.Errorf("the first part of an operation on logs: %w", err)
	}
	switch {
	case o.F == Send && len(parts) == 3:
		if err := json.Unmarshal(parts[1], &o.Key); err != nil {
			o.Key = string(bytes.TrimSpace(parts[1]))
		}
		return o.readSent(parts[2])
	case o.F == Poll && len(parts) == 2:
		if err := json.Unmarshal(parts[1], &o.Polled); err != nil {
			return fmt.Errorf("the messages of a poll: %w", err)
		}
		return nil
	case o.F == Poll && len(parts) == 1:
		return nil
	}
	return fmt.Errorf("an operation on logs is [\"send\",KEY,MESSAGE] or [\"poll\",{KEY:[[OFFSET,MESSAGE]]}], not %s", clip(b))
}

// readSent reads the third part of a send: the message, or offset and message.
func (o *LogOp) readSent(b json.RawMessage) error {
	if string(b) != "null" && json.Unmarshal(b, &o.Value) == nil {
		return nil
	}
	var pair []*int64
	if err := json.Unmarshal(b, &pair); err != nil || len(pair) != 2 || pair[1] == nil || pair[0] != nil && *pair[0] < 0 {
		return fmt.Errorf("what was sent to %s is a message or [OFFSET,MESSAGE], not %s", o.Key, clip(b))
	}
	o.Value = int(*pair[1])
	if pair[0] != nil {
		o.Known, o.Offset = true, *pair[0]
	}
	return nil
}

// MarshalJSON writes the message as an array of its offset and its value.
func (m Message) MarshalJSON() ([]byte, error) {
	return json.Marshal([]int64{m.Offset, int64(m.Value)})
}

// UnmarshalJSON reads what MarshalJSON writes.
func (m *Message) UnmarshalJSON(b []byte) error {
	var pair []int64
	if err := json.Unmarshal(b, &pair); err != nil || len(pair) != 2 || pair[0] < 0 {
		return fmt.Errorf("a message is [OFFSET,MESSAGE] with an offset from 0, not %s", clip(b))
	}
	*m = Message{pair[0], int(pair[1])}
	return nil
}

// clip shortens what stands in an error.
func clip[T ~string | ~[]byte](text T) string {
	if len(text) > 60 {
		return string(text[:57]) + "..."
	}
	return string(text)
}
