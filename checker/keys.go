package checker

// A judged key has a verdict, and what shows that it is not linearizable.
type judged struct {
	Result
	proved proof
}

// judgeAll decides each key with an equal part of the steps that are left, so that one key that needs many leaves no
// other one undecided. The keys whose part was too small are judged once more, with equal parts of what the
// others left. More steps for all are more for each key, so they never decide fewer keys.
func (s search) judgeAll(parts []*part) []judged {
	all, had := make([]judged, len(parts)), make([]int, len(parts))
	var short []int // keys whose part was too small
	for i, p := range parts {
		m := s.meter.share(len(parts) - i)
		had[i] = m.rest
		all[i].Result, all[i].proved = s.metered(m).judge(p)
		s.meter.rest += m.unused()
		if all[i].Verdict == Unknown && m.err != nil {
			short = append(short, i)
		}
	}
	for n, i := range short {
		m := s.meter.share(len(short) - n)
		if m.rest > had[i] && m.ctx.Err() == nil {
			all[i].Result, all[i].proved = s.metered(m).judge(parts[i])
		}
		s.meter.rest += m.unused()
	}
	return all
}
