package locks

import (
	"go/scanner"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A source is the tokens of a file. A parser of Go tells more; package go/parser takes two seconds to compile, which
// a first run of capsize would have to wait for.
type source struct {
	dir    string
	tokens []lexeme
}

type lexeme struct {
	token.Token
	text  string // of an identifier
	line  int
	in    int // index of the innermost bracket that it stands in, or -1
	match int // of a bracket: index of its other end
}

// scan reads the tokens of a file. It returns nil if the file can't be read, or its brackets do not match.
func scan(file string) *source {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil
	}
	set := token.NewFileSet()
	of := set.AddFile(file, -1, len(text))
	var s scanner.Scanner
	s.Init(of, text, func(token.Position, string) {}, 0)
	src := &source{dir: filepath.Dir(file)}
	in := -1
	for {
		pos, tok, lit := s.Scan()
		if tok == token.EOF {
			break
		}
		t := lexeme{Token: tok, line: of.Line(pos), in: in}
		if tok == token.IDENT {
			t.text = lit
		}
		at := len(src.tokens)
		switch tok {
		case token.LPAREN, token.LBRACK, token.LBRACE:
			in = at
		case token.RPAREN, token.RBRACK, token.RBRACE:
			if in < 0 || closing[src.tokens[in].Token] != tok {
				return nil
			}
			t.match, src.tokens[in].match = in, at
			in = src.tokens[in].in
			t.in = in
		}
		src.tokens = append(src.tokens, t)
	}
	if s.ErrorCount > 0 || in >= 0 {
		return nil
	}
	return src
}

var closing = map[token.Token]token.Token{token.LPAREN: token.RPAREN, token.LBRACK: token.RBRACK, token.LBRACE: token.RBRACE}

// at returns the token at an index, or one of no kind if there is none.
func (s *source) at(i int) lexeme {
	if i < 0 || i >= len(s.tokens) {
		return lexeme{Token: token.ILLEGAL, in: -1, match: -1}
	}
	return s.tokens[i]
}

func (s *source) is(i int, kinds ...token.Token) bool { return slices.Contains(kinds, s.at(i).Token) }

// A stretch is tokens in a row: those from begin on, up to but without end.
type stretch struct{ begin, end int }

func (s *source) spans(of stretch, line int) bool {
	return of.begin < of.end && s.at(of.begin).line <= line && line <= s.at(of.end-1).line
}

// pieces splits a stretch where a token stands in it that is in no bracket of its own.
func (s *source) pieces(of stretch, by token.Token) (all []stretch) {
	in := s.at(of.begin).in
	begin := of.begin
	for i := of.begin; i < of.end; i++ {
		if s.is(i, by) && s.at(i).in == in {
			all = append(all, stretch{begin, i})
			begin = i + 1
		}
	}
	return append(all, stretch{begin, of.end})
}

// A function is the innermost one around a line, with the declaration that it is part
// of, which is a function's or that of variables.
type function struct {
	decl stretch
	body stretch // with its braces; empty if there is none
}

func (s *source) around(line int) (f function) {
	for _, d := range s.pieces(stretch{0, len(s.tokens)}, token.SEMICOLON) {
		if !s.spans(d, line) {
			continue
		}
		f = function{decl: d}
		i := d.begin
		if s.is(i, token.FUNC) {
			_, f.body = s.signature(i)
			i = max(i+1, f.body.begin) // there are no functions in its head
		}
		for ; i < d.end; i++ {
			if !s.is(i, token.FUNC) {
				continue
			}
			params, body := s.signature(i)
			if s.spans(stretch{i, body.end}, line) {
				f.body = body
			}
			i = max(i, params.end-1, body.begin)
		}
	}
	return f
}

// signature reads a function from the word func on: its parameters, with their brackets, and its body, which is empty
// if it is but a type. Of a method, the receiver stands in front of the parameters.
func (s *source) signature(i int) (params, body stretch) {
	typed := s.is(i-1, token.RBRACK, token.CHAN) // as in []func() T{…}
	i++
	if s.is(i, token.LPAREN) && s.is(s.at(i).match+1, token.IDENT) && s.is(s.at(i).match+2, token.LPAREN) {
		i = s.at(i).match + 1 // a method
	}
	if s.is(i, token.IDENT) {
		i++
		if s.is(i, token.LBRACK) {
			i = s.at(i).match + 1
		}
	}
	if !s.is(i, token.LPAREN) {
		return params, body
	}
	params = stretch{i, s.at(i).match + 1}
	if i = s.afterType(params.end); s.is(i, token.LBRACE) && !typed {
		body = stretch{i, s.at(i).match + 1}
	}
	return params, body
}

// afterType returns the index of what follows a type, which is i if there is none.
func (s *source) afterType(i int) int {
	switch s.at(i).Token {
	case token.MUL, token.ARROW, token.CHAN:
		return s.afterType(i + 1)
	case token.MAP:
		return s.afterType(s.at(i+1).match + 1)
	case token.LBRACK:
		return s.afterType(s.at(i).match + 1)
	case token.LPAREN:
		return s.at(i).match + 1
	case token.STRUCT, token.INTERFACE:
		return s.at(i+1).match + 1
	case token.FUNC:
		return s.afterType(s.at(i+1).match + 1)
	case token.IDENT:
		if i++; s.is(i, token.PERIOD) {
			i += 2
		}
		if s.is(i, token.LBRACK) {
			i = s.at(i).match + 1
		}
	}
	return i
}

// leaves reports whether the innermost block around a token does not span a line, and ends by leaving: what is
// released in it is not released for code behind it.
func (s *source) leaves(i, line int) bool {
	open := s.at(i).in
	for open >= 0 && !s.is(open, token.LBRACE) {
		open = s.at(open).in
	}
	if open < 0 {
		return false
	}
	block := stretch{open, s.at(open).match + 1}
	list := stretch{open + 1, block.end - 1}
	for j := list.begin; j < list.end; j++ { // of a switch or select, the clause
		if s.at(j).in != open || !s.is(j, token.CASE, token.DEFAULT) {
			continue
		}
		if j > i {
			list.end = j
			break
		}
		list.begin = j
	}
	if s.is(list.begin, token.CASE, token.DEFAULT) {
		block = list
	}
	if s.is(block.end-1, token.SEMICOLON) {
		block.end--
	}
	return !s.spans(block, line) && s.exits(list)
}

// exits reports whether the last statement of a list leaves its block.
func (s *source) exits(list stretch) bool {
	all := s.pieces(list, token.SEMICOLON)
	all = slices.DeleteFunc(all, func(p stretch) bool { return p.begin >= p.end })
	if len(all) == 0 {
		return false
	}
	last := all[len(all)-1]
	if s.is(last.begin, token.CASE, token.DEFAULT) { // its statement begins behind the colon
		parts := s.pieces(last, token.COLON)
		last = parts[len(parts)-1]
	}
	if s.is(last.begin, token.RETURN, token.BREAK, token.CONTINUE, token.GOTO, token.FALLTHROUGH) {
		return true
	}
	return s.at(last.begin).text == "panic" && s.is(last.begin+1, token.LPAREN) && s.at(last.begin+1).match == last.end-1
}

// expression spells the simple expression that ends with a token, and returns where it begins. It is empty for any
// other.
func (s *source) expression(end int) (text string, begin int) {
	t := s.at(end)
	switch t.Token {
	case token.IDENT:
		if !s.is(end-1, token.PERIOD) {
			return t.text, end
		}
		x, begin := s.expression(end - 2)
		if x == "" {
			return "", 0
		}
		return x + "." + t.text, begin
	case token.RBRACK:
		x, begin := s.expression(t.match - 1)
		index := stretch{t.match + 1, end}
		if x == "" || len(s.pieces(index, token.COLON)) > 1 || len(s.pieces(index, token.COMMA)) > 1 {
			return "", 0
		}
		return x + "[…]", begin
	case token.RPAREN:
		if s.is(t.match-1, token.IDENT, token.PERIOD, token.RPAREN, token.RBRACK, token.RBRACE, token.FUNC) {
			return "", 0 // a call, or of another type
		}
		x, begin := s.expression(end - 1)
		for begin--; begin > t.match; begin-- {
			if !s.is(begin, token.MUL, token.AND) {
				return "", 0
			}
		}
		return x, t.match
	}
	return "", 0
}

// parameters returns the names in a list of parameters with brackets around it, each with its type.
func (s *source) parameters(list stretch) map[string]string {
	types := map[string]string{}
	if list.end-list.begin < 3 {
		return types
	}
	last := ""
	for _, p := range slices.Backward(s.pieces(stretch{list.begin + 1, list.end - 1}, token.COMMA)) {
		if !s.is(p.begin, token.IDENT) || s.is(p.begin+1, token.PERIOD) {
			continue
		}
		if p.end-p.begin > 1 {
			last = s.typeName(p.begin + 1)
		}
		types[s.at(p.begin).text] = last
	}
	return types
}

// typeName names the type that begins with a token; it is empty for one without a name.
func (s *source) typeName(i int) string {
	for s.is(i, token.MUL, token.LPAREN) {
		i++
	}
	var parts []string
	for s.is(i, token.IDENT) {
		parts = append(parts, s.at(i).text)
		if i++; s.is(i, token.PERIOD) {
			i++
		} else {
			break
		}
	}
	return strings.Join(parts, ".")
}

// declares reports whether a variable of that name is declared somewhere in a stretch.
func (s *source) declares(in stretch, name string) bool {
	for i := in.begin; i < in.end; i++ {
		switch s.at(i).Token {
		case token.DEFINE:
			if s.listed(i-1, -1, name) {
				return true
			}
		case token.VAR, token.CONST:
			specs := []stretch{{i + 1, in.end}}
			if s.is(i+1, token.LPAREN) {
				specs = s.pieces(stretch{i + 2, s.at(i + 1).match}, token.SEMICOLON)
			}
			if slices.ContainsFunc(specs, func(p stretch) bool { return s.listed(p.begin, 1, name) }) {
				return true
			}
		case token.FUNC:
			params, body := s.signature(i)
			if _, ok := s.parameters(params)[name]; ok && body.begin < body.end {
				return true
			}
		}
	}
	return false
}

// listed reports whether a name is one of those that stand with commas between them from a token on, forwards or
// backwards.
func (s *source) listed(i, step int, name string) bool {
	for s.is(i, token.IDENT) {
		if s.at(i).text == name {
			return true
		}
		if !s.is(i+step, token.COMMA) {
			return false
		}
		i += 2 * step
	}
	return false
}

// statementEnd returns the index of the last token of the statement that begins with a token.
func (s *source) statementEnd(i int) int {
	in, end := s.at(i).in, len(s.tokens)
	if in >= 0 {
		end = s.at(in).match
	}
	for j := i; j < end; j++ {
		if s.is(j, token.SEMICOLON) && s.at(j).in == in {
			return j
		}
	}
	return end - 1
}
