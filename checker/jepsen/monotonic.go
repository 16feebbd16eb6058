package jepsen

import (
	"fmt"
	"math/big"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/internal/shapes"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/history/edn"
	"github.com/capsize-go/capsize/internal/words"
)

// A MonotonicRow is what [MonotonicInserts] reads: a value, the database's time at which it was
// inserted, and who did it.
type MonotonicRow struct {
	Value   int   `json:"val"`
	Stamp   int64 `json:"sts"`
	Process int   `json:"proc"`
	Table   int   `json:"tb"`
}

// MonotonicInserts returns the checker that Jepsen calls monotonic, of its tests of CockroachDB:
// values only rise, each add inserts a row with the next of them and the database's own
// time, and the last read has all rows in the order of those times. The times must not
// fall, the values must rise with them, none may be there twice, and none that was
// acknowledged may be missing. If perProcess is true, values need only rise among the rows
// of one process, as where nothing orders clients but the database.
//
// Inputs have F, which is add or read, and, for an add whose client chooses the value,
// Value. An add may be answered its [MonotonicRow]; a read is answered a []MonotonicRow. Of Jepsen's
// histories, rows are maps with :val, :sts, :proc and :tb, or vectors of the first three.
// O(n). A history without a read is Unknown; Jepsen's says that it is wrong.
func MonotonicInserts(perProcess bool) checker.Checker {
	return ruleChecker{"monotonic", addRead, false, func(j *judging, p *part) { judgeMonotonic(j, p, perProcess) }}
}

// A mono is a row whose time may be of any size.
type mono struct {
	value, process int
	stamp          *big.Int
}

// monoRow returns the row that an answer is.
func monoRow(v any) (m mono, err error) {
	var value, stamp, process any
	switch v := v.(type) {
	case MonotonicRow:
		return mono{v.Value, v.Process, big.NewInt(v.Stamp)}, nil
	case edn.Map:
		value, _ = v.Get(edn.Keyword("val"))
		stamp, _ = v.Get(edn.Keyword("sts"))
		process, _ = v.Get(edn.Keyword("proc"))
	case map[string]any:
		value, stamp, process = v["val"], v["sts"], v["proc"]
	case []any:
		if len(v) < 2 {
			return m, fmt.Errorf("a row of %s", words.Plural(len(v), "column"))
		}
		if value, stamp = v[0], v[1]; len(v) > 2 {
			process = v[2]
		}
	default:
		return m, fmt.Errorf("a %T where a row was due", v)
	}
	if m.value, err = asNumber(value); err != nil {
		return m, fmt.Errorf("value: %w", err)
	}
	if n, ok := wholeNumber(process); ok {
		m.process = int(n)
	}
	switch s := stamp.(type) {
	case *big.Int:
		m.stamp = s
	case string:
		m.stamp, _ = new(big.Int).SetString(s, 10)
	default:
		if n, ok := wholeNumber(stamp); ok {
			m.stamp = big.NewInt(n)
		}
	}
	if m.stamp == nil {
		return m, fmt.Errorf("a time of %v", stamp)
	}
	return m, nil
}

// monoRows returns the rows that a read was answered.
func monoRows(out any) (rows []mono, err error) {
	switch out := out.(type) {
	case []MonotonicRow:
		for _, r := range out {
			rows = append(rows, mono{r.Value, r.Process, big.NewInt(r.Stamp)})
		}
		return rows, nil
	case []any:
		for _, v := range out {
			r, err := monoRow(v)
			if err != nil {
				return nil, err
			}
			rows = append(rows, r)
		}
		return rows, nil
	}
	return nil, fmt.Errorf("a %T where rows were due", out)
}

// A monoInsert is what became of a value.
type monoInsert struct {
	call  int
	typ   history.Type
	there bool // whether the last read has it
}

func judgeMonotonic(j *judging, p *part, perProcess bool) {
	last, acked := -1, 0
	byValue := map[int]*monoInsert{}
	var values []int
	for i, c := range p.calls {
		if c.F == "read" {
			if c.Typ == history.OK && j.answer(c) != nil && (last < 0 || c.End > p.calls[last].End) {
				last = i
			}
			continue
		}
		value, known := j.inserted(c)
		if c.Typ == history.OK {
			acked++
		}
		if old := byValue[value]; known && (old == nil || old.typ != history.OK) {
			if old == nil {
				values = append(values, value)
			}
			byValue[value] = &monoInsert{call: i, typ: c.Typ}
		}
	}
	j.count("acknowledged", acked)
	if last < 0 {
		j.unsure("nothing was ever read" + words.On(p.key))
		return
	}
	rows, err := monoRows(j.answer(p.calls[last]))
	if err != nil {
		j.garbage(p.calls[last], err)
		return
	}
	m := monotony{judging: j, p: p, last: last, inserts: byValue}
	m.rows(rows, perProcess)
	m.missing(values)
}

// inserted returns the value that an add inserted, if that is known.
func (j *judging) inserted(c shapes.Call) (value int, known bool) {
	if c.Typ == history.OK {
		if row, err := monoRow(j.answer(c)); err == nil {
			return row.value, true
		}
	}
	value, err := asNumber(c.Value)
	return value, err == nil
}

// Monotony looks at the last read.
type monotony struct {
	*judging
	p       *part
	last    int
	inserts map[int]*monoInsert
}

// rows looks at what is there.
func (m *monotony) rows(rows []mono, perProcess bool) {
	var times, values, twice, revived, recovered []string
	before := map[int]mono{} // by process, or of all
	there := map[int]bool{}
	for i, r := range rows {
		if i > 0 && rows[i-1].stamp.Cmp(r.stamp) > 0 {
			times = append(times, fmt.Sprint(r.value))
			m.show(fmt.Sprintf("the time of %d is before that of %d, the row before it", r.value, rows[i-1].value), rows[i-1].value, r.value)
		}
		who := 0
		if perProcess {
			who = r.process
		}
		if b, ok := before[who]; ok && b.value > r.value {
			values = append(values, fmt.Sprint(r.value))
			m.show(fmt.Sprintf("%d was inserted at a later time than %d, and is smaller", r.value, b.value), b.value, r.value)
		}
		before[who] = r
		in := m.inserts[r.value]
		if there[r.value] {
			twice = append(twice, fmt.Sprint(r.value))
			m.show(fmt.Sprintf("%d is there twice", r.value), r.value)
		} else if in != nil {
			switch in.typ {
			case history.Fail:
				revived = append(revived, fmt.Sprint(r.value))
				m.show(fmt.Sprintf("%d is there, but its add failed", r.value), r.value)
			case history.Info:
				recovered = append(recovered, fmt.Sprint(r.value))
			}
			in.there = true
		}
		there[r.value] = true
	}
	m.count("read", len(rows))
	m.count("recovered", len(recovered), recovered...)
	m.wrong("out of the order of times", len(times), times...)
	m.wrong("out of the order of values", len(values), values...)
	m.wrong("duplicated", len(twice), twice...)
	m.wrong("revived", len(revived), revived...)
}

// missing looks for what is not there, and was acknowledged before the last read began.
func (m *monotony) missing(values []int) {
	var lost []string
	for _, v := range values {
		if in := m.inserts[v]; !in.there && m.p.calls[in.call].Until() < m.p.calls[m.last].Inv {
			lost = append(lost, fmt.Sprint(v))
			m.show(fmt.Sprintf("%d was added, but is not there", v), v)
		}
	}
	m.wrong("lost", len(lost), lost...)
}

// show blames the last read, and shows who added the values.
func (m *monotony) show(reason string, values ...int) {
	var calls []shapes.Call
	for _, v := range values {
		if in := m.inserts[v]; in != nil {
			calls = append(calls, m.p.calls[in.call])
		}
	}
	c := m.p.calls[m.last]
	m.blame(m.p, m.who(c)+" read rows of which "+reason, append(calls, c)...)
}
