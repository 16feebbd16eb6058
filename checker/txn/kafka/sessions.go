package kafka

import (
	"fmt"
	"slices"

	"github.com/capsize-go/capsize/history"
)

// byKey returns the deeds of a call by log, the logs in the order in which they first occur.
func (l *logs) byKey(all []deed) (keys []int32, of map[int32][]int32) {
	of = map[int32][]int32{}
	for _, d := range all {
		k := l.messages[d.message].key
		if of[k] == nil {
			keys = append(keys, k)
		}
		of[k] = append(of[k], d.message)
	}
	return keys, of
}

// inside looks at the messages that one transaction polled, or sent, one after the other. What it polled counts even if it failed.
func (f *finder) inside() {
	for i := range f.l.calls {
		c := &f.l.calls[i]
		f.insidePolls(int32(i), c)
		f.insideSends(int32(i), c)
	}
}

func (f *finder) insidePolls(i int32, c *call) {
	l := f.l
	if len(c.polls) < 2 {
		return
	}
	keys, of := l.byKey(c.polls)
	for _, k := range keys {
		if slices.Contains(c.rebalanced, k) {
			continue
		}
		for n, m := range of[k][1:] {
			last := of[k][n]
			switch step := l.step(last, m); {
			case step < 1:
				f.add("int-nonmonotonic-poll", false, k, []int32{i}, []int32{last, m}, func() string {
					return fmt.Sprintf("the transaction of %s polled %s, and then %s%s", l.who(i), l.of(last), l.text(m), behind(step))
				})
			case step > 1:
				if gap, ok := l.skipped(last, m); ok {
					f.add("int-poll-skip", false, k, l.withSender(gap, i), []int32{last, gap, m}, func() string {
						return fmt.Sprintf("the transaction of %s polled %s, and then %s, without %s between them", l.who(i), l.of(last), l.text(m), l.text(gap))
					})
				}
			}
		}
	}
}

// behind says that the later of two messages is not behind the earlier one.
func behind(step int) string {
	if step == 0 {
		return " again"
	}
	return ", which is before it in the log"
}

// withSender returns calls after the one that sent a message, where there is one, and after one that shows that it took effect.
func (l *logs) withSender(m int32, calls ...int32) []int32 {
	s := l.messages[m].sender
	if s < 0 {
		return calls
	}
	if l.calls[s].typ == history.Info {
		calls = append([]int32{l.reader(l.proof(s))}, calls...)
	}
	return append([]int32{s}, calls...)
}

func (f *finder) insideSends(i int32, c *call) {
	l := f.l
	if len(c.sends) < 2 {
		return
	}
	keys, of := l.byKey(c.sends)
	for _, k := range keys {
		for n, m := range of[k][1:] {
			last := of[k][n]
			switch step := l.step(last, m); {
			case step < 1:
				f.add("int-nonmonotonic-send", false, k, []int32{i}, []int32{last, m}, func() string {
					return fmt.Sprintf("the transaction of %s sent %s, and then %s, which is before it in the log", l.who(i), l.of(last), l.text(m))
				})
			case step > 1:
				if gap, ok := l.skipped(last, m); ok {
					f.add("int-send-skip", true, k, l.withSender(gap, i), []int32{last, gap, m}, func() string {
						return fmt.Sprintf("the transaction of %s sent %s, and then %s, and %s is between them", l.who(i), l.of(last), l.text(m), l.text(gap))
					})
				}
			}
		}
	}
}

// A spot is where the polls, or the sends, of a process have got to in a log.
type spot struct {
	message int32
	call    int32
	grouped bool // the process had subscribed
}

// A session is what a process polls, and how far it is.
type session struct {
	grouped bool
	spots   map[int32]spot // by log
}

// sessionOf returns the session of a process, and forgets the logs that it no longer polls.
func sessionOf(all map[int]*session, c *call) *session {
	s := all[c.process]
	if s == nil {
		s = &session{spots: map[int32]spot{}}
		all[c.process] = s
	}
	if c.assigns && c.end >= 0 && c.typ != history.Fail {
		s.grouped = c.groups
		for k := range s.spots {
			if !slices.Contains(c.keys, k) {
				delete(s.spots, k)
			}
		}
	}
	return s
}

// polls looks at the polls of each process, one after the other. Those of calls that failed or are indeterminate must go on from where
// the last OK call ended, but do not move on: the next call may poll the same again.
func (f *finder) polls() {
	l := f.l
	sessions := map[int]*session{}
	for i := range l.calls {
		c := &l.calls[i]
		s := sessionOf(sessions, c)
		keys, of := l.byKey(c.polls)
		for _, k := range keys {
			all := of[k]
			if last, ok := s.spots[k]; ok {
				f.poll(last, spot{all[0], int32(i), s.grouped || slices.Contains(c.rebalanced, k)})
			}
			if c.typ == history.OK {
				s.spots[k] = spot{all[len(all)-1], int32(i), s.grouped}
			}
		}
	}
}

// poll looks at the last message that a process polled and the first that it polled next.
func (f *finder) poll(last, next spot) {
	l := f.l
	k := l.messages[next.message].key
	allowed := last.grouped || next.grouped
	switch step := l.step(last.message, next.message); {
	case step < 1:
		f.add("nonmonotonic-poll", allowed, k, []int32{last.call, next.call}, []int32{last.message, next.message}, func() string {
			return fmt.Sprintf("%s polled %s, and in its next poll of the log %s%s", l.who(next.call), l.of(last.message), l.text(next.message), behind(step))
		})
	case step > 1:
		if gap, ok := l.skipped(last.message, next.message); ok {
			f.add("poll-skip", allowed, k, l.withSender(gap, last.call, next.call), []int32{last.message, gap, next.message}, func() string {
				return fmt.Sprintf("%s polled %s, and in its next poll of the log %s, without %s between them", l.who(next.call), l.of(last.message),
					l.text(next.message), l.text(gap))
			})
		}
	}
}

// sends looks at the sends of each process, one after the other.
func (f *finder) sends() {
	l := f.l
	sessions := map[int]*session{}
	for i := range l.calls {
		c := &l.calls[i]
		if c.typ == history.Fail {
			continue
		}
		s := sessionOf(sessions, c)
		keys, of := l.byKey(c.sends)
		for _, k := range keys {
			all := of[k]
			if last, ok := s.spots[k]; ok && l.step(last.message, all[0]) < 1 {
				f.add("nonmonotonic-send", false, k, []int32{last.call, int32(i)}, []int32{last.message, all[0]}, func() string {
					return fmt.Sprintf("%s sent %s, and in a later call %s, which is before it in the log", l.who(int32(i)), l.of(last.message), l.text(all[0]))
				})
			}
			s.spots[k] = spot{message: all[len(all)-1], call: int32(i)}
		}
	}
}
