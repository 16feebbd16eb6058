package levels

import (
	"github.com/capsize-go/capsize/checker/txn"
	"github.com/capsize-go/capsize/history"
)

type definedWrite struct{ txn, op int }

// collect goes through the operations: writer has those that wrote each key and value, final the last value of each transaction and key, at the
// numbers of transactions.
func (b *tried) collect(writer map[[2]int32]definedWrite, final map[[2]int32]int32, at map[int]int) {
	for i, t := range b.ids {
		x := b.h.Txns[t]
		b.writes[i] = make([]bool, len(b.h.Keys))
		for j, u := range b.ids {
			y := b.h.Txns[u]
			b.so[j][i] = y.Session == x.Session && y.Begin < x.Begin
			b.rt[j][i] = b.so[j][i] || y.End < x.Begin
		}
		c := collector{tried: b, i: i, t: t, writer: writer, final: final, at: at, own: map[int32]int32{}, last: map[int32]int{}}
		for op := x.First; op < x.Last; op++ {
			switch o := b.h.Ops[op]; {
			case o.F == txn.Write:
				c.write(o)
			case x.Type == history.OK:
				c.read(int(op), o)
			}
		}
	}
}

// A collector goes through the operations of one transaction, number i of those that count and t of the history.
type collector struct {
	*tried
	i, t   int
	writer map[[2]int32]definedWrite
	final  map[[2]int32]int32
	at     map[int]int
	own    map[int32]int32 // by key: what it has written
	last   map[int32]int   // by key: which of its reads saw it last, or -1 for a read of no one's final write
}

func (c *collector) write(o txn.Op) {
	if r, ok := c.last[o.Key]; ok && c.h.Txns[c.t].Type == history.OK {
		if _, again := c.own[o.Key]; !again && r >= 0 {
			c.reads[c.i][r].update = true
		}
	}
	c.own[o.Key] = o.Value
	c.writes[c.i][o.Key] = true
}

func (c *collector) read(op int, o txn.Op) {
	v, mine := c.own[o.Key]
	if mine && v == o.Value {
		return
	}
	from := c.source(op, o)
	c.inner = c.inner || mine
	if r, ok := c.last[o.Key]; ok && !mine {
		if r >= 0 && c.h.Ops[c.reads[c.i][r].op].Value == o.Value {
			c.reads[c.i][r].again = op
			return
		}
		c.inner = true
	}
	if from == -2 {
		if !mine {
			c.last[o.Key] = -1
		}
		return
	}
	if from >= 0 {
		c.wr[from][c.i] = true
	}
	if !mine {
		c.last[o.Key] = len(c.reads[c.i])
	}
	c.reads[c.i] = append(c.reads[c.i], definedRead{int(o.Key), from, op, op, mine, false})
}

// source returns the transaction that a read saw: -1 is the initial state, -2 none that a read may see.
func (c *collector) source(op int, o txn.Op) int {
	w, written := c.writer[[2]int32{o.Key, o.Value}]
	switch {
	case o.Value == txn.Nil:
		return -1
	case !written:
		c.bad = true
		return -2
	case w.txn == c.t:
		c.bad = c.bad || w.op > op
		return -2
	case c.h.Txns[w.txn].Type == history.Fail:
		c.bad = true
		return -2
	}
	c.bad = c.bad || c.final[[2]int32{int32(w.txn), o.Key}] != o.Value
	return c.at[w.txn]
}
