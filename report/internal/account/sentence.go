package account

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/capsize-go/capsize/report/internal/wording"
)

// longest is how many runes of a name or a value a sentence shows.
const longest = 60

// strong is text that the reader looks for.
type strong string

// say makes the parts of sentences of texts, numbers and strong texts. Texts from outside must be strong or go through
// name.
func say(pieces ...any) []Part {
	var all []Part
	for _, p := range pieces {
		switch p := p.(type) {
		case nil:
		case strong:
			all = append(all, Part{value(string(p)), true})
		case []Part:
			all = append(all, p...)
		case string:
			if p != "" {
				all = append(all, Part{Text: p})
			}
		default:
			all = append(all, Part{Text: fmt.Sprint(p)})
		}
	}
	return all
}

// value makes a value from outside safe for one line. Of a long one it keeps both ends.
func value(s string) string {
	s = wording.Clean(s, 4000)
	r := []rune(s)
	if len(r) <= longest {
		return s
	}
	return string(r[:longest*2/3]) + "…" + string(r[len(r)-longest/3+1:])
}

// name makes the name of a host or a key safe for one line.
func name(s string) string { return wording.Clean(s, 40) }

// names joins names of hosts: "n1, n2 and n3".
func names(hosts []string) string {
	clean := make([]string, len(hosts))
	for i, h := range hosts {
		clean[i] = name(h)
	}
	return wording.Enumerated(clean)
}

// clauses joins clauses to one sentence: "A, b, and c."
func clauses(all []string) string {
	switch len(all) {
	case 0:
		return ""
	case 1:
		return upper(all[0]) + "."
	case 2:
		return upper(all[0]) + ", and " + all[1] + "."
	}
	return upper(strings.Join(all[:len(all)-1], ", ")) + ", and " + all[len(all)-1] + "."
}

// upper begins a sentence: with a capital, unless its first word is the name of a host, as n2.
func upper(s string) string {
	first, _, _ := strings.Cut(s, " ")
	if first == "" || strings.ContainsFunc(first, unicode.IsDigit) {
		return s
	}
	r := []rune(s)
	r[0] = unicode.ToUpper(r[0])
	return string(r)
}

// stopped ends a text of others as a sentence.
func stopped(s string) string {
	s = strings.TrimRight(s, ". ")
	if s == "" {
		return ""
	}
	if strings.HasSuffix(s, "…") {
		return upper(s) // its end is left out
	}
	return upper(s) + "."
}
