package hostrt_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/capsize-go/capsize/internal/hostrt"
)

// The environment of a program is its own, from the first to the last variable.
func TestEnvironment(t *testing.T) {
	m := &hostrt.Machine{Name: "n1"}
	if v, ok := m.Getenv("HOSTNAME"); v != "n1" || !ok {
		t.Errorf("HOSTNAME is %q, %v", v, ok)
	}
	m.Setenv("A", "1")
	m.Setenv("A", "2")
	if v, ok := m.Getenv("A"); v != "2" || !ok {
		t.Errorf("A is %q, %v", v, ok)
	}
	if n := len(slices.DeleteFunc(m.Environ(), func(v string) bool { return !strings.HasPrefix(v, "A=") })); n != 1 {
		t.Errorf("A is there %d times", n)
	}
	m.Unsetenv("A")
	if _, ok := m.Getenv("A"); ok {
		t.Error("A was removed, and is there")
	}
	m.Clearenv()
	if all := m.Environ(); len(all) != 0 {
		t.Errorf("all was removed, and %v is there", all)
	}
}

// What a program can't have is said once, and what it had is released once.
func TestOnce(t *testing.T) {
	var said []string
	released := 0
	m := &hostrt.Machine{Name: "n1", Warn: func(text string) { said = append(said, text) }}
	m.Refuse("starts a process")
	m.Refuse("starts a process")
	m.Refuse("waits for a signal")
	if want := []string{"the program starts a process", "the program waits for a signal"}; !slices.Equal(said, want) {
		t.Errorf("it said %q", said)
	}
	m.OnEndOnce("x", func() { released++ })
	m.OnEndOnce("x", func() { released++ })
	m.OnEnd(func() { released += 10 })
	m.End()
	m.End()
	if released != 11 {
		t.Errorf("released: %d", released)
	}
}
