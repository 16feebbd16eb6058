package balance

// LeastConnections chooses the backend with the fewest requests in flight in relation to its weight; those with equally many have their
// turn, as HAProxy's leastconn has it. A backend that fails at once has the fewest always.
func LeastConnections() Policy { return new(leastConnections) }

type leastConnections struct{ turn int }

// Pick looks at all candidates, from the one after the last choice on.
func (p *leastConnections) Pick(_ Pick, among []Candidate) int {
	p.turn++
	best := p.turn % len(among)
	for i := range among {
		if j := (p.turn + i) % len(among); load(among[j]) < load(among[best]) {
			best = j
		}
	}
	p.turn = best
	return best
}

// load is what a candidate has to do in relation to what it can, with one more request: so one that is starting slowly gets few
// even if it has nothing to do.
func load(c Candidate) float64 { return float64(c.InFlight+1) / c.Weight }

// Choices draws n candidates and chooses the one of them with the fewest requests in flight: with n of 2 the power of two choices (Mitzenmacher 2001).
// Candidates may be drawn twice, as Envoy and gRPC do. It panics if n is less than 1.
func Choices(n int) Policy {
	if n < 1 {
		panic("balance: no choice")
	}
	return choices(n)
}

type choices int

// Pick draws by the number of the request.
func (n choices) Pick(p Pick, among []Candidate) int {
	best := -1
	for i := range int64(n) {
		j := int(p.Draw.Int(i).Range(0, int64(len(among))))
		if best < 0 || load(among[j]) < load(among[best]) {
			best = j
		}
	}
	return best
}
