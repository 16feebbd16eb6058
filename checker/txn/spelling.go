package txn

import (
	"fmt"
	"strings"
	"time"

	"github.com/capsize-go/capsize/history"
)

// Where says where a transaction is to be found in the history.
func (h *History) Where(t int32) string {
	process := fmt.Sprintf("process %d", h.Txns[t].Process)
	if h.Sessionless {
		process = fmt.Sprintf("the %s one", ordinal(int(t)+1))
	}
	if h.Places != nil && h.Places[t].Line > 0 {
		return fmt.Sprintf("%s, line %d", process, h.Places[t].Line)
	}
	return process
}

func ordinal(n int) string {
	suffix := "th"
	if n%100 < 11 || n%100 > 13 {
		switch n % 10 {
		case 1:
			suffix = "st"
		case 2:
			suffix = "nd"
		case 3:
			suffix = "rd"
		}
	}
	return fmt.Sprint(n, suffix)
}

// Spell spells a value.
func (h *History) Spell(v int32) string {
	if v < 0 && v != Nil {
		return h.Spelled[-1-v]
	}
	if v == Nil {
		return "nil"
	}
	return fmt.Sprint(v)
}

// SpellList spells a list that was read; of a long one its first and its last elements.
func (h *History) SpellList(o Op) string {
	spell := func(vs []int32) string {
		var all []string
		for _, v := range vs {
			all = append(all, h.Spell(v))
		}
		return strings.Join(all, " ")
	}
	vs := h.List(o)
	if n := len(vs); n > 8 {
		return "[" + spell(vs[:3]) + " … " + spell(vs[n-4:]) + "]"
	}
	return "[" + spell(vs) + "]"
}

// ReadsOnly reports whether a transaction has reads only.
func (h *History) ReadsOnly(t int32) bool {
	for _, o := range h.OpsOf(t) {
		if o.F != Read && o.F != ReadAll {
			return false
		}
	}
	return true
}

// SessionEdge returns the edge of a session order between two of its transactions, with the reason that a report shows.
func (h *History) SessionEdge(from, to int32) Edge {
	return Edge{From: from, To: to, Kind: SO, Reason: Sayf("came earlier in the session of process %d", h.Txns[from].Process)}
}

// Gap says how long before another began a transaction had ended, with a space behind; nothing if it is not known.
func (h *History) Gap(from, to int32) string {
	if h.Places == nil {
		return ""
	}
	ended, began := h.Places[from].Completed, h.Places[to].Invoked
	if ended == history.Forever || began <= ended {
		return ""
	}
	gap := began - ended
	if gap > time.Second {
		gap = gap.Round(time.Millisecond)
	}
	return fmt.Sprint(gap) + " "
}
