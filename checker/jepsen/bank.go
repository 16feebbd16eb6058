package jepsen

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/internal/shapes"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/history/edn"
	"github.com/capsize-go/capsize/internal/sorting"
	"github.com/capsize-go/capsize/internal/words"
)

// A BankOp is an input of [Bank]: a transfer, or a read of all accounts. A read returns
// the balances: a map from accounts to numbers, or a list of numbers.
// Other inputs with a field F work as well.
type BankOp struct {
	F      string `json:"f"` // transfer or read
	From   int    `json:"from"`
	To     int    `json:"to"`
	Amount int    `json:"amount"`
}

// String says what is asked.
func (o BankOp) String() string {
	if o.F == "read" {
		return o.F
	}
	return fmt.Sprintf("%s %d from %d to %d", o.F, o.Amount, o.From, o.To)
}

// A BankRule says what holds in a bank. In the zero value, no balance is negative, and
// the total is that of the first read.
type BankRule struct {
	Total    *int     // of all balances; nil for that of the read which ended first
	Negative bool     // whether a balance may be negative
	Accounts []string // the names of all accounts; nil for any
}

// Bank returns the checker that Jepsen calls bank: transfers move money, so every read
// of all accounts must have the same total, a balance for each account, and no negative
// one. It does not judge transfers. O(balances read).
//
// Jepsen's does not find an account that a read lacks, if the total is right.
func Bank(expected BankRule) checker.Checker {
	return rule{"bank", "read", []string{"transfer", "read"}, true, func(j *evaluation, p *keyCalls) {
		judgeBank(j, p, expected)
	}}
}

// A bankBalance is an account as a read saw it.
type bankBalance struct {
	account string
	amount  any
}

// balances returns what a read saw, in the order of its answer, or of the accounts if the answer
// has no order.
func balances(out any) (all []bankBalance, err error) {
	switch v := out.(type) {
	case edn.Map:
		for _, p := range v {
			name, isText := p.Key.(string)
			if !isText {
				name = valueName(p.Key)
			}
			all = append(all, bankBalance{name, p.Value})
		}
		return all, nil
	case map[string]any:
		for name, n := range v { // order: sorted below
			all = append(all, bankBalance{name, n})
		}
	case map[string]int:
		for name, n := range v { // order: sorted below
			all = append(all, bankBalance{name, n})
		}
	case map[int]int:
		for name, n := range v { // order: sorted below
			all = append(all, bankBalance{strconv.Itoa(name), n})
		}
	case []int:
		all = make([]bankBalance, 0, len(v))
		for i, n := range v {
			all = append(all, bankBalance{strconv.Itoa(i), n})
		}
		return all, nil
	case []any:
		for i, n := range v {
			all = append(all, bankBalance{strconv.Itoa(i), n})
		}
		return all, nil
	default:
		return nil, fmt.Errorf("a %T where balances were due", out)
	}
	sorting.Func(all, func(a, b bankBalance) int {
		if a.account < b.account {
			return -1
		}
		return 1
	})
	return all, nil
}

// judgeBank judges the reads in the order in which they ended, since the first may set the total.
func judgeBank(j *evaluation, p *keyCalls, expected BankRule) {
	var reads []int
	for i, c := range p.calls {
		if c.F == "read" && c.Typ == history.OK && j.answer(c) != nil {
			reads = append(reads, i)
		}
	}
	sorting.Func(reads, func(a, b int) int { return p.calls[a].End - p.calls[b].End })
	b := bankReads{BankRule: expected, j: j, p: p, first: -1}
	for _, i := range reads {
		if b.read(i); j.bad != nil {
			return
		}
	}
	if len(reads) == 0 {
		j.undecided("the balances were never read" + words.On(p.key))
	}
	b.summarise(len(reads))
	j.count("read", len(reads))
	j.wrong("with a wrong total", b.totals)
	j.wrong("with a negative balance", b.negatives)
	j.wrong("without a balance", b.nils)
	j.wrong("with an unexpected account", b.unexpected)
	j.wrong("without an account", b.missing)
}

// summarise sets the reason of a valid result: what the reads saw, and what was expected.
func (b *bankReads) summarise(reads int) {
	if b.Total == nil || b.j.finding != "" {
		b.j.finding = "the reads of each bank saw its total"
		return
	}
	text := fmt.Sprintf("%s saw a total of %d", words.Plural(reads, "read"), *b.Total)
	switch {
	case b.first < 0:
		text += ", as was expected"
	case reads > 1:
		text += ", as the first did"
	}
	if !b.Negative {
		text += ", and no negative balance"
	}
	b.j.finding = text
}

// The bankReads are what the reads of a bank have shown so far.
type bankReads struct {
	BankRule
	j                                            *evaluation
	p                                            *keyCalls
	first                                        int // the read whose total is expected, or -1
	totals, negatives, nils, unexpected, missing int
}

// read judges one read. It counts at most one violation of it, the worst.
func (b *bankReads) read(i int) {
	c := b.p.calls[i]
	all, err := balances(b.j.answer(c))
	total := 0
	var negative, none, strange string
	for _, a := range all {
		n := 0
		if a.amount == nil || a.amount == any(history.Null{}) {
			none = a.account
		} else if n, err = asNumber(a.amount); err != nil {
			break
		}
		if n < 0 && negative == "" {
			negative = fmt.Sprintf("%d in account %s", n, a.account)
		}
		if b.Accounts != nil && !slices.Contains(b.Accounts, a.account) {
			strange = a.account
		}
		total += n
	}
	if err != nil {
		b.j.malformedAnswer(c, err)
		return
	}
	who := b.j.process(c)
	switch {
	case strange != "":
		b.unexpected++
		b.j.blame(b.p, fmt.Sprintf("%s read of account %s, which there is not", who, strange), c)
	case none != "":
		b.nils++
		b.j.blame(b.p, fmt.Sprintf("%s read of account %s, but of no balance", who, none), c)
	case b.Accounts != nil && len(all) < len(b.Accounts):
		b.missing++
		b.j.blame(b.p, fmt.Sprintf("%s read of %s, but there are %d", who, words.Plural(len(all), "account"), len(b.Accounts)), c)
	case b.total(i, total):
	case negative != "" && !b.Negative:
		b.negatives++
		b.j.blame(b.p, fmt.Sprintf("%s read %s", who, negative), c)
	}
}

// total reports whether a read has a wrong total, and blames it then.
func (b *bankReads) total(i, total int) bool {
	if b.Total == nil {
		b.first, b.Total = i, &total
	}
	if total == *b.Total {
		return false
	}
	b.totals++
	c, calls := b.p.calls[i], []shapes.Call(nil)
	want := fmt.Sprintf("there is %d", *b.Total)
	if b.first >= 0 {
		first := b.p.calls[b.first]
		want = fmt.Sprintf("%s had read %d", b.j.process(first), *b.Total)
		calls = append(calls, first)
	}
	b.j.blame(b.p, fmt.Sprintf("%s read %d in all, but %s", b.j.process(c), total, want), append(calls, c)...)
	return true
}
