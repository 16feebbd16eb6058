package txn

import (
	"fmt"
	"strings"
)

// A Text is words about transactions, which it names in a way of its own and not by letters: a page calls them by their places in a counterexample
// and a report by those in the history, and a key or a value may be spelled like a name. [Sayf] makes one; texts may be joined by +.
type Text string

// What is between a begin and an end is the number of a transaction.
const (
	nameBegin = '\x01'
	nameEnd   = '\x02'
)

// Sayf formats a text as [fmt.Sprintf] does, but that T%d in the format is the name of the transaction with that number, and names in
// arguments of type Text stay names.
func Sayf(format string, args ...any) Text {
	var b strings.Builder
	for _, arg := range args {
		before, rest, found := strings.Cut(format, "%")
		if !found {
			break
		}
		verb := 1 + strings.IndexFunc(rest, func(r rune) bool { return r >= 'a' && r <= 'z' })
		text, isText := arg.(Text)
		switch {
		case rest[:verb] == "d" && strings.HasSuffix(before, "T"):
			fmt.Fprintf(&b, "%s%c%d%c", strings.TrimSuffix(before, "T"), nameBegin, arg, nameEnd)
		case isText:
			b.WriteString(before + string(text))
		default:
			b.WriteString(before + noNames.Replace(fmt.Sprintf("%"+rest[:verb], arg)))
		}
		format = rest[verb:]
	}
	return Text(b.String() + format)
}

// noNames is for what transactions read and wrote, which must not be taken for the name of one.
var noNames = strings.NewReplacer(string(nameBegin), "\ufffd", string(nameEnd), "\ufffd")

// Named returns the text with transactions called as name has it.
func (t Text) Named(name func(txn int32) string) string {
	var b strings.Builder
	rest := string(t)
	for {
		before, after, found := strings.Cut(rest, string(nameBegin))
		b.WriteString(before)
		if !found {
			return b.String()
		}
		var number string
		number, rest, _ = strings.Cut(after, string(nameEnd))
		var n int32
		_, _ = fmt.Sscan(number, &n) // Sayf wrote it
		b.WriteString(name(n))
	}
}

// String returns the text with transactions called by their places in the history, from T0.
func (t Text) String() string {
	return t.Named(func(n int32) string { return fmt.Sprintf("T%d", n) })
}

// MarshalText returns the text as String does.
func (t Text) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// JoinTexts joins texts, with sep between them.
func JoinTexts(texts []Text, sep string) Text {
	var b strings.Builder
	for i, t := range texts {
		if i > 0 {
			b.WriteString(sep)
		}
		b.WriteString(string(t))
	}
	return Text(b.String())
}
