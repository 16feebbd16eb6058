package storage_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/cluster"
	"github.com/capsize-go/capsize/examples/storage"
	"github.com/capsize-go/capsize/internal/tier"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/workloads"
)

// A storeCase is a store, what goes wrong, and the verdict that belongs to it.
type storeCase struct {
	name    string
	store   storage.Store
	nemesis nemesis.Nemesis
	want    checker.Verdict
	some    bool   // not most seeds find it, but some
	effect  string // what the faults must have done
}

func cases() []storeCase {
	each := 2 * time.Second
	powerCuts := []nemesis.Fault{
		nemesis.PowerCuts(cluster.Nothing), nemesis.PowerCuts(cluster.Prefix),
		nemesis.PowerCuts(cluster.Torn), nemesis.PowerCuts(cluster.Sectors),
	}
	return []storeCase{
		{"pebble", storage.Pebble(false), nemesis.Every(each, append(powerCuts, nemesis.CrashesInWrite())...), checker.Valid, false, "hosts crashed"},
		{"pebble, writes torn", storage.Pebble(false), nemesis.Every(each/2, nemesis.CrashesInWrite()), checker.Valid, false, "writes torn"},
		{"pebble, disk stalls", storage.Pebble(false), nemesis.Every(each, nemesis.SlowDisk(0), nemesis.DiskHangs(0), nemesis.FsyncFails(), nemesis.DiskErrors(0), nemesis.DiskFull()), checker.Valid, false, "fsyncs delayed"},
		{"pebble, writes misdirected", storage.Pebble(false), nemesis.Every(each, nemesis.Beyond(nemesis.Misdirects(0)), nemesis.PowerCuts(cluster.Nothing)), checker.Invalid, true, "writes misdirected"},
		{"pebble that does not sync", storage.Pebble(true), nemesis.Every(each, powerCuts...), checker.Invalid, false, "hosts crashed"},
		{"bbolt", storage.Bbolt(false), nemesis.Every(each, powerCuts...), checker.Valid, false, "hosts crashed"},
		{"bbolt that acknowledges early", storage.Bbolt(true), nemesis.Every(each, powerCuts...), checker.Invalid, false, "hosts crashed"},
	}
}

func (x storeCase) test() capsize.Test {
	return capsize.Test{
		System: x.store, Workload: workloads.Register(x.store.Open), Nemesis: x.nemesis,
		Nodes: 1, Clients: 4, Rate: 200, Duration: 15 * time.Second,
	}
}

// TestStores runs every case with some seeds, each twice, and logs what it found. Out of the long loop it takes one seed of
// those that most seeds find.
func TestStores(t *testing.T) {
	for _, x := range cases() {
		t.Run(x.name, func(t *testing.T) {
			verdicts := map[checker.Verdict]int{}
			test, repeats, effects := x.test(), 0, int64(0)
			n := tier.Seeds(t, 1, 1)
			if x.some {
				n = tier.Seeds(t, 1, 3)
			}
			for test.Seed = 1; test.Seed <= uint64(n); test.Seed++ {
				r, digest := exec(t, test)
				verdicts[r.Verdict]++
				for _, e := range r.Exercised.Effects {
					if e.What == x.effect {
						effects += e.Count
					}
				}
				if again, d := exec(t, test); d == digest && again.Trace == r.Trace {
					repeats++
				}
			}
			t.Logf("%d seeds: %d valid, %d invalid, %d unknown; %d repeat; %d %s",
				n, verdicts[checker.Valid], verdicts[checker.Invalid], verdicts[checker.Unknown], repeats, effects, x.effect)
			assert.Positive(t, effects)
			assert.Equal(t, n, repeats)
			switch found := verdicts[checker.Invalid]; {
			case x.want == checker.Valid:
				assert.Equal(t, n, verdicts[checker.Valid])
			case x.some:
				assert.True(t, found > 0 || n < 3, "some seeds find it")
			default:
				assert.Greater(t, 2*found, n, "most seeds find it")
			}
		})
	}
}

func exec(t *testing.T, x capsize.Test) (r *capsize.Result, digest string) {
	r, err := capsize.Exec(t.Context(), t, x)
	require.NoError(t, err)
	digest, err = r.Digest()
	require.NoError(t, err)
	return r, digest
}

// TestPebble is how a test of one's own looks: a new seed each time.
func TestPebble(t *testing.T) { capsize.Run(t, cases()[0].test()) }

func TestPebbleIsDeterministic(t *testing.T) { capsize.CheckDeterminism(t, cases()[0].test()) }

func TestBboltIsDeterministic(t *testing.T) { capsize.CheckDeterminism(t, cases()[5].test()) }
