package consistency

import (
	"math/rand/v2"
	"testing"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/internal/view"
	"github.com/capsize-go/capsize/model"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestStrongerLevelsImplyWeakerOnes judges random histories by all levels, each on its own.
func TestStrongerLevelsImplyWeakerOnes(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	levels := Levels(model.Register())
	r := rand.New(rand.NewPCG(5, 5))
	apart := map[[2]string]int{} // how often a weaker level held where a stronger one did not
	for range sweepHistories(3000) {
		f := smallFleet(r)
		if r.IntN(4) == 0 { // long enough for causes of causes
			f = fleet{replicas: 3, clients: 4, calls: 40, keys: 2, delivery: f.delivery, lag: 6, stamped: f.stamped, lossy: f.lossy}
		}
		h := f.history(r)
		verdict := map[string]checker.Verdict{}
		for _, l := range levels {
			verdict[l.Name] = l.Checker.Check(t.Context(), h).Verdict
		}
		for _, l := range levels {
			for _, weaker := range l.Implies {
				if verdict[l.Name] == checker.Valid {
					require.NotEqual(t, checker.Invalid, verdict[weaker], "%s holds and %s does not\n%v", l.Name, weaker, h)
				} else if verdict[weaker] == checker.Valid {
					apart[[2]string{l.Name, weaker}]++
				}
			}
		}
		for i, p := range New(model.Register()).Check(t.Context(), h).Parts {
			require.Equal(t, levels[i].Name, p.Checker)
			require.Equal(t, verdict[p.Checker], p.Verdict, "%s\n%v", p.Checker, h)
		}
	}
	for _, l := range levels {
		for _, weaker := range l.Implies {
			assert.NotZero(t, apart[[2]string{l.Name, weaker}], "%s and %s were never apart", l.Name, weaker)
		}
	}
}

func TestStrongest(t *testing.T) {
	m := model.Register()
	for _, c := range []struct {
		name string
		h    []scripted
		want []string
	}{
		{"all", []scripted{write(1, "x", 5), read(2, "x", 5)}, []string{"linearizable", "convergent"}},
		{"stale", []scripted{write(1, "x", 5), read(2, "x", 0)}, []string{"sequential", "2-atomic"}},
		{"two orders", []scripted{write(1, "x", 5), write(2, "x", 6), read(3, "x", 5), read(3, "x", 6), read(4, "x", 6), read(4, "x", 5)}, []string{"causal-memory", "2-atomic"}},
		{"back again", []scripted{write(1, "x", 5), read(2, "x", 5), read(2, "x", 0)}, []string{"read-your-writes", "monotonic-writes", "writes-follow-reads", "2-atomic"}},
	} {
		assert.Equal(t, c.want, Strongest(t.Context(), m, script(c.h...)), c.name)
	}
	r := New(m).Check(t.Context(), script(write(1, "x", 5), read(2, "x", 0), read(2, "x", 5), read(2, "x", 0)))
	assert.Equal(t, checker.Valid, r.Verdict)
	assert.Equal(t, "4 calls satisfy read-your-writes, monotonic-writes, writes-follow-reads, 2-atomic", r.Reason)
}

func TestConsistencyNamed(t *testing.T) {
	h := script(write(1, "x", 5), read(1, "x", 5))
	for _, name := range []string{"linearizable", "sequential", "causal", "causal-convergent", "causal-memory", "pram",
		"read-your-writes", "monotonic-reads", "monotonic-writes", "writes-follow-reads", "monotonic", "convergent", "2-atomic", "staleness", "lost"} {
		c, err := Named(model.Register(), name)
		require.NoError(t, err)
		r := c.Check(t.Context(), h)
		assert.Equal(t, checker.Valid, r.Verdict, "%s: %s", name, r.Reason)
		assert.Equal(t, name, r.Checker)
	}
	_, err := Named(model.Register(), "strict")
	require.ErrorContains(t, err, `consistency "strict" is none of linearizable, sequential`)
}

// TestFleetsKeepTheirLevel judges replicas whose level is known by how they work: they must always keep it, and
// break the next stronger one over some seeds.
func TestFleetsKeepTheirLevel(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	m := model.Register()
	all := fleet{replicas: 3, clients: 5, calls: 60, keys: 2, lag: 6, lossy: true, converge: true}
	with := func(change func(*fleet)) fleet {
		f := all
		change(&f)
		return f
	}
	for _, c := range []struct {
		name          string
		fleet         fleet
		keeps, breaks []string
	}{
		{"one copy", all, []string{"linearizable", "convergent"}, nil},
		{"causal broadcast, last stamp wins", with(func(f *fleet) { f.delivery, f.stamped = causally, true }),
			[]string{"causal-convergent", "convergent"}, []string{"sequential", "linearizable"}},
		{"causal broadcast, last arrival wins", with(func(f *fleet) { f.delivery = causally }),
			[]string{"causal-memory"}, []string{"causal-convergent", "sequential", "convergent"}},
		{"broadcast in turn", with(func(f *fleet) { f.delivery = inTurn }), []string{"pram"}, []string{"causal", "causal-memory", "writes-follow-reads"}},
		{"any order, last stamp wins", with(func(f *fleet) { f.delivery, f.stamped = anyhow, true }),
			[]string{"monotonic", "convergent"}, []string{"pram", "monotonic-writes", "causal"}},
		{"any order, last arrival wins", with(func(f *fleet) { f.delivery = anyhow }),
			[]string{"read-your-writes"}, []string{"monotonic", "monotonic-reads", "convergent"}},
		{"roaming clients", with(func(f *fleet) { f.delivery, f.stamped, f.roam = causally, true, true }),
			[]string{"convergent"}, []string{"monotonic-reads", "read-your-writes", "2-atomic"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, 1))
			broke := map[string]int{}
			for range sweepHistories(300) {
				h := c.fleet.history(r)
				for _, name := range c.keeps {
					check, err := Named(m, name)
					require.NoError(t, err)
					got := check.Check(t.Context(), h)
					require.Equal(t, checker.Valid, got.Verdict, "%s: %s\n%v", name, got.Reason, h)
				}
				for _, name := range c.breaks {
					check, err := Named(m, name)
					require.NoError(t, err)
					broke[name] += view.BoolInt(check.Check(t.Context(), h).Verdict == checker.Invalid)
				}
			}
			for _, name := range c.breaks {
				assert.NotZero(t, broke[name], name)
			}
		})
	}
}
