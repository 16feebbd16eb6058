package models

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/model"
)

// recorded is a source of ops as Jepsen records them.
func recorded(r io.Reader) *Source {
	return &Source{Name: "h", Format: history.EDN, r: r, jepsen: true}
}

// TestCatalogue makes everything that the lists name.
func TestCatalogue(t *testing.T) {
	for _, m := range All() {
		c, err := m.Checker(m.DefaultConsistency())
		require.NoError(t, err, m.Name)
		require.NotNil(t, c)
		if m.Transactions() {
			continue // its files are read into columns
		}
		require.NotNil(t, m.read)
		require.NotNil(t, m.translator)
	}
}

// spelled spells calls of one process after another, as Jepsen records them. A
// call is f, what was asked and what was answered, with semicolons between.
func spelled(calls ...string) string {
	var b strings.Builder
	for _, c := range calls {
		part := strings.Split(c, ";")
		b.WriteString("{:process 0, :type :invoke, :f :" + part[0] + ", :value " + part[1] + "}\n")
		b.WriteString("{:process 0, :type :" + part[2] + ", :f :" + part[0] + ", :value " + part[3] + "}\n")
	}
	return b.String()
}

// TestModelsTranslate judges what Jepsen would have recorded: for each model, a
// history that it explains, and one that it does not.
func TestModelsTranslate(t *testing.T) {
	for _, c := range []struct {
		model      string
		good, evil []string
	}{
		{"register", []string{"write;1;ok;1", "cas;[1 2];ok;[1 2]", "cas;[1 3];fail;[1 3]", "read;nil;ok;2"}, []string{"write;1;ok;1", "read;nil;ok;nil"}},
		{"cas-register", []string{"read;nil;ok;nil", "write;1;ok;1", "cas;[1 nil];ok;[1 nil]", "cas;[1 3];fail;[1 3]", "read;nil;ok;nil"}, []string{"write;1;ok;1", "read;nil;ok;nil"}},
		{"multi-register", []string{"txn;[[:write :x 1] [:w :y 2]];ok;[[:write :x 1] [:w :y 2]]", "txn;[[:read :x nil] [:r :y nil]];ok;[[:read :x 1] [:r :y 2]]"}, []string{"txn;[[:r :x nil]];ok;[[:r :x 1]]"}},
		{"kv", []string{`put;"a";ok;"a"`, `append;"b";ok;"b"`, `get;nil;ok;"ab"`, "write;3;ok;3", "read;nil;ok;3"}, []string{`get;nil;ok;"a"`}},
		{"mutex", []string{"acquire;nil;ok;nil", "release;nil;ok;nil"}, []string{"acquire;nil;ok;nil", "acquire;nil;ok;nil"}},
		{"owned-mutex", []string{"acquire;nil;ok;nil", "release;nil;ok;nil"}, []string{"acquire;nil;ok;nil", "acquire;nil;ok;nil"}},
		{"reentrant-lock", []string{"acquire;nil;ok;nil", "acquire;nil;ok;nil"}, []string{"release;nil;ok;nil"}},
		{"fenced-lock", []string{"acquire;nil;ok;3", "release;nil;ok;nil", "acquire;nil;ok;4"}, []string{"acquire;nil;ok;3", "release;nil;ok;nil", "acquire;nil;ok;3"}},
		{"semaphore", []string{"acquire;nil;ok;nil", "acquire;nil;ok;nil", "release;nil;ok;nil"}, []string{"acquire;nil;ok;nil", "acquire;nil;ok;nil", "acquire;nil;ok;nil"}},
		{"counter", []string{"add;2;ok;2", "add;-1;ok;-1", "read;nil;ok;1"}, []string{"read;nil;ok;1"}},
		{"counter", []string{"add;1;ok;1", "add;1;ok;2"}, []string{"add;1;ok;1", "add;1;ok;1"}},
		{"counter", []string{"add;5;ok;5", "add;2;ok;7", "read;nil;ok;7"}, []string{"add;5;ok;5", "add;2;ok;6", "read;nil;ok;7"}},
		{"counter", []string{"increment;1;ok;1", "increment;nil;ok;2", "increment;3;ok;nil", "read;nil;ok;5"}, []string{"increment;1;ok;1", "increment;1;ok;1", "read;nil;ok;2"}},
		{"log", []string{"append;7;ok;[0]", "append;8;ok;[1]"}, []string{"append;7;ok;[0]", "append;8;ok;[0]"}},
		{"mutex", []string{"acquire;nil;ok;true", "acquire;nil;ok;false", "release;nil;ok;true"}, []string{"acquire;nil;ok;true", "acquire;nil;ok;true"}},
		{"cas-register", []string{"write;1;ok;1", "cas;[1 2];ok;false", "read;nil;ok;1"}, []string{"write;1;ok;1", "cas;[1 2];ok;true", "read;nil;ok;1"}},
		{"set", []string{"add;1;ok;1", "read;nil;ok;#{1}", "contains;1;ok;true", "remove;1;ok;1", "contains;1;ok;false", "read;nil;ok;[]"}, []string{"add;1;ok;1", "read;nil;ok;()"}},
		{"queue", []string{"enqueue;1;ok;1", "enqueue;2;ok;2", "dequeue;nil;ok;1", "dequeue;nil;ok;2", "dequeue;nil;ok;nil"}, []string{"enqueue;1;ok;1", "enqueue;2;ok;2", "dequeue;nil;ok;2"}},
		{"priority-queue", []string{"enqueue;2;ok;2", "enqueue;1;ok;1", "dequeue;nil;ok;1"}, []string{"enqueue;2;ok;2", "enqueue;1;ok;1", "dequeue;nil;ok;2"}},
		{"unordered-queue", []string{"enqueue;1;ok;1", "enqueue;2;ok;2", "dequeue;nil;ok;2"}, []string{"dequeue;nil;ok;2"}},
		{"stack", []string{"push;1;ok;1", "push;2;ok;2", "pop;nil;ok;2", "pop;nil;ok;1", "pop;nil;ok;nil"}, []string{"push;1;ok;1", "push;2;ok;2", "pop;nil;ok;1"}},
		{"log", []string{"append;1;ok;1", "append;2;ok;2", "read;nil;ok;[1 2]"}, []string{"append;1;ok;1", "read;nil;ok;[]"}},
		{"unique-ids", []string{"generate;nil;ok;1", "generate;nil;ok;2"}, []string{"generate;nil;ok;1", "generate;nil;ok;1"}},
		{"jepsen-set", []string{"add;:a;ok;:a", "read;nil;ok;#{:a}"}, []string{"add;:a;ok;:a", "read;nil;ok;#{}"}},
		{"set-full", []string{"add;[1 2];ok;[1 2]", "read;nil;ok;[[1 2]]"}, []string{"add;1;ok;1", "read;nil;ok;[]"}},
		{"jepsen-counter", []string{"add;1;ok;1", "read;nil;ok;1"}, []string{"add;1;ok;1", "read;nil;ok;0"}},
		{"jepsen-queue", []string{"enqueue;1;ok;1", "dequeue;nil;ok;1"}, []string{"dequeue;nil;ok;1"}},
		{"total-queue", []string{"enqueue;1;ok;1", "dequeue;nil;ok;1"}, []string{"enqueue;1;ok;1", "enqueue;2;ok;2", "drain;nil;ok;[1]"}},
		{"bank", []string{"read;nil;ok;{0 10, 1 0}", "read;nil;ok;{0 5, 1 5}"}, []string{"read;nil;ok;{0 10, 1 0}", "read;nil;ok;{0 11, 1 -1}"}},
		{"bank-overdraft", []string{"read;nil;ok;{0 10, 1 0}", "read;nil;ok;{0 11, 1 -1}"}, []string{"read;nil;ok;{0 10, 1 0}", "read;nil;ok;{0 11, 1 0}"}},
		{"cache", []string{"write;nil;ok;1", "read;nil;ok;1", "read;nil;ok;2"}, []string{"write;nil;ok;2", "read;nil;ok;1"}},
		{"cache-sessions", []string{"write;nil;ok;1", "read;nil;ok;3"}, []string{"read;nil;ok;2", "read;nil;ok;nil"}},
		{"causal-reverse", []string{"write;1;ok;1", "write;2;ok;2", "read;nil;ok;[1 2]"}, []string{"write;1;ok;1", "write;2;ok;2", "read;nil;ok;[2]"}},
		{"monotonic", []string{"add;1;ok;[1 10 0]", "add;2;ok;[2 11 0]", "read;nil;ok;[[1 10 0] [2 11 0]]"}, []string{"add;1;ok;[1 10 0]", "add;2;ok;[2 11 0]", "read;nil;ok;[[1 10 0] [1 11 0]]"}},
		{"stats", []string{"read;nil;ok;1"}, []string{"read;nil;fail;1"}},
	} {
		assert.Equal(t, checker.Valid, judgedAs(t, c.model, spelled(c.good...)), c.model)
		assert.Equal(t, checker.Invalid, judgedAs(t, c.model, spelled(c.evil...)), c.model)
		testThereAndBack(t, c.model, spelled(append(c.good, c.evil...)...))
	}
}

// testThereAndBack spells a history of a model as Jepsen would, and reads it again.
func testThereAndBack(t *testing.T, name, text string) {
	t.Helper()
	m, err := Find(name, Shape{})
	require.NoError(t, err)
	if m.encode == nil {
		return
	}
	h, err := m.Read(recorded(strings.NewReader(text)), history.Options{})
	require.NoError(t, err)
	var b bytes.Buffer
	var ops []history.Op
	for op := range h.Ops() {
		ops = append(ops, m.encode(op))
	}
	require.NoError(t, history.Of(ops...).Encode(&b, history.Options{Format: history.EDN}))
	again, err := m.Read(recorded(&b), history.Options{})
	require.NoError(t, err)
	assert.Equal(t, h, again, name)
}

func judgedAs(t *testing.T, name, text string) checker.Verdict {
	t.Helper()
	m, err := Find(name, Shape{})
	require.NoError(t, err)
	h, err := m.Read(recorded(strings.NewReader(text)), history.Options{})
	require.NoError(t, err)
	c, err := m.Checker(Linearizable)
	require.NoError(t, err)
	r := c.Check(t.Context(), h)
	return r.Verdict
}

func TestModelsRefuse(t *testing.T) {
	for _, c := range []struct{ model, call, want string }{
		{"register", "enqueue;1;ok;1", `f "enqueue" is none of read, write, cas; models that know it: queue, priority-queue, unordered-queue, jepsen-queue, total-queue` + "\n  if it means one of these, say --rename f:enqueue=NAME"},
		{"register", "remove-all;1;ok;1", `f "remove-all" is none of read, write, cas` + "\n  if it means one of these, say --rename f:remove-all=NAME"},
		{"register", `write;"x";ok;"x"`, `value "x" is no integer`},
		{"register", "cas;[1];ok;[1]", "value [1] of a cas is no pair of what is expected and what is put"},
		{"kv", `cas;["k" "a" "b"];ok;["k" "a" "b"]`, `value ["k" "a" "b"] of a cas ` + "is no pair of what is expected and what is put\n  values are pairs: if they are a key and a value each, say --independent"},
		{"register", "cas;[:a 1];ok;[1 1]", "value :a is no integer\n  values are pairs: if they are a key and a value each, say --independent"},
		{"register", "read;nil;ok;:x", "1 value :x is no integer"},
		{"multi-register", "txn;1;ok;1", "value 1 is no transaction"},
		{"multi-register", "txn;[[:r 1]];ok;1", "[:r 1] is no step of a transaction"},
		{"multi-register", "txn;[[:append 1 2]];ok;1", "these are transactions of Elle's list-append: judge them with --model list-append"},
		{"set", "add;3;ok;false", "1 the answer is false, but its type is ok: what was not done has the type fail" +
			"\n  see which call the answer belongs to: the process may be wrong, or the value recorded in the wrong op\n  --lenient goes on, and says what it assumed"},
		{"counter", "add;3;ok;:x", "1 value :x is no integer"},
		{"set", "read;nil;ok;7", "1 value 7 is no collection"},
		{"set", "read;nil;ok;[:a]", "1 value :a is no integer"},
		{"set", "contains;1;ok;1", "1 value 1 of a contains is neither true nor false"},
		{"queue", "dequeue;nil;ok;[]", "1 value [] is no integer"},
	} {
		m, err := Find(c.model, Shape{})
		require.NoError(t, err)
		_, err = m.Read(recorded(strings.NewReader(spelled(c.call))), history.Options{})
		line := 1
		if strings.HasPrefix(c.want, "1 ") {
			line, c.want = 2, c.want[2:]
		}
		require.EqualError(t, err, fmt.Sprintf("h:%d: as a history of model %s: %s", line, c.model, c.want))
	}
}

func TestLongFork(t *testing.T) {
	text := func(last string) string {
		return spelled("write;[[:w :x 1]];ok;[[:w :x 1]]", "write;[[:w :y 1]];ok;[[:w :y 1]]",
			"read;[[:r :x nil] [:r :y nil]];ok;[[:r :x 1] [:r :y nil]]", "read;[[:r :x nil] [:r :y nil]];ok;"+last)
	}
	assert.Equal(t, checker.Valid, judgedAs(t, "long-fork", text("[[:r :x 1] [:r :y 1]]")))
	assert.Equal(t, checker.Invalid, judgedAs(t, "long-fork", text("[[:r :x nil] [:r :y 1]]")))
}

// TestTranslateKeepsWhatHappened shows which calls say nothing, and that stray
// completions and the nemesis do not matter.
func TestTranslateKeepsWhatHappened(t *testing.T) {
	const text = `{:process 7, :type :ok, :f :read, :value 5}
{:process 0, :type :invoke, :f :read, :value nil}
{:process :nemesis, :type :info, :f :kill, :value nil}
{:process 0, :type :ok, :f :read, :value nil}
{:process 1, :type :invoke, :f :write, :value 1}
{:process 1, :type :info, :f :write, :value 1, :error :timeout}
{:process 2, :type :invoke, :f :cas, :value [1 2]}
{:process 2, :type :fail, :f :cas, :value [1 2]}
`
	m, err := Find("register", Shape{})
	require.NoError(t, err)
	var assumed history.Assumptions
	h, err := m.Read(recorded(strings.NewReader(text)), history.Options{Lenient: true, Assumed: &assumed})
	require.NoError(t, err)
	assert.Equal(t, "1 completion without an invocation was passed over (line 1)", assumed.String())
	var types []string
	for op := range h.Ops() {
		types = append(types, op.Type.String())
	}
	assert.Equal(t, []string{"ok", "invoke", "info", "ok", "invoke", "info", "invoke", "fail"}, types)
	assert.Nil(t, h.At(0).Output)
	assert.Equal(t, history.JepsenOp{F: "kill"}, h.At(2).Output)
	assert.Equal(t, model.RegisterOp{F: "cas", Old: 1, Value: 2}, h.At(6).Input)
}

func TestFindModel(t *testing.T) {
	_, err := Find("cas-register", Shape{Initial: "x"})
	require.EqualError(t, err, `--initial is an integer, nil or unknown, not "x"`)
	_, err = Find("queue", Shape{Initial: "1"})
	require.EqualError(t, err, "--initial is for the models register, cas-register, multi-register, kv")
	_, err = Find("mutex", Shape{Size: "3"})
	require.EqualError(t, err, "--size is for the models semaphore and reentrant-lock")
	for _, size := range []string{"0", "-1", "two"} {
		_, err = Find("semaphore", Shape{Size: size})
		require.EqualError(t, err, fmt.Sprintf("--size is a whole number from 1 on, not %q", size))
	}

	register, err := Find("register", Shape{})
	require.NoError(t, err)
	for _, r := range Consistencies() {
		c, err := register.Checker(r.Name)
		require.NoError(t, err, "a register can be held to all that there is")
		for text, want := range map[string]checker.Verdict{
			spelled("write;1;ok;1", "read;nil;ok;1"): checker.Valid,
			spelled("write;1;ok;1", "read;nil;ok;2"): checker.Invalid, // 2 was never written
		} {
			h, err := register.Read(recorded(strings.NewReader(text)), history.Options{})
			require.NoError(t, err)
			assert.Equal(t, want, c.Check(t.Context(), h).Verdict, r.Name)
		}
	}
	stack, err := Find("stack", Shape{})
	require.NoError(t, err)
	_, err = stack.Checker("causal")
	require.ErrorContains(t, err, "valid: linearizable")
}

// TestSettleCounter shows what answers to adds are taken for.
func TestSettleCounter(t *testing.T) {
	const ones = "add;1;ok;1"
	many := slices.Repeat([]string{ones}, mostRepeated+1)
	for _, c := range []struct {
		calls []string
		note  string
		want  checker.Verdict
	}{
		{[]string{ones, ones}, "nothing was read: the answers to adds were taken for the new values", checker.Invalid},
		{many, "repeat what was added, and say nothing more", checker.Unknown}, // nothing was read
		{[]string{ones, ones, "read;nil;ok;2"}, "the answers to 2 adds repeat what was added", checker.Valid},
		{[]string{ones, "add;1;ok;2", "add;1;ok;2"}, "adds are answered with other values than were added", checker.Invalid},
		{[]string{"add;1;ok;nil", "add;1;ok;nil", "read;nil;ok;2"}, "", checker.Valid},
		{[]string{"add;1;ok;true", "add;1;fail;nil", "read;nil;ok;1"}, "", checker.Valid},
	} {
		k, err := New(Options{Model: "counter"})
		require.NoError(t, err)
		rec, err := k.Read(recorded(strings.NewReader(spelled(c.calls...))))
		require.NoError(t, err)
		assert.Contains(t, strings.Join(rec.Notes, ""), c.note)
		assert.Equal(t, c.note == "", len(rec.Notes) == 0)
		j, err := k.Judge(t.Context(), rec)
		require.NoError(t, err)
		assert.Equal(t, c.want, j.Verdict, "%v", c.calls)
	}
}
