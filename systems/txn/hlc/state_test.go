package hlc

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/capsize-go/capsize/systems/txn/internal/cell"
)

func at(seconds int64) stamp { return stamp{Wall: seconds * int64(time.Second)} }

func lay(id string, t stamp, key string, value int) *command {
	return &command{Kind: layIntent, ID: id, At: t, Begun: t.Wall, Intent: &intent{At: t, Begun: t.Wall, Keys: []string{key}, Cells: []cell.Cell{{Value: value}}}}
}

func ends(id string, t stamp, commit bool) *command {
	return &command{Kind: resolveIntent, ID: id, At: t, Begun: t.Wall, Commit: commit}
}

func TestStamps(t *testing.T) {
	assert.True(t, at(1).before(at(1).next()))
	assert.True(t, at(1).next().before(at(2)))
	assert.False(t, at(2).before(at(2)))
	assert.Equal(t, at(2), later(at(2), at(1).next()))
}

// TestIntents lays intents one after the other on a key, and never below a version.
func TestIntents(t *testing.T) {
	s := newState()
	assert.True(t, s.apply(lay("a", at(10), "x", 1)))
	assert.False(t, s.apply(lay("b", at(11), "x", 2)), "the key is locked")
	s.apply(ends("a", at(12), true))
	assert.Equal(t, version{at(12), cell.Cell{Value: 1}}, s.newest("x"))
	assert.False(t, s.apply(lay("b", at(11), "x", 2)), "there is a later version")
	assert.False(t, s.apply(lay("a", at(13), "x", 1)), "it has ended")
	assert.True(t, s.apply(lay("c", at(14), "x", 3)))
	s.apply(ends("c", at(14), false))
	assert.Equal(t, 1, s.newest("x").Cell.Value)
	assert.Empty(t, s.Locks)
	assert.Zero(t, s.at("x", at(11)))
	assert.Equal(t, 1, s.at("x", at(12)).Cell.Value)
}

// TestRecords keeps the first record of a transaction.
func TestRecords(t *testing.T) {
	s := newState()
	assert.True(t, s.apply(&command{Kind: writeRecord, ID: "a", At: at(1), Begun: at(1).Wall}))
	assert.False(t, s.apply(&command{Kind: writeRecord, ID: "a", At: at(1), Begun: at(1).Wall, Commit: true}))
	assert.False(t, s.Records["a"].Committed)
}

// TestForget drops versions that no read may ask for any more, and refuses what is too old to be known.
func TestForget(t *testing.T) {
	s := newState()
	for i := range int64(3) {
		id := string(rune('a' + i))
		s.apply(lay(id, at(10*i+1), "x", int(i)+1))
		s.apply(ends(id, at(10*i+1), true))
	}
	s.forget()
	assert.Equal(t, 2, len(s.Versions["x"]), "reads from second 16 on see the one of second 11")
	assert.Equal(t, at(16), s.Oldest)
	assert.Len(t, s.Ended, 3)
	s.apply(&command{Kind: raiseCeiling, At: at(20 + int64(remembered/time.Second))})
	s.forget()
	assert.Len(t, s.Versions["x"], 1)
	assert.Len(t, s.Ended, 1)
	assert.False(t, s.apply(lay("a", at(1), "y", 1)))
}
