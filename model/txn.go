package model

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// What an operation of a transaction does. The names are those of Jepsen's and Elle's histories.
const (
	TxnAppend  = "append" // appends Value to the list at Key
	TxnRead    = "r"      // reads the list or the register at Key
	TxnWrite   = "w"      // writes Value to the register at Key
	TxnInsert  = "insert" // makes the row Key, with Value, which must not exist
	TxnDelete  = "delete" // deletes the row Key
	TxnReadAll = "rp"     // reads all rows that match the predicate Key
)

// A TxnOp is one operation of a transaction. Input and output of a call are lists of them: the output repeats the
// input, with what the reads returned. Values are positive, since 0 stands for a register that was never written.
//
// It is written to JSON as Elle writes it: ["append","x",3], ["r","x",[1,2]], ["w","y",4], ["rp","odd",{"y":5}]. A read that is
// not answered yet, one of an empty list and one of a register without a value are all ["r","x",null].
type TxnOp struct {
	F     string         // TxnAppend, TxnRead, …
	Key   string         // what is touched; of TxnReadAll, the predicate
	Value int            // what is appended or written; of a read of a register, what was read, and 0 if the register has no value
	List  []int          // of a read of a list: its elements, the oldest first
	Rows  map[string]int // of TxnReadAll: the rows that matched, by key
}

// String formats the operation as reports show it: "append x 3", "r x [1 2]", "w y 4".
func (o TxnOp) String() string {
	switch {
	case o.F == TxnDelete:
		return o.F + " " + o.Key
	case o.F == TxnReadAll:
		return fmt.Sprintf("%s %s %v", o.F, o.Key, o.Rows) // fmt sorts the keys
	case o.F == TxnRead && o.List != nil:
		return fmt.Sprintf("r %s %v", o.Key, o.List)
	case o.F == TxnRead && o.Value == 0:
		return "r " + o.Key
	}
	return fmt.Sprintf("%s %s %d", o.F, o.Key, o.Value)
}

// A Txn is the input or the output of a call that is a transaction.
type Txn []TxnOp

// String formats the transaction, with its operations separated by commas.
func (t Txn) String() string {
	var all []string
	for _, o := range t {
		all = append(all, o.String())
	}
	return strings.Join(all, ", ")
}

// Answered formats the transaction as String does, and the reads with an arrow before what they returned: "r x → [1 2]",
// "r y → nothing".
func (t Txn) Answered() string {
	var all []string
	for _, o := range t {
		all = append(all, o.answered())
	}
	return strings.Join(all, ", ")
}

func (o TxnOp) answered() string {
	switch {
	case o.F == TxnReadAll:
		return fmt.Sprintf("%s %s → %v", o.F, o.Key, o.Rows)
	case o.F == TxnRead && o.List != nil:
		return fmt.Sprintf("r %s → %v", o.Key, o.List)
	case o.F == TxnRead && o.Value == 0:
		return fmt.Sprintf("r %s → nothing", o.Key)
	case o.F == TxnRead:
		return fmt.Sprintf("r %s → %d", o.Key, o.Value)
	}
	return o.String()
}

// Keys returns the keys that operations touch, each once, in their order. Predicates are none.
func (t Txn) Keys() []string {
	var keys []string
	for _, o := range t {
		if o.F != TxnReadAll && !slices.Contains(keys, o.Key) {
			keys = append(keys, o.Key)
		}
	}
	return keys
}

// MarshalJSON writes the operation as an array of three: what it does, the key, and the value.
func (o TxnOp) MarshalJSON() ([]byte, error) {
	var value any
	switch {
	case o.F == TxnReadAll && o.Rows != nil:
		value = o.Rows
	case o.F == TxnRead && o.List != nil:
		value = o.List
	case o.Value != 0:
		value = o.Value
	}
	return json.Marshal([]any{o.F, o.Key, value})
}

// UnmarshalJSON reads what MarshalJSON writes. A key may be a number, and the value of a delete be missing.
func (o *TxnOp) UnmarshalJSON(b []byte) error {
	var parts []json.RawMessage
	if err := json.Unmarshal(b, &parts); err != nil {
		return fmt.Errorf("an operation of a transaction is an array like [\"append\",\"x\",1]: %w", err)
	}
	if len(parts) != 3 && len(parts) != 2 {
		return fmt.Errorf("an operation of a transaction has %d parts; it has three, like [\"append\",\"x\",1]", len(parts))
	}
	*o = TxnOp{}
	if err := json.Unmarshal(parts[0], &o.F); err != nil {
		return fmt.Errorf("the first part of an operation of a transaction: %w", err)
	}
	if err := json.Unmarshal(parts[1], &o.Key); err != nil {
		o.Key = string(bytes.TrimSpace(parts[1]))
	}
	if len(parts) == 2 || string(parts[2]) == "null" {
		return nil
	}
	return o.readValue(parts[2])
}

// readValue reads the third part of an operation.
func (o *TxnOp) readValue(b json.RawMessage) error {
	var err error
	switch b[0] {
	case '[':
		o.List = []int{}
		err = json.Unmarshal(b, &o.List)
	case '{':
		err = json.Unmarshal(b, &o.Rows)
	default:
		err = json.Unmarshal(b, &o.Value)
	}
	if err != nil {
		return fmt.Errorf("the value of %q: %w", o.F+" "+o.Key, err)
	}
	return nil
}

// ErrAborted is what a transaction ends with that the system has taken back: none of its writes happened, or ever will.
var ErrAborted error = abortedError{}

type abortedError struct{}

func (abortedError) Error() string      { return "the transaction was aborted" }
func (abortedError) DidNotHappen() bool { return true }

// IsAborted reports whether an error says that a transaction was aborted.
func IsAborted(err error) bool { return errors.Is(err, ErrAborted) }
