package locks_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/internal/locks"
)

// code has a mark in a comment on each line that a test asks about.
const code = `package p

import "sync"

type store struct {
	mu   sync.Mutex
	once sync.Once
	byID map[int]*store
}

var global sync.RWMutex

func (s *store) deferred() {
	s.mu.Lock()         // take
	defer s.mu.Unlock()
	wait()              // deferred
}

func (other *store) released() {
	other.mu.Lock()
	wait()              // between
	other.mu.Unlock()
	wait()              // released
}

func byParameter(st *store) {
	st.mu.Lock()        // parameter
}

func (s *store) early(bad bool) {
	s.mu.Lock()
	if bad {
		s.mu.Unlock()
		wait()          // in the branch
		return
	}
	wait()              // behind the branch
	s.mu.Unlock()
}

func closures() {
	var mu sync.Mutex
	go func() {
		mu.Lock()
		wait()          // closure
	}()
	wait()              // beside the closure
	mu.Lock()           // same variable
}

func globals() {
	global.RLock()
	wait()              // global
}

func (s *store) first() {
	s.once.Do(wait)     // once
	wait()              // behind once
}

func (s *store) byIndex() {
	s.byID[1].mu.Lock()
	wait()              // index
}

var value = func() {
	var mu sync.Mutex
	go func() {
		mu.Lock()
		wait()          // in a variable
	}()
	mu.Lock()           // beside it
}

func wait() {}
`

func write(t *testing.T) string {
	file := filepath.Join(t.TempDir(), "p.go")
	require.NoError(t, os.WriteFile(file, []byte(code), 0o644))
	return file
}

func lineOf(mark string) int {
	before, _, _ := strings.Cut(code, "// "+mark+"\n")
	return 1 + strings.Count(before, "\n")
}

func TestHeld(t *testing.T) {
	file, s := write(t), locks.Sources{}
	for mark, want := range map[string]string{
		"take": "", "deferred": "s.mu", "between": "other.mu", "released": "",
		"in the branch": "", "behind the branch": "s.mu",
		"closure": "mu", "beside the closure": "", "global": "global",
		"once": "", "behind once": "", "index": "s.byID[…].mu", "in a variable": "mu",
	} {
		var got []string
		for _, l := range s.Held(file, lineOf(mark)) {
			got = append(got, l.Text)
		}
		assert.Equal(t, want, strings.Join(got, " "), mark)
	}
	assert.Empty(t, s.Held(filepath.Join(t.TempDir(), "none.go"), 1))
}

func TestWanted(t *testing.T) {
	file, s := write(t), locks.Sources{}
	one := func(found []locks.Lock) locks.Lock {
		t.Helper()
		require.Len(t, found, 1)
		return found[0]
	}
	take := one(s.Wanted(file, lineOf("take")))
	assert.Equal(t, take.Key, one(s.Held(file, lineOf("between"))).Key, "the same field, by another name of the receiver")
	assert.Equal(t, take.Key, one(s.Wanted(file, lineOf("parameter"))).Key)
	assert.NotEqual(t, take.Key, one(s.Held(file, lineOf("index"))).Key)
	assert.Equal(t, take.Name, one(s.Held(file, lineOf("index"))).Name)
	mu := one(s.Wanted(file, lineOf("same variable")))
	assert.Equal(t, mu.Key, one(s.Held(file, lineOf("closure"))).Key)
	assert.NotEqual(t, mu.Key, take.Key)
	inVariable := one(s.Wanted(file, lineOf("beside it")))
	assert.Equal(t, inVariable.Key, one(s.Held(file, lineOf("in a variable"))).Key)
	assert.NotEqual(t, mu.Key, inVariable.Key, "a variable of the same name in another function")
	assert.True(t, one(s.Wanted(file, lineOf("once"))).Once)
	assert.Empty(t, s.Wanted(file, lineOf("global")))
}

// ExampleSources_Held asks what a function holds at a line.
func ExampleSources_Held() {
	dir, err := os.MkdirTemp("", "locks")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "p.go")
	text := "package p\n\nfunc (s *store) append() {\n\ts.mu.Lock()\n\ts.file.Sync()\n\ts.mu.Unlock()\n}\n"
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		panic(err)
	}
	var s locks.Sources
	for _, l := range s.Held(file, 5) {
		fmt.Printf("%s, taken on line %d\n", l.Text, l.Line)
	}
	// Output: s.mu, taken on line 4
}

// TestSyntax reads what looks alike to one who has tokens and no tree.
func TestSyntax(t *testing.T) {
	for _, tt := range []struct{ name, code, want string }{
		{"a call", "m.lock().Lock()", ""},
		{"a parenthesis", "(&s.mu).Lock()", "s.mu"},
		{"an assertion", "x.(sync.Locker).Lock()", ""},
		{"two indexes", "generic[int, string].Lock()", ""},
		{"a slice", "all[1:2].Lock()", ""},
		{"arguments", "s.mu.Lock(ctx)", ""},
		{"a Do without a function", "s.once.Do()", ""},
		{"a Do over lines", "s.once.Do(\n\tf,\n)", ""},
		{"a function type in a literal", "fs := []func() int{\nf,\n}; s.mu.Lock()", "s.mu"},
		{"a function that returns one", "_ = func() func() int { s.mu.Lock(); return nil }", ""},
		{"a deferred function", "defer func() {\ns.mu.Lock()\n}()", ""},
		{"a block that breaks off", "if bad {\ns.mu.Lock()\ns.mu.Unlock()\npanic(1)\n}", "s.mu"},
		{"a clause that returns", "s.mu.Lock()\nswitch {\ncase bad:\ns.mu.Unlock()\nreturn\ndefault:\nf()\n}", "s.mu"},
		{"a clause that goes on", "s.mu.Lock()\nswitch {\ncase bad:\ns.mu.Unlock()\ndefault:\nreturn\n}", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			file, text := filepath.Join(t.TempDir(), "p.go"), "package p\n\nfunc (s *store) f() {\n"+tt.code+"\n"
			require.NoError(t, os.WriteFile(file, []byte(text+"wait()\n}\n"), 0o644))
			var s locks.Sources
			var got []string
			for _, l := range s.Held(file, 1+strings.Count(text, "\n")) {
				got = append(got, l.Text)
			}
			assert.Equal(t, tt.want, strings.Join(got, " "))
		})
	}
	unclosed := filepath.Join(t.TempDir(), "p.go")
	require.NoError(t, os.WriteFile(unclosed, []byte("package p\nfunc f() {\nmu.Lock()\nwait()\n"), 0o644))
	assert.Empty(t, new(locks.Sources).Held(unclosed, 4), "what is not Go")
}
