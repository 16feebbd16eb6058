package cluster

// An Effect is what a fault did to a cluster, of one kind. A fault without effects was
// injected and tested nothing.
type Effect struct {
	Fault string `json:"fault"` // the name given to [Cluster.As]; empty for what was done without one
	What  string `json:"what"`  // "messages cut", "bytes lost at a crash"
	Count int64  `json:"count"`
}

// As returns a handle of the cluster for a fault of that name: what is done through it is
// attributed to the name in [Cluster.Effects]. The draws of the fault, as of which messages
// it loses, are keyed by the name too, so that they do not depend on other faults.
func (c *Cluster) As(fault string) *Cluster {
	c.lock()
	defer c.unlock()
	return &Cluster{simulation: c.simulation, by: c.tallies.Of(fault)}
}

// Effects returns what faults did so far, by fault and kind. Counts of zero are
// left out: a fault that is not named had no effect.
func (c *Cluster) Effects() []Effect {
	c.lock()
	defer c.unlock()
	var all []Effect
	for _, n := range c.tallies.Counts() {
		all = append(all, Effect(n))
	}
	return all
}
