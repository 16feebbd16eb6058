package lint

// An Allowance lets one function use what is banned.
type Allowance struct {
	Package  string // from the module's root
	Function string // "Type.Method" or "function"; the name of a variable that is set; "*" for the whole package
	Uses     string // "time.Now", or "time.*" for all of a package
	Why      string
}

// allowed is the whole list. One that nothing needs any more is a problem too.
var allowed = []Allowance{
	{"internal/detrt/torture", "*", "math/rand.*", "it shows that what the global source draws repeats in a bubble"},
	{"internal/detrt/torture", "*", "math/rand/v2.*", "it shows that what the global source draws repeats in a bubble"},
	{"internal/detrt/torture", "*", "crypto/rand.*", "it shows that what the system draws repeats in a bubble"},
	{"internal/keyed", "*", "math/rand/v2.*", "this is the place that makes them"},
	{".", "Exec", "time.Now", "wall time, outside of the bubble: Result.Wall"},
	{".", "Exec", "time.Since", "wall time, outside of the bubble: Result.Wall"},
	{".", "beforeDeadline", "time.Until", "wall time, outside of the bubble: how long go test -timeout leaves"},
	{".", "beforeDeadline", "context.*", "wall time, outside of the bubble: how long go test -timeout leaves"},
	{"internal/engine", "engine.runInBubble", "time.*", "wall time, outside of the bubble: it notices a run that stands still"},
	{"internal/engine", "engine.lookAt", "time.Now", "wall time, outside of the bubble: it notices a run that stands still"},
	{"systems/cache/localcache", "pool.work", "time.Sleep", "a nanosecond after a read that has an instant of its own"},
	{"internal/engine", "breakpoint.wait", "time.*", "wall time, outside of the bubble: it waits for a debugger"},
	{"systems/adapters/gossip", "NewTransport", "math/rand.Seed", "memberlist draws from the global source, so that is seeded by its host's"},
	{"cluster/internal/entropy", "Source.Claim", "crypto/rand.Reader", "replaces it by keyed draws while a cluster runs"},
	{"cluster", "Cluster.Stop", "time.Sleep", "no host acts any more; it waits for goroutines to come to an end"},
	{"cluster", "machine.byClock", "time.Now", "code of a host sees an instant by the clock that package time shows it"},
	{"internal/simnet", "deadline.change", "time.Until", "a deadline is on the clock that package time shows to code of the host"},
	{"cluster", "loop.pushLocked", "time.*", "the loop wakes itself for an event that is due before the one it sleeps to"},
	{"cluster", "loop.run", "time.*", "the loop is the one goroutine that sleeps, from event to event"},
}
