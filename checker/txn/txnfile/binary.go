package txnfile

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/capsize-go/capsize/history"
)

// dbcopName is how dbcop calls its histories.
const dbcopName = "history.bincode"

// openFolder reads a folder: the logs of Cobra, or a history of dbcop.
func openFolder(path string, o Options) (*File, error) {
	if bincode := filepath.Join(path, dbcopName); o.Format != Cobra && exists(bincode) {
		return Open(bincode, o)
	}
	logs, err := filepath.Glob(filepath.Join(path, "*.log"))
	if err != nil || len(logs) == 0 {
		return nil, fmt.Errorf("read history: the folder %s has neither logs of Cobra (*.log) nor a history.bincode of dbcop", path)
	}
	slices.SortFunc(logs, func(a, b string) int { // T2 before T10
		if len(a) != len(b) {
			return len(a) - len(b)
		}
		return bytes.Compare([]byte(a), []byte(b))
	})
	c := newCalls(o)
	s := newSessions(c)
	for i, file := range logs {
		log, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("read history: %w", err)
		}
		if err := s.cobra(log, i); err != nil {
			return nil, placedIn(file, 1, err)
		}
	}
	if err := s.end(); err != nil {
		return nil, placedIn(path, 1, err)
	}
	return c.file(Cobra)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// readCobra reads the log of one session.
func readCobra(r io.Reader, c *calls) error {
	log, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s := newSessions(c)
	if err := s.cobra(log, 0); err != nil {
		return err
	}
	return s.end()
}

// What Cobra's clients note as the writer of a value that no transaction wrote: what was there at first, nothing, and the marks of
// its garbage collector, which are reads of no register.
const (
	cobraInitial = 0xbebeebee
	cobraNothing = 0xdeadbeef
	cobraGCTrue  = 0x23332333
	cobraGCFalse = 0x66666666
)

// cobra reads a log of Cobra, whose numbers have 8 bytes, the highest first: S or C and a transaction, as it begins and commits; W
// with an id of the write, a key and a value; R with the transaction that wrote, the id of that write, key and value. The id of a
// write stands for its value, since no two writes have the same. S and C have a time besides if the client was set up so, which
// only trying shows.
func (s *sessions) cobra(log []byte, session int) error {
	ops, err := cobraOps(log, 8)
	if err != nil {
		timed, again := cobraOps(log, 16)
		if again != nil {
			return err
		}
		ops, err = timed, nil
	}
	t := int32(-1)
	for _, o := range ops {
		switch o.op {
		case 'S':
			t = s.begin(session, 0, history.Info) // until it commits
		case 'C':
			s.txns[t].typ = history.OK
		case 'A':
			s.txns[t].typ = history.Fail
		case 'W':
			err = s.add(t, true, o.at[1], o.at[0], true)
		case 'R':
			id := o.at[1]
			if o.at[0] == cobraInitial && (id == cobraGCTrue || id == cobraGCFalse) {
				continue
			}
			if id == cobraInitial || id == cobraNothing {
				id = 0
			}
			err = s.add(t, false, o.at[2], id, true)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// A cobraOp is one record of a log.
type cobraOp struct {
	op byte
	at [4]uint64
}

// cobraOps takes a log apart; ends is how many bytes stand behind the letter of a beginning or an end.
func cobraOps(log []byte, ends int) ([]cobraOp, error) {
	sizes := map[byte]int{'S': ends, 'C': ends, 'A': ends, 'W': 24, 'R': 32}
	var ops []cobraOp
	open, id := false, uint64(0)
	for at := 0; at < len(log); {
		letter := log[at]
		size, known := sizes[letter]
		switch {
		case !known:
			return nil, fmt.Errorf("byte %d: %q is none of S, C, A, W and R, which a record of Cobra begins with", at, letter)
		case at+1+size > len(log):
			return nil, fmt.Errorf("byte %d: the log is cut short: it ends within a record %c", at, letter)
		}
		o := cobraOp{op: letter}
		for i := range size / 8 {
			o.at[i] = binary.BigEndian.Uint64(log[at+1+8*i:])
		}
		switch {
		case letter == 'S' && open:
			return nil, fmt.Errorf("byte %d: transaction %d begins, but %d has not ended", at, o.at[0], id)
		case letter == 'S':
			open, id = true, o.at[0]
		case !open:
			return nil, fmt.Errorf("byte %d: a record %c outside of a transaction", at, letter)
		case (letter == 'C' || letter == 'A') && o.at[0] != id:
			return nil, fmt.Errorf("byte %d: transaction %d ends, but it is %d that began", at, o.at[0], id)
		case letter == 'C' || letter == 'A':
			open = false
		}
		ops = append(ops, o)
		at += 1 + size
	}
	return ops, nil
}

// A bincode reads what Rust's bincode writes: numbers of 8 bytes, the lowest first, and the length before what has one.
type bincode struct {
	r    *bufio.Reader
	at   int64
	err  error
	word [8]byte
}

func (b *bincode) number() uint64 {
	b.read(b.word[:])
	return binary.LittleEndian.Uint64(b.word[:])
}

func (b *bincode) bool() bool {
	b.read(b.word[:1])
	if b.word[0] > 1 && b.err == nil {
		b.err = fmt.Errorf("byte %d: %d is neither true nor false", b.at-1, b.word[0])
	}
	return b.word[0] == 1
}

func (b *bincode) read(p []byte) {
	if b.err != nil {
		clear(p)
		return
	}
	n, err := io.ReadFull(b.r, p)
	b.at += int64(n)
	if err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF) {
		err = fmt.Errorf("byte %d: the file is cut short", b.at)
	}
	if b.err = err; err != nil {
		clear(p)
	}
}

// text passes over a string, which is the description of the history or one of its times.
func (b *bincode) text() string {
	n := b.number()
	if n > 1<<20 && b.err == nil {
		b.err = fmt.Errorf("byte %d: a text of %d bytes, which is no history of dbcop", b.at, n)
	}
	if b.err != nil {
		return ""
	}
	p := make([]byte, n)
	b.read(p)
	return string(p)
}

// readDBCop reads dbcop's history.bincode: five numbers of how it was made, a description, two times, and then the sessions: lists of
// transactions, each a list of events (write?, variable, value, success?) and whether it committed. One that did not is taken for
// an aborted one, as dbcop itself takes it. A variable holds 0 at first.
func readDBCop(r io.Reader, c *calls) error {
	b := &bincode{r: bufio.NewReader(r)}
	s := newSessions(c)
	for range 5 {
		b.number()
	}
	for range 3 {
		b.text()
	}
	for session, left := 0, b.number(); left > 0 && b.err == nil; session, left = session+1, left-1 {
		for left := b.number(); left > 0 && b.err == nil; left-- {
			s.dbcop(b, session)
		}
	}
	if b.err != nil {
		return b.err
	}
	if _, err := b.r.ReadByte(); err != io.EOF {
		return fmt.Errorf("byte %d: more bytes behind the last session", b.at)
	}
	return s.end()
}

// dbcop reads one transaction.
func (s *sessions) dbcop(b *bincode, session int) {
	t := s.begin(session, 0, history.OK)
	for left := b.number(); left > 0 && b.err == nil; left-- {
		write := b.bool()
		key, value := b.number(), b.number()
		done := b.bool()
		if b.err == nil && (done || !write) { // a write that did not succeed did not happen
			if err := s.add(t, write, key, value, done); err != nil {
				b.err = err
			}
		}
	}
	if !b.bool() {
		s.txns[t].typ = history.Fail
	}
}
