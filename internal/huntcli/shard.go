package huntcli

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/capsize-go/capsize/internal/hunt/campaign"
)

// An engine is what runs a command several times at once, and says to each by variables which one it is.
type engine struct {
	name         string
	index, count string // variables
	first        string // the variable with the first index; empty: base
	base         int
}

// engines are those that shards are read from.
var engines = []engine{
	{name: "an Indexed Job of Kubernetes", index: "JOB_COMPLETION_INDEX", count: "JOB_COMPLETIONS"},
	{name: "an array of Slurm", index: "SLURM_ARRAY_TASK_ID", count: "SLURM_ARRAY_TASK_COUNT", first: "SLURM_ARRAY_TASK_MIN"},
	{name: "a parallel job of CI", index: "CI_NODE_INDEX", count: "CI_NODE_TOTAL", base: 1},
}

// shardOf returns the shard that the flag --shard names, or else the one that the environment does. Of is how many there are, by the flag
// --shards; 0 if it is not given.
func shardOf(flag string, of int, env func(string) string) (campaign.Shard, error) {
	if flag != "" {
		number, count, ok := strings.Cut(flag, "/")
		n, err := strconv.Atoi(number)
		m, err2 := strconv.Atoi(count)
		if !ok || err != nil || err2 != nil || n < 1 || n > m {
			return campaign.Shard{}, fmt.Errorf("--shard must be a number and how many shards there are, as 1/4 to 4/4, not %q", flag)
		}
		return campaign.Shard{Number: n, Count: m}, nil
	}
	for _, e := range engines {
		if env(e.index) == "" {
			continue
		}
		s, err := e.shard(of, env)
		if err != nil {
			return s, fmt.Errorf("this is %s: %w; --shard 1/1 runs all in one", e.name, err)
		}
		return s, nil
	}
	if of != 0 {
		return campaign.Shard{}, fmt.Errorf("--shards says how many there are, and nothing which one this is: give --shard 1/%d, or one of the variables %s, %s and %s",
			of, engines[0].index, engines[1].index, engines[2].index)
	}
	return campaign.Whole, nil
}

// shard reads the variables of an engine.
func (e engine) shard(of int, env func(string) string) (s campaign.Shard, err error) {
	read := func(name string) int {
		if err != nil {
			return 0
		}
		var n int
		if n, err = strconv.Atoi(env(name)); err != nil {
			err = fmt.Errorf("environment variable %s must be a whole number, not %q", name, env(name))
		}
		return n
	}
	index, base := read(e.index), e.base
	if e.first != "" && env(e.first) != "" {
		base = read(e.first)
	}
	if of == 0 && env(e.count) == "" && err == nil {
		return s, fmt.Errorf("%s is %d, and %s, how many there are, is not set; set it, or give --shards", e.index, index, e.count)
	}
	if of == 0 {
		of = read(e.count)
	}
	s = campaign.Shard{Number: index - base + 1, Count: of}
	if err == nil && (s.Number < 1 || s.Number > s.Count) {
		err = fmt.Errorf("%s is %d, which is none of %d shards from %d on", e.index, index, s.Count, base)
	}
	return s, err
}

// fromEnvironment is [os.Getenv].
var fromEnvironment = os.Getenv
