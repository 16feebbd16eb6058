package workloads

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/model"
)

// turnsOf calls fn for turns of ten clients.
func turnsOf(turns int, fn func(t txnTurn)) {
	for i := range turns {
		for c := range 10 {
			fn(txnTurn{Rand: rand.New(rand.NewPCG(uint64(i), uint64(c))), Client: c, Clients: 10, Index: i})
		}
	}
}

// TestAppendMix has what the settings say: lengths, share of reads, writes of a key, values that are there once.
func TestAppendMix(t *testing.T) {
	for _, mix := range []TxnMix{{}, {Keys: 3, MaxWrites: 16, MinLength: 2, MaxLength: 12, ReadShare: 0.25, Distribution: Zipf}, {ReadShare: -1, Keys: 1}} {
		m := mix.withDefaults()
		ops, reads, written, seen := 0, 0, map[string]int{}, map[int]bool{}
		turnsOf(400, func(turn txnTurn) {
			in := m.nextAppends(turn)
			require.LessOrEqual(t, m.MinLength, len(in))
			require.GreaterOrEqual(t, m.MaxLength, len(in))
			for _, o := range in {
				ops++
				if o.F == model.TxnRead {
					reads++
					continue
				}
				require.False(t, seen[o.Value], "%d is written twice", o.Value)
				seen[o.Value] = true
				written[o.Key]++
			}
		})
		assert.InDelta(t, m.ReadShare, float64(reads)/float64(ops), 0.03)
		most := 0
		for _, n := range written { // order: the greatest
			most = max(most, n)
		}
		assert.LessOrEqual(t, most, m.MaxWrites*5/2)
		assert.InDelta(t, (ops-reads)/m.MaxWrites, len(written), float64(len(written))/5+float64(m.Keys))
	}
}

// TestZipf has the first of the keys in use drawn most often.
func TestZipf(t *testing.T) {
	m := TxnMix{Distribution: Zipf}.withDefaults()
	drawn := make([]int, m.Keys)
	turnsOf(400, func(turn txnTurn) { drawn[m.draw(turn)]++ })
	assert.InDelta(t, 2, float64(drawn[0])/float64(drawn[1]), 0.3)
	assert.InDelta(t, 5, float64(drawn[0])/float64(drawn[4]), 1)
}

// TestMiniTransactions has a read of its key before each write, unless writes are blind.
func TestMiniTransactions(t *testing.T) {
	follows := func(m TxnMix) (all bool) {
		all = true
		turnsOf(100, func(turn txnTurn) {
			in := m.withDefaults().nextWrites(turn)
			for i, o := range in {
				if o.F == model.TxnWrite && !touches(in[:i], o.Key) {
					all = false
				}
			}
		})
		return all
	}
	assert.True(t, follows(TxnMix{}))
	assert.False(t, follows(TxnMix{BlindShare: 0.2}))
}

// TestTxnInputs survive JSON, as those of a script in a file do; others are refused.
func TestTxnInputs(t *testing.T) {
	w := Append(noDatabase, "serializable", TxnMix{})
	turnsOf(3, func(turn txnTurn) {
		in := TxnMix{}.withDefaults().nextAppends(turn)
		b, err := json.Marshal(in)
		require.NoError(t, err)
		back, err := w.ReadInput(b)
		require.NoError(t, err)
		require.NoError(t, w.Accepts(back))
		require.Equal(t, in, back)
	})
	for text, want := range map[string]string{
		`[["w","x",1]]`:  `an operation "w" of an input is none of [append r]`,
		`[]`:             "a transaction of an input has no operations",
		`[["r"]]`:        "has 1 parts",
		`{"f":"read"}`:   "input",
		`[["append",1,2`: "input",
	} { // order: each is on its own
		in, err := w.ReadInput([]byte(text))
		if err == nil {
			err = w.Accepts(in)
		}
		require.ErrorContains(t, err, want, text)
	}
}

func noDatabase(context.Context, *cluster.Host) (Transactor, error) { return nil, ErrFail }
