package account

import (
	"slices"
	"strings"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/report/internal/wording"
)

// panicked is code that panicked, where no counterexample shows more.
var panicked = findingKind("panic", "panic")

// hang is code that did not return.
var hang = findingKind("hang", "hang", "hung", "did not return", "is stuck", "deadlock", "still running")

// leak is what was left behind: goroutines that outlived their host.
var leak = findingKind("leak", "left behind", "outlived", "leak")

// divergence is replicas that ended in different states.
var divergence = Kind{
	Name: "divergence",
	is:   func(s *scene) bool { return s.Checker == "convergence" },
	steps: func(s *scene) []Step {
		steps := s.leaderSteps(2)
		s.from, s.to = 0, s.End
		steps = append(steps, s.faultSteps(3)...)
		if s.Verdict == checker.Invalid && len(steps) > 0 { // the reason says which
			return append(steps, Step{At: Unknown, Title: "different states", Decisive: true, Parts: say("In the end, the nodes held different states.")})
		}
		return append(steps, s.reasonStep(Unknown)...)
	},
}

// findingKind describes findings whose text has one of the words, if the verdict is of the check of findings.
func findingKind(kind string, words ...string) Kind {
	return Kind{
		Name: kind,
		is: func(s *scene) bool {
			return s.Checker == "no crash" && len(s.calls) == 0 && slices.ContainsFunc(s.Findings, func(f Finding) bool { return has(f, words) })
		},
		steps: func(s *scene) []Step {
			var steps []Step
			s.from, s.to = 0, s.End
			for _, f := range s.Findings {
				if has(f, words) && s.once("finding", f.Host, f.What) {
					steps = append(steps, s.findingStep(f, len(steps) == 0))
				}
			}
			return append(steps[:min(3, len(steps))], s.faultSteps(2)...)
		},
	}
}

func has(f Finding, words []string) bool {
	text := strings.ToLower(f.What)
	return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(text, w) })
}

// otherFindings describes findings that the account does not have yet, at most two of them.
func (s *scene) otherFindings() []Step {
	var steps []Step
	for _, f := range s.Findings {
		if len(steps) < 2 && s.once("finding", f.Host, f.What) {
			steps = append(steps, s.findingStep(f, false))
		}
	}
	return steps
}

// mostFinding bounds how many runes of a finding an account has: enough for a hang, with both places of it.
const mostFinding = 300

// findingStep says what code on a host did.
func (s *scene) findingStep(f Finding, decisive bool) Step {
	text := wording.Clean(f.What, mostFinding)
	step := Step{At: Unknown, Title: "a finding", weight: 65, Decisive: decisive}
	if f.At > 0 {
		step.At, step.From, step.To = f.At, f.At, f.At
	}
	if what, ok := strings.CutPrefix(text, "panic: "); ok && f.Host != "" {
		step.Title, step.Parts = "a panic", say(strong(f.Host), " panicked: ", strings.TrimRight(what, ". "), ".")
		return step
	}
	if what, ok := strings.CutPrefix(text, "hangs: "); ok && f.Host != "" {
		what, _, _ = strings.Cut(what, "; ") // the rest says what that means for the run
		step.Title, step.Parts = "a hang", say(strong(f.Host), " hangs: ", strings.TrimRight(what, ". "), ".")
		return step
	}
	if f.Host == "" {
		step.Parts = say(stopped(text))
		return step
	}
	step.Parts = say(strong(f.Host), ": ", strings.TrimRight(text, ". "), ".")
	return step
}
