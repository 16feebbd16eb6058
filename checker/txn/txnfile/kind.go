package txnfile

import (
	"errors"
	"fmt"

	"github.com/capsize-go/capsize/checker/txn"
)

// modelOf names the models by what transactions read and write, as capsize check has them.
var modelOf = map[txn.Kind]string{txn.Lists: "list-append", txn.Registers: "rw-register", txn.Predicates: "predicate"}

// fits checks that an operation is one of the kind of history that is read, and notes what it says of the kind.
func (c *calls) fits(o *txn.Op, rec *record) error {
	list := o.F == txn.Read && o.Known && o.Value == txn.Nil
	single := o.F == txn.Read && o.Value != txn.Nil
	if c.ops[o.F] == 0 {
		c.ops[o.F] = rec.line
	}
	if list && c.lists == 0 {
		c.lists = rec.line
	}
	if single && c.values == 0 {
		c.values = rec.line
	}
	ok := false
	switch c.opts.Kind {
	case txn.Lists:
		ok = o.F == txn.Append || o.F == txn.Read && !single
	case txn.Registers:
		ok = o.F == txn.Write || o.F == txn.Read && !list
	default:
		ok = o.F != txn.Append && !list
	}
	if c.opts.Guess {
		others := max(c.ops[txn.Write], c.values, c.ops[txn.ReadAll], c.ops[txn.Insert], c.ops[txn.Delete])
		ok = max(c.ops[txn.Append], c.lists) == 0 || others == 0
	}
	if ok {
		return nil
	}
	what := "operation " + nameOfOp(o.F)
	switch {
	case list:
		what = "read of a list"
	case single:
		what = "read of a single value"
	}
	if c.opts.Guess {
		return fmt.Errorf("%s in a history that has both lists and single values", what)
	}
	text := fmt.Sprintf("%s is not for the model %s", what, modelOf[c.opts.Kind])
	if g := c.guess(); g != c.opts.Kind {
		text += ": this seems to be a history for --model " + modelOf[g]
	}
	return errors.New(text)
}

// guess returns what transactions read and write, by what was seen so far.
func (c *calls) guess() txn.Kind {
	switch {
	case c.ops[txn.ReadAll]+c.ops[txn.Insert]+c.ops[txn.Delete] > 0:
		return txn.Predicates
	case c.ops[txn.Append]+c.lists > 0:
		return txn.Lists
	}
	return txn.Registers
}
