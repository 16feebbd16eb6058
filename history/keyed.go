package history

import "fmt"

// keyed checks that all calls of a history have keys, or none: a call without one would
// otherwise be taken for a call of the key "".
type keyed struct {
	with, without int // the lines of the first invocation with a key, and without
}

// A noKeyError says that a call has no key, although others have one.
type noKeyError struct {
	line int // of the call
	text string
}

func (e *noKeyError) Error() string { return e.text }

// add shows it the next op. Only invocations count: a completion has the key of its call.
func (k *keyed) add(op *Op, rec *record) error {
	if op.Process == Nemesis || op.Type != Invoke {
		return nil
	}
	switch {
	case rec.hasKey && k.with == 0:
		k.with = rec.line
	case !rec.hasKey && k.without == 0:
		k.without = rec.line
	}
	if k.with == 0 || k.without == 0 {
		return nil
	}
	return &noKeyError{k.without, fmt.Sprintf("this call has no key, but that of line %d has one: "+
		"give all calls a key, or none; if a field of another name has it, say --rename field:NAME=key", k.with)}
}
