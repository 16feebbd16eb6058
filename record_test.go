package capsize_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize"
	"github.com/capsize-go/capsize/cluster/trace"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/systems/kv/raftkv"
	"github.com/capsize-go/capsize/workloads"
)

// TestRecordingChangesNothing runs the seeds of TestDigests with a recorder of the whole run: their histories, and the hashes of all
// that happened, are those of runs that nothing records.
func TestRecordingChangesNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	got := recordedDigests(t, 20, trace.Window{To: time.Hour})
	require.Equal(t, wantedDigests(t), got)
}

func TestTry(t *testing.T) {
	store := raftkv.Store{Bugs: raftkv.LeaseReads}
	r, err := capsize.Exec(t.Context(), t, capsize.Test{
		System: store, Workload: workloads.Register(store.Open), Seed: 3, Duration: 60 * time.Second, Record: trace.Window{From: 33*time.Second, To: 34200*time.Millisecond},
		Nemesis: nemesis.Every(10*time.Second, nemesis.Partitions()),
	})
	require.NoError(t, err)
	var b strings.Builder
	require.NoError(t, r.Messages.Write(&b))
	fmt.Println(len(r.Messages.Messages), len(b.String()))
	fmt.Println(strings.Join(strings.SplitAfter(b.String(), "\n")[:60], ""))
}
