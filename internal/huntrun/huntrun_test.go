package huntrun

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestLines are read as they were written, also long ones, and one that was cut off is left out.
func TestLines(t *testing.T) {
	var pipe bytes.Buffer
	w := &Worker{out: &pipe, in: strings.NewReader("k")}
	said := []Line{
		{Hello: &Hello{Go: "go1.26"}}, {Begin: 7},
		{Run: &Outcome{Seed: 7, Verdict: Invalid, Reason: strings.Repeat("long ", 100_000), Signature: &Signature{Checker: "c", Anomaly: "a"}}}, {End: true},
	}
	for _, l := range said {
		w.Say(l)
	}
	w.Wait()
	require.NoError(t, w.Err())
	w.Wait()
	require.ErrorContains(t, w.Err(), "the hunt has ended")
	w.Say(Line{Begin: 8})
	pipe.WriteString(`{"begin":9`)

	var read []Line
	require.NoError(t, Read(&pipe, func(l Line) { read = append(read, l) }))
	assert.Equal(t, said, read)
	assert.ErrorContains(t, Read(strings.NewReader("no JSON\n"), func(Line) {}), "read what a worker says")
}

// TestOpen reads the task from the environment.
func TestOpen(t *testing.T) {
	w, err := open()
	require.NoError(t, err)
	assert.Nil(t, w, "no hunt has started this process")
	t.Setenv(Variable, `{"test":"TestStore","seeds":[1,18446744073709551615]}`)
	w, err = open()
	require.NoError(t, err)
	assert.Empty(t, os.Getenv(Variable), "no process that this one starts is a worker")
	assert.Equal(t, Task{Test: "TestStore", Seeds: []uint64{1, 1<<64 - 1}}, w.Task)
	t.Setenv(Variable, "{")
	_, err = open()
	assert.ErrorContains(t, err, Variable)
}

// TestSizes are in the order in which people find failures easy to read.
func TestSizes(t *testing.T) {
	sizes := []Size{{Faults: 0, Operations: 9}, {Faults: 1, Operations: 3, Nodes: 3}, {Faults: 1, Operations: 3, Nodes: 5}, {Faults: 1, Operations: 4}, {Faults: 2}}
	for i := range sizes {
		for j := range sizes {
			assert.Equal(t, i < j, sizes[i].Less(sizes[j]), "%v %v", sizes[i], sizes[j])
		}
	}
}
