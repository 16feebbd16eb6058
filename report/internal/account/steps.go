package account

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/capsize-go/capsize/cluster/trace"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/report/internal/wording"
)

// callStep describes one call, which is not the decisive one.
func (s *scene) callStep(c call, title string) Step {
	step := Step{At: c.Invoke.Time, Title: title, weight: 60, Calls: []int{c.Invoke.Index}, From: c.Invoke.Time, To: s.ended(c)}
	if step.Parts = s.request(c); len(c.wrote) == 0 {
		step.Parts = say(s.did(c), ".")
		if len(c.saw) == 1 && operation(c.Call) == "read" {
			step.Parts = s.readPlain(c, c.saw[0], s.server(c))
		}
		step.Messages = s.messagesOf(c, nil)
		return step
	}
	end := s.ended(c)
	var facts []string
	place := true
	if r, ok := s.leaderAt(end); ok && s.once("led", r.Host, fmt.Sprint(r.Term)) {
		facts, place = append(facts, ledTerm(r)), false
	}
	if node := s.server(c); place && node != "" {
		step.Parts = append(step.Parts, say(" at ", name(node))...)
	}
	item := c.wrote[len(c.wrote)-1]
	held := s.holders(item, c.Invoke.Time, end)
	if text := s.heldBy(held); text != "" && !s.copies {
		facts = append(facts, text)
	}
	facts = append(facts, outcome(c))
	if len(facts) == 1 {
		step.Parts = append(step.Parts, say(", and "+facts[0]+".")...)
	} else {
		step.Parts = append(step.Parts, say(". ", clauses(facts))...)
	}
	step.Messages = s.messagesOf(c, held)
	step.Marks = s.majorityMark(item.Value, held, end)
	return step
}

// majorityMark marks when the node that sent a write to others knew that a majority had it.
func (s *scene) majorityMark(v string, held []holding, until time.Duration) []Mark {
	from := ""
	var known []time.Duration
	for _, h := range held {
		if back, ok := s.answerTo(h.Message, until); ok && slices.Contains(s.nodes, back.To) && (from == "" || from == back.To) {
			from, known = back.To, append(known, back.At)
		}
	}
	slices.Sort(known)
	others := s.majority() - 1
	if others < 1 || len(known) < others {
		return nil
	}
	return []Mark{{Host: from, At: known[others-1], Text: "a majority has " + value(v)}}
}

// ledTerm says that a host led: "n2 led term 5", or "n2 was the primary".
func ledTerm(r Reign) string {
	if r.Term == 0 {
		return name(r.Host) + " was the " + name(r.Role)
	}
	return fmt.Sprintf("%s led term %d", name(r.Host), r.Term)
}

// heldBy says which nodes had a write; empty if the trace does not show that.
func (s *scene) heldBy(held []holding) string {
	var hosts []string
	for _, h := range held {
		hosts = append(hosts, h.Node)
	}
	slices.Sort(hosts)
	switch n := len(hosts); {
	case n == 0:
		return ""
	case n == len(s.nodes) && n > 1:
		return "all nodes had it"
	case n >= s.majority():
		return "a majority had it"
	case n == 1:
		return "only " + name(hosts[0]) + " had it"
	}
	return names(hosts) + " had it"
}

// outcome says how a call ended.
func outcome(c call) string {
	switch {
	case c.Complete.Type == history.OK:
		return "it was acknowledged"
	case c.Complete.Type == history.Fail:
		return "it was reported as failed"
	case c.Open():
		return "it was never answered"
	}
	return "its client had no answer"
}

// request says what a call asked: "Process 40 wrote 2791".
func (s *scene) request(c call) []Part {
	who := fmt.Sprintf("Process %d ", c.Invoke.Process)
	m := asked(c.Call)
	if len(c.wrote) != 1 || operation(c.Call) == "" { // several operations, or none that has a name
		return say(who, "asked: ", strong(wording.Label(c.Call, s.key())))
	}
	v := strong(c.wrote[0].Value)
	switch f := operation(c.Call); f {
	case "cas":
		old := wording.Plain(m["old"])
		switch {
		case c.Complete.Type != history.OK:
			return say(who, "asked to swap ", value(old), " for ", v)
		case len(c.saw) == 1 && c.saw[0] != old:
			return say(who, "asked to swap ", value(old), " for ", v, ", and found ", strong(c.saw[0]))
		}
		return say(who, "swapped ", value(old), " for ", v)
	case "write", "put", "set":
		return say(who, "wrote ", v)
	case "delete":
		return say(who, "deleted ", value(c.wrote[0].Key))
	case "add":
		return say(who, "added ", v)
	case "append":
		return say(who, "appended ", v)
	default:
		return say(who, "asked to "+name(f)+" ", v)
	}
}

func (s *scene) key() string {
	if s.Why == nil {
		return ""
	}
	return s.Why.Key
}

// messagesOf returns the messages that a write went through: from its client, to the nodes until a majority had it, and
// back.
func (s *scene) messagesOf(c call, held []holding) []uint64 {
	var ids []uint64
	for i, m := range c.requests {
		if last := len(c.requests) - 1; i > 0 && i < last && len(c.requests) > 4 {
			continue // of many, the first and the last show enough
		}
		ids = append(ids, m.ID)
		if back, ok := s.answerTo(m, c.Complete.Time); ok {
			ids = append(ids, back.ID)
		}
	}
	for i, h := range held {
		if i >= s.majority()+1 {
			break
		}
		ids = append(ids, h.Message.ID)
		if back, ok := s.answerTo(h.Message, c.Complete.Time); ok {
			ids = append(ids, back.ID)
		}
	}
	if c.reply != nil {
		ids = append(ids, c.reply.ID)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// answerTo returns the first message that the delivery of m led to and that went back, until an instant.
func (s *scene) answerTo(m trace.Message, until time.Duration) (trace.Message, bool) {
	for _, x := range s.Trace.Messages {
		if x.Cause == m.ID && x.From == m.To && x.To == m.From && x.Lost == "" && x.At <= until {
			return x, true
		}
	}
	return trace.Message{}, false
}

// leaderSteps describes nodes that began to lead within the counterexample, at most n of them and of these the last.
func (s *scene) leaderSteps(n int) []Step {
	var steps []Step
	for i, r := range s.reigns {
		if !Leads(r.Role) || !r.Began || r.From < s.from || r.From > s.to || i > 0 && s.sameBefore(i) {
			continue
		}
		steps = append(steps, s.leaderStep(r))
	}
	return steps[max(0, len(steps)-n):]
}

// sameBefore reports whether the host of a reign led the same term before.
func (s *scene) sameBefore(i int) bool {
	r := s.reigns[i]
	return slices.ContainsFunc(s.reigns[:i], func(o Reign) bool { return o.Host == r.Host && o.Term == r.Term && Leads(o.Role) })
}

func (s *scene) leaderStep(r Reign) Step {
	step := Step{At: r.From, Title: "a new leader", weight: 50, From: r.From, To: r.From}
	s.once("led", r.Host, fmt.Sprint(r.Term))
	voters, votes := s.votes(r)
	term := fmt.Sprintf("term %d", r.Term)
	switch {
	case r.Term == 0:
		step.Parts = say(strong(r.Host), " became the ", name(r.Role), ".")
	case len(voters) > 0:
		step.Parts = say(names(voters), " voted for ", strong(r.Host), ": it leads "+term+".")
	default:
		step.Parts = say(strong(r.Host), " became the leader of "+term+".")
	}
	for _, m := range votes {
		step.Messages = append(step.Messages, m.ID)
		step.From = min(step.From, m.Sent)
		if request, ok := s.message(m.Cause); ok {
			step.Messages = append(step.Messages, request.ID)
			step.From = min(step.From, request.Sent)
		}
	}
	for _, old := range s.reigns {
		if old.Host == r.Host || !Leads(old.Role) || old.From > r.From || old.To < s.to {
			continue
		}
		if m, ok := s.untold(r, old.Host); ok {
			step.Parts = append(step.Parts, say(" The message that would have told ", name(old.Host), " was lost.")...)
			step.Messages = append(step.Messages, m.ID)
			step.To = max(step.To, m.Sent)
		}
	}
	return step
}

// message returns a message by its ID.
func (s *scene) message(id uint64) (trace.Message, bool) {
	i := slices.IndexFunc(s.Trace.Messages, func(m trace.Message) bool { return m.ID == id && id != 0 })
	if i < 0 {
		return trace.Message{}, false
	}
	return s.Trace.Messages[i], true
}

// votes returns the nodes whose votes made a leader, and these messages: granted votes of its term that it received before
// it led.
func (s *scene) votes(r Reign) (voters []string, votes []trace.Message) {
	for _, m := range s.Trace.Messages {
		if m.To != r.Host || m.Lost != "" || m.At > r.From || m.Term != r.Term || !grantsVote(m) || slices.Contains(voters, m.From) {
			continue
		}
		voters, votes = append(voters, m.From), append(votes, m)
	}
	slices.Sort(voters)
	return voters, votes
}

// grantsVote reports whether a message is a granted vote.
func grantsVote(m trace.Message) bool { return strings.EqualFold(m.Name, "vote") }

// untold returns the first message by which a host would have learned who leads, if that was lost and none was delivered.
func (s *scene) untold(r Reign, host string) (first trace.Message, ok bool) {
	for _, m := range s.Trace.Messages {
		if m.To != host || m.Term < r.Term || m.Sent < r.From || m.Sent > s.to {
			continue
		}
		if m.Lost == "" && m.At <= s.to {
			return m, false
		}
		if m.From == r.Host && m.Lost != "" && !ok {
			first, ok = m, true
		}
	}
	return first, ok
}

// answered describes a call that read, by what the trace shows of its node: "n2 answered process 31 with 2791. It asked no
// other node before it answered."
func (s *scene) answered(c call, title string) Step {
	step := Step{At: c.Invoke.Time, Title: title, Decisive: true, weight: 90, Calls: []int{c.Invoke.Index}, From: c.Invoke.Time, To: s.ended(c)}
	what := s.answer(c)
	node := s.server(c)
	if what == "" || c.Complete.Type != history.OK {
		step.Parts = say(s.did(c), ".")
		return step
	}
	if c.reply == nil {
		step.Parts = s.readPlain(c, what, node)
		return step
	}
	step.At = c.reply.Sent
	step.Parts = say(strong(node), fmt.Sprintf(" answered process %d with ", c.Invoke.Process), strong(what), ".")
	if v, ok := s.missing(c); ok {
		step.Parts = append(step.Parts, say(" That lacks ", strong(v), ".")...)
	}
	step.Messages = append(step.Messages, c.reply.ID)
	request, ok := s.delivered(c, node)
	if !ok {
		return step
	}
	step.Messages = append(step.Messages, request.ID)
	asked := s.askedBetween(node, request.At, c.reply.Sent)
	switch {
	case len(asked) == 0:
		step.Parts = append(step.Parts, say(" It asked no other node before it answered.")...)
	default:
		var hosts []string
		for _, m := range asked {
			if slices.ContainsFunc(m.Asks, func(i trace.Item) bool { return i.Key == c.Invoke.Key }) {
				hosts = append(hosts, m.To)
				step.Messages = append(step.Messages, m.ID)
			}
		}
		slices.Sort(hosts)
		if hosts = slices.Compact(hosts); len(hosts) > 0 {
			step.Parts = append(step.Parts, say(" It asked ", names(hosts), " before it answered.")...)
		}
	}
	return step
}

// readPlain describes a read without its messages.
func (s *scene) readPlain(c call, what, node string) []Part {
	at := ""
	if node != "" {
		at = " at " + name(node)
	}
	if operation(c.Call) == "cas" {
		return say(s.request(c), at, ".")
	}
	return say(fmt.Sprintf("Process %d read ", c.Invoke.Process), strong(what), at, ".")
}

// did describes a call by its label: "Process 3: wait 2 of /order at connections".
func (s *scene) did(c call) []Part {
	return say(fmt.Sprintf("Process %d: ", c.Invoke.Process), strong(wording.Label(c.Call, s.key())))
}

// delivered returns the last request of a call that reached the node that answered it.
func (s *scene) delivered(c call, node string) (m trace.Message, ok bool) {
	for _, r := range c.requests {
		if r.To == node && r.Lost == "" && r.At <= c.reply.Sent {
			m, ok = r, true
		}
	}
	return m, ok
}

// askedBetween returns the messages that a node sent to other nodes from one instant to another, but for those that only
// keep something alive.
func (s *scene) askedBetween(node string, from, to time.Duration) []trace.Message {
	var all []trace.Message
	for _, m := range s.Trace.Messages {
		if m.From == node && m.To != node && m.Sent >= from && m.Sent <= to && !m.Idle && slices.Contains(s.nodes, m.To) {
			all = append(all, m)
		}
	}
	return all
}
