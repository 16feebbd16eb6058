package predicates

import (
	"fmt"
	"strings"
	"testing"

	"github.com/capsize-go/capsize/checker/txn"
)

// values are rows that predicates of any spelling are asked about: numbers, and some that are none.
var values = &txn.History{Spelled: []string{":a", `"a"`, "-1", "2.5", "[1 2]", "9223372036854775808"}}

func rows(f func(value int32)) {
	for _, v := range []int32{-6, -5, -4, -3, -2, -1, 0, 1, 2, 3, 1 << 30} {
		f(v)
	}
}

func isWhole(v int32) bool {
	_, whole := wholeNumber(values, v)
	return whole
}

// FuzzPredicate reads predicates. One that is read matches some rows or others without a panic, is the opposite of its negation, and a
// comparison by size agrees with those beside it.
func FuzzPredicate(f *testing.F) {
	for _, s := range []string{":true", "true", "[:= 3]", "[:not= :a]", "[:< 3]", `["<=" 3]`, "[> 0]", "[:>= -1]", "[:mod 2 1]", "[:mod 0 1]", "[:in 1 2 :a]", "[:in]", "[]", "[:= [1 2]]", "[:= 9223372036854775808]"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := ParsePredicate(text)
		if err != nil {
			return
		}
		opposite := map[string]string{"=": "not=", "not=": "=", "<": ">=", ">=": "<", "<=": ">", ">": "<="}
		rows(func(v int32) {
			got := p.Matches(values, v)
			other, known := opposite[p.op]
			if p.op == "true" && !got {
				t.Errorf("%s does not match %s", text, values.Spell(v))
			}
			if sized := p.op != "=" && p.op != "not="; !known || sized && !isWhole(v) { // what is no whole number has no size
				return
			}
			if (predicate{op: other, args: p.args}).Matches(values, v) == got {
				t.Errorf("%s and its opposite are both %v of %s", text, got, values.Spell(v))
			}
		})
	})
}

func TestPredicates(t *testing.T) {
	for _, x := range []struct {
		text string
		want string // of the values in [rows]
	}{
		{":true", "-6 -5 -4 -3 -2 -1 0 1 2 3 1073741824"},
		{"[:= 2]", "2"},
		{"[:= :a]", "-1"},
		{"[:= \"a\"]", "-2"},
		{"[:= -1]", "-3"},
		{"[:not= 2]", "-6 -5 -4 -3 -2 -1 0 1 3 1073741824"},
		{"[:< 2]", "-3 0 1"},
		{"[:< -1]", ""},
		{"[:>= 2]", "2 3 1073741824"},
		{"[:mod 2 1]", "-3 1 3"},
		{"[:in 1 2.5 :a]", "-4 -1 1"},
	} {
		p, err := ParsePredicate(x.text)
		if err != nil {
			t.Fatal(x.text, err)
		}
		got := ""
		rows(func(v int32) {
			if p.Matches(values, v) {
				got += fmt.Sprint(" ", v)
			}
		})
		if got = strings.TrimPrefix(got, " "); got != x.want {
			t.Errorf("%s matches %s, not %s", x.text, got, x.want)
		}
	}
}
