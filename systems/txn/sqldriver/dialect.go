package sqldriver

import (
	"fmt"
	"strings"

	"github.com/capsize-go/capsize/model"
)

// A statement is one of the dialect, as it was parsed.
type statement struct {
	*form
	args       int // how many it takes
	key, value operand
}

// An operand is a literal, or the place of an argument, from 1.
type operand struct {
	text string
	at   int
}

// A form is a statement that the database has. <key> stands for a text and <value> for a number, each a literal or a placeholder.
type form struct {
	text   string
	op     string // of package model
	column string // what a query returns
	lists  bool   // which is a list
	lock   bool
	tokens []token
}

// The columns of queries.
const (
	noColumn = ""
	column   = "v"
	keys     = "k"
)

var forms = prepare([]form{
	{text: "SELECT v FROM lists WHERE k = <key>", op: model.TxnRead, column: column, lists: true},
	{text: "SELECT v FROM lists WHERE k = <key> FOR UPDATE", op: model.TxnRead, column: column, lists: true, lock: true},
	{text: "UPDATE lists SET v = v || <value> WHERE k = <key>", op: model.TxnAppend},
	{text: "SELECT v FROM registers WHERE k = <key>", op: model.TxnRead, column: column},
	{text: "SELECT v FROM registers WHERE k = <key> FOR UPDATE", op: model.TxnRead, column: column, lock: true},
	{text: "UPDATE registers SET v = <value> WHERE k = <key>", op: model.TxnWrite},
	{text: "UPSERT INTO registers VALUES (<key>, <value>)", op: model.TxnWrite},
	{text: "SELECT v FROM rows WHERE k = <key>", op: model.TxnRead, column: column},
	{text: "SELECT k FROM rows WHERE v = <value>", op: model.TxnReadAll, column: keys},
	{text: "INSERT INTO rows VALUES (<key>, <value>)", op: model.TxnInsert},
	{text: "DELETE FROM rows WHERE k = <key>", op: model.TxnDelete},
})

// Dialect lists the statements that the database has. <key> stands for a text and <value> for a number, each as a literal or as a
// placeholder: ? for the next argument, ?2 or $2 for the second. Keywords may be in small letters.
func Dialect() []string {
	var all []string
	for i := range forms {
		all = append(all, forms[i].text)
	}
	return all
}

func prepare(forms []form) []form {
	for i := range forms {
		forms[i].tokens, _ = scan(forms[i].text) // a test has all of them parsed
	}
	return forms
}

// parse returns the statement that a text is.
func parse(text string) (*statement, error) {
	tokens, err := scan(text)
	if err != nil {
		return nil, err
	}
	if n := len(tokens) - 2; n >= 0 && tokens[n].text == ";" { // the last token is the end
		tokens = append(tokens[:n], tokens[n+1])
	}
	furthest, want := -1, ""
	for i := range forms {
		s := &statement{form: &forms[i]}
		at, next := s.match(tokens)
		if next == "" {
			return s, nil
		}
		switch {
		case at > furthest:
			furthest, want = at, next
		case at == furthest && !strings.Contains(want, next):
			want += " or " + next
		}
	}
	bad := tokens[furthest]
	return nil, fmt.Errorf("SQL: column %d of %q: want %s, found %s", bad.column, text, want, bad)
}

// match compares tokens with those of the form, and takes the operands. It returns where they begin to differ, and what belongs there; that is empty
// if they are alike.
func (s *statement) match(tokens []token) (at int, want string) {
	next := 0 // argument of a placeholder without a number
	for i, f := range s.tokens {
		t := tokens[i]
		switch {
		case f.kind == hole && t.kind == placeholder:
			n := t.number
			if n == 0 {
				next++
				n = next
			}
			s.args = max(s.args, n)
			s.take(f.text, operand{at: n})
		case f.kind == hole && (f.text == "<key>" && t.kind == text || f.text == "<value>" && t.kind == number):
			s.take(f.text, operand{text: t.text})
		case f.kind == hole:
			return i, f.text
		case f.kind != t.kind || !strings.EqualFold(f.text, t.text):
			return i, f.String()
		}
	}
	return 0, ""
}

func (s *statement) take(name string, o operand) {
	if name == "<key>" {
		s.key = o
	} else {
		s.value = o
	}
}
