package resilience

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/sorting"
	"github.com/capsize-go/capsize/internal/words"
)

// Load says how many attempts of depth 1 each node got.
type Load struct {
	ByNode    map[string]int
	Most      string  // the node that got the most; of several, the first by name
	Share     float64 // what it got of all, from 0 to 1
	Variation float64 // the coefficient of variation over the nodes: the standard deviation over the mean
}

// MeasureLoad counts the attempts of depth 1 that began in an interval, by the node that they were to reach. If nodes are given, those alone
// count, and with 0 if they got none; without, the nodes that got some.
func MeasureLoad(h *history.History, s Interval, nodes ...string) (Load, error) {
	m, _, err := measureLoad(h, s, nodes)
	if err != nil {
		return Load{}, fmt.Errorf("load: %w", err)
	}
	return m, nil
}

func measureLoad(h *history.History, s Interval, nodes []string) (m Load, r *record, err error) {
	if r, err = read(h, "attempt"); err != nil {
		return m, nil, err
	}
	m.ByNode = map[string]int{}
	for _, node := range nodes {
		m.ByNode[node] = 0
	}
	total := 0
	for c := range r.of("attempt", s) {
		if c.depth() == 1 && (len(nodes) == 0 || slices.Contains(nodes, c.in.At)) {
			m.ByNode[c.in.At]++
			total++
		}
	}
	if total == 0 {
		return m, nil, fmt.Errorf("no attempt of depth 1%s began %v", words.Of(strings.Join(nodes, ", "), "to reach"), s)
	}
	m.spread(total)
	return m, r, nil
}

// spread computes Most, Share and Variation.
func (m *Load) spread(total int) {
	mean := float64(total) / float64(len(m.ByNode))
	squares := 0.0
	for _, node := range sorting.Keys(m.ByNode) {
		n := m.ByNode[node]
		squares += (float64(n) - mean) * (float64(n) - mean)
		if m.Most == "" || n > m.ByNode[m.Most] {
			m.Most = node
		}
	}
	m.Share = ratio(m.ByNode[m.Most], total)
	m.Variation = math.Sqrt(squares/float64(len(m.ByNode))) / mean
}

// String returns the counts in one sentence.
func (m Load) String() string {
	var by []string
	for _, node := range sorting.Keys(m.ByNode) {
		by = append(by, fmt.Sprintf("%s %d", node, m.ByNode[node]))
	}
	return fmt.Sprintf("attempts: %s; %s got %s of them, and the coefficient of variation is %.3g", strings.Join(by, ", "), m.Most, percent(m.Share), m.Variation)
}

// Balanced returns the checker of balance: over these nodes, the coefficient of variation of the attempts of depth 1 that
// began in an interval is at most that; see [MeasureLoad]. The counterexample is attempts of the node that got the most, not all.
func Balanced(maxVariation float64, s Interval, nodes ...string) checker.Checker {
	return rule("balanced", "balanced", func(h *history.History) (res checker.Result, err error) {
		m, r, err := measureLoad(h, s, nodes)
		if err == nil && len(m.ByNode) < 2 {
			err = errors.New("there was one node to balance over")
		}
		if err != nil {
			return res, err
		}
		res.Reason = m.String()
		if m.Variation > maxVariation {
			res.Verdict, res.Counterexample = checker.Invalid, r.whyUnbalanced(m, maxVariation, s)
		}
		return res, nil
	})
}

func (r *record) whyUnbalanced(m Load, most float64, s Interval) *checker.Counterexample {
	const shown = 5
	var first []*call
	for c := range r.of("attempt", s) {
		if c.depth() == 1 && c.in.At == m.Most && len(first) < shown {
			first = append(first, c)
		}
	}
	w := r.why(fmt.Sprintf("%v, and %.3g is allowed", m, most), false, first)
	w.Note = fmt.Sprintf("balance is about all attempts; these are the first of the %d that %s got", m.ByNode[m.Most], m.Most)
	return w
}
