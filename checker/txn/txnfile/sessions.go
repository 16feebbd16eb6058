package txnfile

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/history"
)

// A sessions gathers a history whose file has the transactions of each session in their order, and no times.
type sessions struct {
	c     *calls
	numb  map[string]int // sessions by what the file calls them
	txns  []sessionTxn
	ops   []sessionOp
	zeros map[int32]bool // keys to which 0 is written: elsewhere a register that reads 0 was never written
	plain bool           // 0 is a value as any other
}

type sessionTxn struct {
	session, line int
	typ           history.Type
	ops           int32
}

type sessionOp struct {
	txn int32
	op  txn.Op
}

func newSessions(c *calls) *sessions {
	c.b.Untimed()
	return &sessions{c: c, numb: map[string]int{}, zeros: map[int32]bool{}}
}

// session returns the number of a session.
func (s *sessions) session(name string) int {
	n, ok := s.numb[name]
	if !ok {
		n = len(s.numb)
		s.numb[name] = n
	}
	return n
}

// begin begins a transaction and returns its number.
func (s *sessions) begin(session, line int, typ history.Type) int32 {
	s.txns = append(s.txns, sessionTxn{session: session, line: line, typ: typ})
	return int32(len(s.txns) - 1)
}

// add adds an operation to a transaction. A read that is not known has no value.
func (s *sessions) add(t int32, write bool, key, value uint64, known bool) error {
	if len(s.ops) == math.MaxInt32 {
		return errors.New("more than 2,147,483,647 operations")
	}
	o := txn.Op{F: txn.Read, Key: s.key(key), Value: txn.Nil, Known: known}
	if known {
		o.Value = s.value(value)
	}
	if write {
		o.F, o.Known = txn.Write, false
		if value == 0 {
			s.zeros[o.Key] = true
		}
	}
	rec := record{line: s.txns[t].line}
	if err := s.c.fits(&o, &rec); err != nil {
		return err
	}
	s.txns[t].ops++
	s.ops = append(s.ops, sessionOp{t, o})
	return nil
}

func (s *sessions) key(k uint64) int32 {
	if k <= math.MaxInt64 {
		return s.c.b.IntKey(int64(k))
	}
	return s.c.b.Key(strconv.FormatUint(k, 10))
}

func (s *sessions) value(v uint64) int32 {
	if v <= math.MaxInt64 {
		return s.c.b.Int(int64(v))
	}
	return s.c.b.Spelled(strconv.FormatUint(v, 10))
}

// end gives the transactions to the builder.
func (s *sessions) end() error {
	at := make([]int32, len(s.txns)+1)
	for i, t := range s.txns {
		at[i+1] = at[i] + t.ops
	}
	sorted := make([]txn.Op, len(s.ops))
	next := append([]int32(nil), at...)
	for _, o := range s.ops {
		sorted[next[o.txn]] = o.op
		next[o.txn]++
	}
	for i, t := range s.txns {
		if err := s.give(t, sorted[at[i]:at[i+1]]); err != nil {
			return &placed{t.line, err}
		}
	}
	return nil
}

// give gives one transaction to the builder, which learns at its end what it did.
func (s *sessions) give(t sessionTxn, ops []txn.Op) error {
	b := s.c.b
	b.Begin(txn.Record{Process: t.session, Type: history.Invoke, Line: t.line})
	if err := b.End(); err != nil {
		return err
	}
	b.Begin(txn.Record{Process: t.session, Type: t.typ, Line: t.line})
	for _, o := range ops {
		switch {
		case o.F == txn.Write:
			b.Write(o.F, o.Key, o.Value)
		case !o.Known:
			b.ReadUnknown(o.F, o.Key)
		case o.Value == 0 && !s.plain && !s.zeros[o.Key]:
			b.ReadValue(o.Key, txn.Nil)
		default:
			b.ReadValue(o.Key, o.Value)
		}
	}
	return b.End()
}

// lines yields the lines of a text without blanks around them.
func lines(r io.Reader, each func(line string) error) (n int, err error) {
	sc := bufio.NewScanner(r)
	sc.Buffer(nil, 1<<20)
	for sc.Scan() {
		n++
		if err := each(strings.TrimSpace(sc.Text())); err != nil {
			return n, err
		}
	}
	return max(n, 1), sc.Err()
}

// readPlume reads the text of PolySI and Plume. Lines of different transactions may be mixed; the transaction -1 stands for one
// that was aborted.
func readPlume(r io.Reader, c *calls) error {
	s := newSessions(c)
	type id struct {
		session int
		txn     string
	}
	txns, line := map[id]int32{}, 0
	n, err := lines(r, func(text string) error {
		if line++; text == "" {
			return nil
		}
		write, fields, err := plumeLine(text)
		if err != nil {
			return err
		}
		who := id{s.session(fields[2]), fields[3]}
		t, known := txns[who]
		switch {
		case fields[3] == "-1":
			t = s.begin(who.session, line, history.Fail)
		case !known:
			t = s.begin(who.session, line, history.OK)
			txns[who] = t
		}
		key, err := strconv.ParseUint(fields[0], 10, 64)
		if err != nil {
			return fmt.Errorf("key %q is no whole number from 0 on", fields[0])
		}
		value, err := strconv.ParseUint(fields[1], 10, 64)
		if err != nil {
			return fmt.Errorf("value %q is no whole number from 0 on", fields[1])
		}
		return s.add(t, write, key, value, true)
	})
	if err != nil {
		return &placed{n, err}
	}
	return s.end()
}

// plumeLine takes a line of Plume's apart: r(KEY,VALUE,SESSION,TRANSACTION).
func plumeLine(text string) (write bool, fields []string, err error) {
	inner, ok := strings.CutSuffix(text, ")")
	if ok {
		inner, ok = strings.CutPrefix(inner, "r(")
		if !ok {
			inner, ok = strings.CutPrefix(inner, "w(")
			write = true
		}
	}
	fields = strings.Split(inner, ",")
	if !ok || len(fields) != 4 {
		return false, nil, fmt.Errorf("%q is no operation: r(KEY,VALUE,SESSION,TRANSACTION) or w(…)", cut(text))
	}
	for i := range fields {
		fields[i] = strings.TrimSpace(fields[i])
	}
	for _, f := range fields[2:] {
		if _, err := strconv.ParseInt(f, 10, 64); err != nil {
			return false, nil, fmt.Errorf("%q is no number of a session or a transaction", cut(f))
		}
	}
	return write, fields, nil
}

// cut returns a text, cut short if it is long.
func cut(s string) string {
	if len(s) > 60 {
		return strings.ToValidUTF8(s[:60], "") + "…"
	}
	return s
}

// readAWDIT reads the text of AWDIT's tests: lines "r KEY VALUE" and "w KEY VALUE", a line of - between transactions, one of =
// between sessions. What registers hold at first is written by a transaction as any other.
func readAWDIT(r io.Reader, c *calls) error {
	s := newSessions(c)
	s.plain = true
	session, line, t := 0, 0, int32(-1)
	n, err := lines(r, func(text string) error {
		line++
		switch {
		case text == "":
			return nil
		case strings.Trim(text, "=") == "":
			session, t = session+1, -1
			return nil
		case strings.Trim(text, "-") == "":
			t = -1
			return nil
		}
		fields := strings.Fields(text)
		if len(fields) != 3 || fields[0] != "r" && fields[0] != "w" {
			return fmt.Errorf("%q is no operation: r KEY VALUE or w KEY VALUE", cut(text))
		}
		var numbers [2]uint64
		for i, f := range fields[1:] {
			v, err := strconv.ParseUint(f, 10, 64)
			if err != nil {
				return fmt.Errorf("%q is no whole number from 0 on", cut(f))
			}
			numbers[i] = v
		}
		if t < 0 {
			t = s.begin(session, line, history.OK)
		}
		return s.add(t, fields[0] == "w", numbers[0], numbers[1], true)
	})
	if err != nil {
		return &placed{n, err}
	}
	return s.end()
}
