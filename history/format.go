package history

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"

	"github.com/capsize-go/capsize/history/internal/lex"
)

// A Format says how a file keeps a history. All can be read, and all but Calls written; see [NewEncoder] for what each keeps.
type Format uint8

const (
	// Auto stands for the format that [Detect] finds, and for JSONL when writing.
	Auto Format = iota
	// JSONL is the format of this package: one JSON object a line, see [AppendJSON].
	JSONL
	// EDN is Jepsen's history.edn: a stream, a vector or a list of maps, tagged as records or not. A first map that is no op
	// is passed over.
	EDN
	// JSON is what elle-cli reads: an array, or a stream, of objects like Jepsen's maps.
	JSON
	// Etcd is the log of a Jepsen test, as porcupine has them of etcd: one op a line, behind jepsen.util; or Jepsen's
	// history.txt, which has nothing before the ops. Other lines are passed over.
	Etcd
	// KV is porcupine's log of a key-value store: EDN with the key in a field of its own.
	KV
	// Maelstrom is Maelstrom's history.edn. It is EDN; in the workload lin-kv the keys are independent, see [Options].
	Maelstrom
	// Calls is one JSON object a call, with both times: a slice of porcupine.Operation as encoding/json writes it, or a line
	// a call. It can only be read.
	Calls
)

var formatNames = [...]string{"auto", "jsonl", "edn", "json", "etcd", "kv", "maelstrom", "calls"}

// String returns the format's name.
func (f Format) String() string {
	if int(f) >= len(formatNames) {
		return fmt.Sprintf("format(%d)", uint8(f))
	}
	return formatNames[f]
}

// Formats lists the formats that files have, in the order in which they are documented: all but Auto.
func Formats() []Format { return []Format{JSONL, EDN, JSON, Calls, Etcd, KV, Maelstrom} }

// ParseFormat returns the format with that name.
func ParseFormat(name string) (Format, error) {
	for i, n := range formatNames {
		if n == name {
			return Format(i), nil
		}
	}
	return 0, fmt.Errorf("format %q is none of %s", name, strings.Join(formatNames[:], ", "))
}

// Options say how to read or write a file. The zero value reads what it finds, and writes JSONL.
type Options struct {
	// Format is the format of the file.
	Format Format
	// Independent says that the values of clients are pairs of a key and a value, as jepsen.independent makes them: the key
	// becomes Op.Key. Nothing in a file says so. Values that are no pairs are left alone.
	Independent bool
	// KeyedAlike makes an invocation without a key an error if others have one. Formats other than JSONL heed it. Without it,
	// the key of such a call is "".
	KeyedAlike bool
	// Lenient reads a history whose ops contradict each other: completions without an invocation, two pending calls of one
	// process, and the other kinds of [Flaw], which says what is assumed of each. Without it they are errors, of type
	// [*FlawError]. A lenient reader holds the whole history in memory.
	Lenient bool
	// Assumed, if it is not nil, gets what a lenient reader assumed, as it reads.
	Assumed *Assumptions
	// Line, if it is not nil, is set to the line of each op before it is yielded, from 1.
	Line *int
	// Rename gives names of the file other meanings. Formats other than JSONL heed it.
	Rename Renames
}

// Decode reads a history. In formats other than JSONL, the Input of a client's invocation and the Output of its completion
// are of type [JepsenOp], and so is the Output of an op of the nemesis, which is an Info; time never falls, and an op without
// a time has that of the op before. JSONL is read as by [Read]; but one that an [Encoder] wrote of JepsenOps is read as such
// again.
func Decode(r io.Reader, name string, opts Options) (*History, error) {
	return collect(Scan(r, name, opts))
}

// Scan yields the ops that [Decode] would read, one by one, without keeping them. After an error it yields nothing more.
func Scan(r io.Reader, name string, opts Options) iter.Seq2[Op, error] {
	return func(yield func(Op, error) bool) {
		opts := opts
		br := bufio.NewReaderSize(r, detectBytes)
		if opts.Format == Auto {
			head, err := br.Peek(detectBytes)
			if err != nil && err != io.EOF {
				yield(Op{}, fileError(name, 1, fmt.Errorf("read: %w", err)))
				return
			}
			if opts.Format, err = Detect(head); err != nil {
				yield(Op{}, fileError(name, 1, err))
				return
			}
		}
		scan(br, name, opts)(yield)
	}
}

// scan yields the ops of a file whose format is known.
func scan(br *bufio.Reader, name string, opts Options) iter.Seq2[Op, error] {
	if bom, _ := br.Peek(3); string(bom) == "\ufeff" {
		_, _ = br.Discard(3)
	}
	r := &lex.UTF8Reader{R: br}
	switch opts.Format {
	case JSONL:
		rd := opReader{in: lex.Generic, out: lex.Generic, note: lex.Generic, opts: opts, order: order{loose: opts.Lenient}}
		if head, _ := br.Peek(detectBytes); hasJepsenOps(head) {
			rd.in, rd.out, rd.note = as[JepsenOp](), as[JepsenOp](), as[JepsenOp]()
		}
		return scanJSONL(br, name, rd)
	case EDN, KV, Maelstrom:
		return scanEDN(r, name, opts)
	case JSON:
		return scanJSON(r, name, opts)
	case Calls:
		return scanCalls(r, name, opts)
	case Etcd:
		return scanLog(br, name, opts) // others write into such a log too
	}
	return func(yield func(Op, error) bool) {
		yield(Op{}, fileError(name, 1, fmt.Errorf("no reader for %v", opts.Format)))
	}
}

// detectBytes is how many bytes of a file [Detect] needs at most.
const detectBytes = 64 << 10

// hasJepsenOps reports whether the outputs of a JSONL file are of type JepsenOp: whether the first output of a client is an
// object with f, and else nothing that a JepsenOp has no place for.
func hasJepsenOps(head []byte) bool {
	for line := range bytes.Lines(bytes.TrimPrefix(head, []byte("\ufeff"))) {
		var process, output []byte
		err := lex.EachField(bytes.Trim(line, lex.Blanks), func(name, raw []byte) error {
			switch string(name) {
			case "process":
				process = raw
			case "output":
				output = raw
			}
			return nil
		})
		if err != nil || output == nil || string(process) == `"`+nemesisName+`"` {
			continue
		}
		f, other := false, false
		err = lex.EachField(output, func(name, raw []byte) error {
			f = f || string(name) == "f"
			other = other || raw[0] != '"' && string(name) != "value" && string(name) != "unknown" || !slices.Contains(jepsenFields[:], string(name))
			return nil
		})
		return err == nil && f && !other
	}
	return false
}
