package raftkv

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/cluster"
)

// answers is a node that answers every request as reply says; nil is no answer.
func answers(reply func(n int, r *request) any) cluster.System {
	return cluster.Func(func(ctx context.Context, h *cluster.Host) error {
		n := 0
		h.Handle(func(m cluster.Message) {
			n++
			if r := reply(n, m.Body.(*request)); r != nil {
				m.Reply(r)
			}
		})
		<-ctx.Done()
		return nil
	})
}

// put puts a value in a cluster of such nodes, and returns the error.
func put(t *testing.T, reply func(n int, r *request) any) (err error) {
	t.Helper()
	inCluster(t, answers(reply), 1, func(t *testing.T, c *cluster.Cluster) {
		h := c.Client(0)
		client, e := Store{}.Open(t.Context(), h)
		require.NoError(t, e)
		ctx, cancel := h.WithTimeout(context.Background(), time.Second)
		defer cancel()
		err = client.Put(ctx, "x", 1)
		require.NoError(t, client.Close())
	})
	return err
}

func TestNoLeader(t *testing.T) {
	asked := 0
	err := put(t, func(n int, _ *request) any { asked = n; return response{status: noLeader} })
	assert.ErrorIs(t, err, ErrNoLeader)
	assert.True(t, err.(interface{ DidNotHappen() bool }).DidNotHappen())
	assert.Equal(t, "no leader", err.Error())
	assert.Greater(t, asked, 10, "it asks again after a pause")
}

func TestIndeterminateAnswers(t *testing.T) {
	for name, answer := range map[string]any{
		"the leader is one no more": response{status: lost},
		"it says nothing":           nil,
		"it says nonsense":          "nonsense",
	} {
		t.Run(name, func(t *testing.T) {
			err := put(t, func(n int, _ *request) any {
				if n == 1 {
					return answer
				}
				return response{status: noLeader}
			})
			assert.ErrorIs(t, err, context.DeadlineExceeded)
			assert.NotErrorIs(t, err, ErrNoLeader, "the first request may have happened")
			assert.ErrorContains(t, err, "n1")
		})
	}
}

// TestAgain looks at what a client sends: a retry bears the number of the first
// try, and the next operation the next.
func TestAgain(t *testing.T) {
	var got []request
	err := put(t, func(n int, r *request) any {
		got = append(got, *r)
		if n < 3 {
			return nil
		}
		return response{}
	})
	require.NoError(t, err)
	require.Len(t, got, 3)
	for i := range got { // a retry is distinguished from a duplicate
		assert.EqualValues(t, i+1, got[i].attempt)
		got[i].attempt = 0
	}
	assert.Equal(t, got[0], got[1])
	assert.Equal(t, got[0], got[2])
	assert.Equal(t, uint64(1), got[0].number)
	assert.NotZero(t, got[0].session)
}
