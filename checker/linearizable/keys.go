package linearizable

import (
	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/checker/internal/view"
)

// A judged key has a verdict, and the proof if it is not linearizable.
type judged struct {
	checker.Result
	proved proof
}

// judgeAll decides each key with an equal part of the steps that are left, so that a hard key leaves no
// other one undecided. The keys whose part was too small are judged once more, with equal parts of what the
// others left. More steps for all are more for each key, so with more steps never fewer keys are decided.
func (s search) judgeAll(parts []*view.Part) []judged {
	all, had := make([]judged, len(parts)), make([]int, len(parts))
	var short []int // keys whose part was too small
	for i, p := range parts {
		m := s.meter.Share(len(parts) - i)
		had[i] = m.Rest
		all[i].Result, all[i].proved = s.withMeter(m).judge(p)
		s.meter.Rest += m.Unused()
		if all[i].Verdict == checker.Unknown && m.Err != nil {
			short = append(short, i)
		}
	}
	for n, i := range short {
		m := s.meter.Share(len(short) - n)
		if m.Rest > had[i] && m.Ctx.Err() == nil {
			all[i].Result, all[i].proved = s.withMeter(m).judge(parts[i])
		}
		s.meter.Rest += m.Unused()
	}
	return all
}
