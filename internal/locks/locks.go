// Package locks reads from the source of a function which locks it holds at a line.
//
// The runtime knows who waits for a [sync.Mutex], and keeps no record of who holds it.
// But the source often shows it: the function that a goroutine stands in has called
// Lock on the line above, and Unlock comes only later. That is what this package looks
// for: calls in the order of the source, without branches, so it can err. A match is
// evidence and no proof.
package locks

import (
	"fmt"
	"go/token"
	"slices"
	"strings"
)

// A Lock is one lock that a function takes.
type Lock struct {
	Key  string // is equal for two locks that are the same field of one type, or the same variable
	Name string // last part of the expression: what locks of the same name have in common, be they the same or not
	Text string // the expression as it stands in the source, as "s.mu"
	Line int    // of the call that takes it
	Once bool   // it is a [sync.Once]
}

// Sources reads source files and keeps what it has read. The zero value is ready to
// use. It is not safe for concurrent use.
type Sources struct{ files map[string]*source }

func (s *Sources) read(file string) *source {
	if src, ok := s.files[file]; ok {
		return src
	}
	if s.files == nil {
		s.files = map[string]*source{}
	}
	src := scan(file)
	s.files[file] = src
	return src
}

// Wanted returns the locks that are taken on a line, by whichever function begins or
// ends there. It is empty if the file can't be read.
func (s *Sources) Wanted(file string, line int) []Lock {
	src := s.read(file)
	if src == nil {
		return nil
	}
	f := src.around(line)
	var wanted []Lock
	for i := f.decl.begin; i < f.decl.end; i++ {
		if c, ok := src.lockCall(i, f); ok && c.takes && c.lock.Line == line {
			wanted = append(wanted, c.lock)
		}
	}
	return wanted
}

// Held returns the locks that the function around a line has taken on a line before it
// and not released since. It is empty if the file can't be read. An Unlock in a block
// that ends by leaving, as "if err != nil { mu.Unlock(); return }", counts only in
// that block.
func (s *Sources) Held(file string, line int) []Lock {
	var held []Lock
	for _, c := range s.calls(file, line) {
		switch {
		case c.lock.Line >= line:
		case c.takes && !c.lock.Once:
			held = append(held, c.lock)
		case !c.takes:
			held = slices.DeleteFunc(held, func(l Lock) bool { return l.Key == c.lock.Key })
		}
	}
	return held
}

// Released returns the locks that the declaration around a line releases somewhere, functions within it and deferred calls included.
func (s *Sources) Released(file string, line int) []Lock {
	src := s.read(file)
	if src == nil {
		return nil
	}
	f := src.around(line)
	var released []Lock
	for i := f.decl.begin; i < f.decl.end; i++ {
		if c, ok := src.lockCall(i, f); ok && !c.takes {
			released = append(released, c.lock)
		}
	}
	return released
}

// A call takes a lock or releases it.
type call struct {
	lock  Lock
	takes bool
}

// What methods of that name do: true for taking the lock.
var methods = map[string]bool{
	"Lock": true, "RLock": true, "TryLock": true, "TryRLock": true, "Do": true,
	"Unlock": false, "RUnlock": false,
}

// calls returns the calls of the innermost function around a line that take and
// release locks, in the order of the source.
func (s *Sources) calls(file string, line int) []call {
	src := s.read(file)
	if src == nil {
		return nil
	}
	f := src.around(line)
	var calls []call
	for i := f.body.begin; i < f.body.end; i++ {
		switch src.at(i).Token {
		case token.FUNC: // runs at another time, as do the next ones
			_, body := src.signature(i)
			i = max(i, body.end-1)
		case token.DEFER, token.GO:
			i = src.statementEnd(i)
		default:
			if c, ok := src.lockCall(i, f); ok && (c.takes || !src.leaves(i, line)) {
				calls = append(calls, c)
			}
		}
	}
	return calls
}

// lockCall reads "x.Lock()" and its like, at its opening bracket.
func (s *source) lockCall(i int, f function) (call, bool) {
	if !s.is(i, token.LPAREN) || !s.is(i-1, token.IDENT) || !s.is(i-2, token.PERIOD) {
		return call{}, false
	}
	method := s.at(i - 1).text
	takes, ok := methods[method]
	once := method == "Do"
	if args := s.arguments(i); !ok || (args == 1) != once || args > 1 {
		return call{}, false
	}
	text, begin := s.expression(i - 3)
	if text == "" {
		return call{}, false
	}
	base, rest, _ := strings.Cut(text, ".")
	l := Lock{Text: text, Line: s.at(begin).line, Once: once, Key: s.scope(f.decl, base)}
	if rest != "" {
		l.Key += "." + rest
	}
	l.Name = text[strings.LastIndex(text, ".")+1:]
	return call{l, takes}, true
}

// arguments counts those of a call, at its opening bracket.
func (s *source) arguments(open int) int {
	end := s.at(open).match
	if s.is(end-1, token.COMMA) {
		end--
	}
	if end == open+1 {
		return 0
	}
	return len(s.pieces(stretch{open + 1, end}, token.COMMA))
}

// scope returns what stands for a variable in the key of a lock: the type of a receiver or
// a parameter, the declaration that a local variable is part of, or the package.
func (s *source) scope(d stretch, name string) string {
	if !s.is(d.begin, token.FUNC) {
		if s.declares(d, name) {
			return fmt.Sprintf("%s:%d:%s", s.dir, d.begin, name)
		}
		return s.dir + ":" + name
	}
	params, body := s.signature(d.begin)
	head := d.begin + 1
	if s.is(head, token.LPAREN) { // a receiver
		if t, ok := s.parameters(stretch{head, s.at(head).match + 1})[name]; ok {
			return s.dir + ":" + t
		}
		head = s.at(head).match + 1
	}
	if t, ok := s.parameters(params)[name]; ok {
		return s.dir + ":" + t
	}
	if s.declares(body, name) {
		return s.dir + ":" + s.at(head).text + ":" + name
	}
	return s.dir + ":" + name
}
