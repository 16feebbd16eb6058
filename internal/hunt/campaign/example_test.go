package campaign_test

import (
	"context"
	"fmt"
	"os"

	"github.com/capsize-go/capsize/internal/hunt/campaign"
	"github.com/capsize-go/capsize/internal/huntrun"
)

func Example() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	target := campaign.Target{System: "raftkv", Workload: "register", Nemesis: "partition"}
	c, err := campaign.Open(context.Background(), dir, campaign.Settings{"nodes": "5"}, []campaign.Target{target}, campaign.Whole, campaign.Shared)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	err = c.Add(context.Background(), campaign.Run{Target: target, Run: huntrun.Outcome{Seed: 1, Verdict: huntrun.Valid}})
	if err != nil {
		fmt.Println(err)
		return
	}
	counts, err := c.Counts(context.Background())
	fmt.Println(counts[0].Target, counts[0].Runs(), err)
	// Output: raftkv, register, partition 1 <nil>
}
