package trace_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/cluster/trace"
)

// TestWindowText writes windows and reads them again.
func TestWindowText(t *testing.T) {
	for _, w := range []trace.Window{{}, {To: time.Second}, {From: 1500 * time.Millisecond, To: time.Hour}} {
		var got trace.Window
		require.NoError(t, got.UnmarshalText([]byte(w.String())))
		require.Equal(t, w, got)
		require.Equal(t, w.To > 0, got.On())
	}
	for text, want := range map[string]string{
		"1s":     `window to record: time: invalid duration ""`,
		"x,2s":   `window to record: time: invalid duration "x"`,
		"2s,1s":  "window to record: from 2s to 1s",
		"-1s,1s": "window to record: from -1s to 1s",
	} {
		require.EqualError(t, new(trace.Window).UnmarshalText([]byte(text)), want)
	}
}

// TestFile writes one line for each thing, in the order of time, and keeps what is awkward on its line.
func TestFile(t *testing.T) {
	awkward := "<b>\"\n\x00" + strings.Repeat("long", 1000)
	want := &trace.Trace{
		From: 1, To: 9, Dropped: 2,
		Standing: []trace.Event{{At: 1, Host: "n1", Kind: trace.Role, Text: "leader", Term: 3}},
		Events:   []trace.Event{{At: 4, Host: "n1", Kind: trace.Crash, Fault: "crash"}, {At: 8, Host: "n2", Peer: "n1", Kind: trace.Link, Text: "cut", Ends: true}},
		Messages: []trace.Message{
			{ID: 1, From: "n1", To: "n2", Sent: 3, At: 5, Description: trace.Description{Name: "append", Carries: []trace.Item{{Key: awkward, Value: awkward}}}},
			{ID: 2, From: "n2", To: "n1", Sent: 6, At: 7, Lost: trace.Down, Reply: true, Cause: 1},
		},
	}
	var b bytes.Buffer
	require.NoError(t, want.Write(&b))
	var kinds []string
	for line := range strings.Lines(b.String()) {
		kind, _, _ := strings.Cut(strings.TrimPrefix(line, `{"type":"`), `"`)
		kinds = append(kinds, kind)
	}
	assert.Equal(t, strings.Fields("window standing message event message event"), kinds)
	got, err := trace.Read(&b)
	require.NoError(t, err)
	require.Equal(t, want, got)

	_, err = trace.Read(strings.NewReader(`{"type":"window"}` + "\n{"))
	require.EqualError(t, err, "read messages: line 2: unexpected EOF")
}
