package balance

// RoundRobin gives each backend its turn, as often as its weight says. It is nginx's smooth weighted round robin
// (ngx_http_upstream_round_robin.c): a backend with a weight of 5 is not asked five times in a row.
func RoundRobin() Policy { return &roundRobin{credit: map[string]float64{}} }

type roundRobin struct{ credit map[string]float64 }

// Pick returns the candidate with the most credit, who pays for all.
func (p *roundRobin) Pick(_ Pick, among []Candidate) int {
	best, total := 0, 0.0
	for i, c := range among {
		p.credit[c.Node] += c.Weight
		total += c.Weight
		if p.credit[c.Node] > p.credit[among[best].Node] {
			best = i
		}
	}
	p.credit[among[best].Node] -= total
	return best
}
