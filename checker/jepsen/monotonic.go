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

// A MonotonicRow is a row that [MonotonicInserts] judges: a value, the database's time at which it was
// inserted, and the process that did it.
type MonotonicRow struct {
	Value   int   `json:"val"`
	Stamp   int64 `json:"sts"`
	Process int   `json:"proc"`
	Table   int   `json:"tb"`
}

// MonotonicInserts returns the checker that Jepsen calls monotonic, of its tests of CockroachDB:
// values only rise, each add inserts a row with the next value and the database's own
// time, and the last read has all rows in the order of these times. Times must not
// fall, values must rise with them, no value may be there twice, and no
// acknowledged one may be missing. If perProcess is true, values need only rise among the rows
// of one process, as where only the database orders clients.
//
// Inputs have F, which is add or read, and, for an add whose client chooses the value,
// Value. An add may return its [MonotonicRow]; a read returns a []MonotonicRow. In Jepsen's
// histories, rows are maps with :val, :sts, :proc and :tb, or vectors of the first three.
// O(n). A history without a read is Unknown; for Jepsen's it is wrong.
func MonotonicInserts(perProcess bool) checker.Checker {
	return rule{"monotonic", "row", addRead, false, func(j *evaluation, p *keyCalls) { judgeMonotonic(j, p, perProcess) }}
}

// An insertedRow is a row whose time may be of any size.
type insertedRow struct {
	value, process int
	stamp          *big.Int
}

// rowOf returns an answer as a row.
func rowOf(v any) (m insertedRow, err error) {
	var value, stamp, process any
	switch v := v.(type) {
	case MonotonicRow:
		return insertedRow{v.Value, v.Process, big.NewInt(v.Stamp)}, nil
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

// rowsOf returns the rows of a read's answer.
func rowsOf(out any) (rows []insertedRow, err error) {
	switch out := out.(type) {
	case []MonotonicRow:
		for _, r := range out {
			rows = append(rows, insertedRow{r.Value, r.Process, big.NewInt(r.Stamp)})
		}
		return rows, nil
	case []any:
		for _, v := range out {
			r, err := rowOf(v)
			if err != nil {
				return nil, err
			}
			rows = append(rows, r)
		}
		return rows, nil
	}
	return nil, fmt.Errorf("a %T where rows were due", out)
}

// An insertResult is the add of a value, and whether the last read has it.
type insertResult struct {
	call  int
	typ   history.Type
	there bool // whether the last read has it
}

// judgeMonotonic judges the read that ended last, with the adds of each value.
func judgeMonotonic(j *evaluation, p *keyCalls, perProcess bool) {
	last, acked := -1, 0
	byValue := map[int]*insertResult{}
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
			byValue[value] = &insertResult{call: i, typ: c.Typ}
		}
	}
	j.count("acknowledged", acked)
	if last < 0 {
		j.undecided("nothing was ever read" + words.On(p.key))
		return
	}
	rows, err := rowsOf(j.answer(p.calls[last]))
	if err != nil {
		j.malformedAnswer(p.calls[last], err)
		return
	}
	m := lastRead{evaluation: j, p: p, last: last, inserts: byValue}
	m.rows(rows, perProcess)
	m.missing(values)
}

// inserted returns the value that an add inserted, if that is known.
func (j *evaluation) inserted(c shapes.Call) (value int, known bool) {
	if c.Typ == history.OK {
		if row, err := rowOf(j.answer(c)); err == nil {
			return row.value, true
		}
	}
	value, err := asNumber(c.Value)
	return value, err == nil
}

// A lastRead judges the rows of the last read.
type lastRead struct {
	*evaluation
	p       *keyCalls
	last    int
	inserts map[int]*insertResult
}

// rows judges the rows that are there.
func (m *lastRead) rows(rows []insertedRow, perProcess bool) {
	var times, values, twice, revived, recovered []string
	before := map[int]insertedRow{} // by process, or of all
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

// missing finds values that are not there, but were acknowledged before the last read began.
func (m *lastRead) missing(values []int) {
	var lost []string
	for _, v := range values {
		if in := m.inserts[v]; !in.there && m.p.calls[in.call].Until() < m.p.calls[m.last].Inv {
			lost = append(lost, fmt.Sprint(v))
			m.show(fmt.Sprintf("%d was added, but is not there", v), v)
		}
	}
	m.wrong("lost", len(lost), lost...)
}

// show blames the last read, and shows the adds of these values.
func (m *lastRead) show(reason string, values ...int) {
	var calls []shapes.Call
	for _, v := range values {
		if in := m.inserts[v]; in != nil {
			calls = append(calls, m.p.calls[in.call])
		}
	}
	c := m.p.calls[m.last]
	m.blame(m.p, m.process(c)+" read rows of which "+reason, append(calls, c)...)
}
