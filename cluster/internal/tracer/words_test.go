package tracer

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/capsize-go/capsize/cluster/trace"
)

type fault struct {
	Cut       bool
	FailSyncs int
	Delay     time.Duration
	hidden    int
}

type named string

// TestWords puts faults into words.
func TestWords(t *testing.T) {
	assert.Equal(t, "cut, fail syncs 3, delay 5ms", Words(fault{Cut: true, FailSyncs: 3, Delay: 5 * time.Millisecond, hidden: 1}))
	assert.Empty(t, Words(fault{}))
	assert.Equal(t, "stuck-lock", Words(named("stuck-lock")))
}

type bad struct{ say string }

func (b bad) Describe() trace.Description {
	if b.say == "" {
		panic("no words")
	}
	return trace.Description{Name: "bad", Text: b.say}
}

type longNamed struct{}

func (longNamed) Describe() trace.Description {
	return trace.Description{Name: strings.Repeat("n", 1<<20)}
}

type speaker struct{}

func (speaker) String() string { return "two\n lines" }

// TestDescribeAnything describes bodies of any kind: one that panics costs its text only.
func TestDescribeAnything(t *testing.T) {
	long := strings.Repeat("ä", longestText)
	for _, test := range []struct {
		body any
		want trace.Description
	}{
		{nil, trace.Description{Name: "nil"}},
		{7, trace.Description{Name: "int"}},
		{[]int{7}, trace.Description{Name: "[]int"}},
		{&fault{}, trace.Description{Name: "fault"}},
		{speaker{}, trace.Description{Name: "speaker", Text: "two lines"}},
		{[]byte("hello"), trace.Description{Text: "5 bytes"}},
		{"hello", trace.Description{Text: "hello"}},
		{bad{}, trace.Description{Name: "bad", Text: "Describe panicked: no words"}},
		{bad{long}, trace.Description{Name: "bad", Text: strings.Repeat("ä", longestText/2) + "…"}},
		{longNamed{}, trace.Description{Name: strings.Repeat("n", longestText) + "…"}},
	} {
		r := New(trace.Window{To: time.Second})
		s := Message(test.body)
		r.Send(0, s, "n1", "n2")
		s.Leaves(0)
		s.Arrives(1, "")
		assert.Equal(t, test.want, r.Trace(nil).Messages[0].Description)
	}
}

// TestNil does nothing where nothing is recorded.
func TestNil(t *testing.T) {
	r := New(trace.Window{})
	assert.Nil(t, r)
	r.Handle(0, "n1", 1)
	r.Event(trace.Event{})
	r.Restored(0)
	assert.Nil(t, r.Trace(nil))
	var s *Sent
	s.Leaves(0)
	s.By("it")
	s.Arrives(0, trace.Cut)
	assert.Nil(t, s.Copy("it"))
}
