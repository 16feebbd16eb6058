package bugset_test

import (
	"fmt"

	"github.com/capsize-go/capsize/internal/bugset"
)

func ExampleSet() {
	type bug uint
	const staleVote, noDedup bug = 1, 2
	bugs := bugset.New("kv",
		bugset.Of(staleVote, "stale-vote", "a node votes for the first that asks"),
		bugset.Of(noDedup, "no-dedup", "a request that was sent again is applied again"),
	)
	both, err := bugs.Parse("no-dedup,stale-vote")
	fmt.Println(bugs.Text(both), err)
	fmt.Println(bugs.Text(0))
	_, err = bugs.Parse("no-dup")
	fmt.Println(err)
	// Output:
	// stale-vote,no-dedup <nil>
	// none
	// kv has no bug "no-dup"; it has stale-vote, no-dedup
}
