package kafka

import (
	"fmt"

	"github.com/capsize-go/capsize/history"
)

// A touch is the call by which it is known that a message is at an offset.
type touch struct {
	call   int32
	polled bool
}

// touches returns, for the messages that are in two places or share one, the first call that says so of each place.
func (f *finder) touches() map[deed]touch {
	odd := map[int32]bool{}
	for _, order := range f.l.order {
		for _, s := range order {
			for _, m := range s.messages {
				odd[m] = odd[m] || len(s.messages) > 1 || f.l.messages[m].places > 1
			}
		}
	}
	all := map[deed]touch{}
	note := func(d deed, t touch) {
		if _, known := all[d]; odd[d.message] && d.offset != unplaced && !known {
			all[d] = t
		}
	}
	for i := range f.l.calls {
		if f.l.committed(int32(i)) {
			for _, d := range f.l.calls[i].sends {
				note(d, touch{call: int32(i)})
			}
		}
		for _, d := range f.l.calls[i].polls {
			note(d, touch{int32(i), true})
		}
	}
	return all
}

// verb says how a call knows of an offset.
func (t touch) verb() string {
	if t.polled {
		return "polled"
	}
	return "sent"
}

// offsets finds offsets with two messages, and messages at two offsets.
func (f *finder) offsets() {
	l := f.l
	touched := f.touches()
	spots := map[int32][]int64{} // of messages in two places: where they are
	var doubled []int32
	for k, order := range l.order {
		for _, s := range order {
			if len(s.messages) > 1 {
				m, n := s.messages[0], s.messages[1]
				a, b := touched[deed{m, s.offset}], touched[deed{n, s.offset}]
				f.add("inconsistent-offsets", false, int32(k), []int32{a.call, b.call}, []int32{m, n}, func() string {
					return fmt.Sprintf("offset %d of log %s is %s, which %s %s, and %s, which %s %s", s.offset, l.keys[k],
						l.text(m), l.who(a.call), a.verb(), l.text(n), l.who(b.call), b.verb())
				})
			}
			for _, m := range s.messages {
				if l.messages[m].places > 1 {
					if spots[m] == nil {
						doubled = append(doubled, m)
					}
					spots[m] = append(spots[m], s.offset)
				}
			}
		}
	}
	for _, m := range doubled {
		at := spots[m]
		a, b := touched[deed{m, at[0]}], touched[deed{m, at[1]}]
		f.add("duplicate", false, l.messages[m].key, []int32{a.call, b.call}, []int32{m}, func() string {
			return fmt.Sprintf("%s is in the log twice: at offset %d, where %s %s it, and at %d, where %s %s it", l.of(m),
				at[0], l.who(a.call), a.verb(), at[1], l.who(b.call), b.verb())
		})
	}
}

// lost finds messages that certainly were sent and that no OK call polled, though one did poll a message behind them. A message that is
// in two places is behind others by its first, and is to be polled by its last.
func (f *finder) lost() {
	l := f.l
	bound := make([]int32, len(l.keys)) // by log, the message that was polled farthest on; counted from 1
	for m := range l.messages {
		if x := l.messages[m]; x.received && x.low >= 0 && (bound[x.key] == 0 || x.low > l.messages[bound[x.key]-1].low) {
			bound[x.key] = int32(m) + 1
		}
	}
	for m := range l.messages {
		x := l.messages[m]
		if x.received || x.high < 0 || bound[x.key] == 0 || x.sender < 0 || !l.committed(x.sender) {
			continue
		}
		far := bound[x.key] - 1
		if x.high > l.messages[far].low {
			continue
		}
		calls := []int32{x.sender, l.reader(far)}
		proof := ""
		if l.calls[x.sender].typ == history.Info {
			seen := l.proof(x.sender)
			calls = []int32{l.reader(seen), x.sender, l.reader(far)}
			proof = fmt.Sprintf("; its transaction took effect, since %s of it was polled by %s", l.of(seen), l.who(l.reader(seen)))
		}
		f.add("lost-write", false, x.key, calls, []int32{int32(m), far}, func() string {
			return fmt.Sprintf("%s sent %s, and no OK call polled it, though %s polled %s behind it%s", l.who(x.sender), l.of(int32(m)),
				l.who(l.reader(far)), l.text(far), proof)
		})
	}
}

// reader returns the first OK call that polled a message, or -1.
func (l *logs) reader(m int32) int32 {
	if l.firstReader == nil {
		l.firstReader = make([]int32, len(l.messages))
		for m := range l.firstReader {
			l.firstReader[m] = -1
		}
		for i, c := range l.calls {
			for _, d := range c.polls {
				if c.typ == history.OK && l.firstReader[d.message] < 0 {
					l.firstReader[d.message] = int32(i)
				}
			}
		}
	}
	return l.firstReader[m]
}

// proof returns a message by which an indeterminate call is known to have taken effect.
func (l *logs) proof(i int32) int32 {
	for _, d := range l.calls[i].sends {
		if m := l.messages[d.message]; m.received && m.sender == i {
			return d.message
		}
	}
	return -1
}

// reads finds polls of what must not be polled: what no transaction sent, what failed, and what the transaction itself sent.
func (f *finder) reads() {
	l := f.l
	for i := range l.calls {
		c := &l.calls[i]
		own := map[int32]bool{}
		if len(c.polls) > 0 {
			for _, d := range c.sends {
				own[d.message] = true
			}
		}
		before := false
		for _, d := range c.polls {
			m := d.message
			if own[m] && !before {
				before = true
				f.add("precommitted-read", false, l.messages[m].key, []int32{int32(i)}, nil, func() string {
					return fmt.Sprintf("the transaction of %s polled %s, which it sent itself and had not committed", l.who(int32(i)), l.of(m))
				})
			}
			sender := l.messages[m].sender
			switch {
			case c.typ != history.OK:
			case sender < 0:
				f.add("garbage-read", false, l.messages[m].key, []int32{int32(i)}, nil, func() string {
					return fmt.Sprintf("%s polled %s, which no call sent", l.who(int32(i)), l.of(m))
				})
			case l.calls[sender].typ == history.Fail:
				f.add("G1a", false, l.messages[m].key, []int32{sender, int32(i)}, nil, func() string {
					return fmt.Sprintf("%s polled %s, which %s sent in a call that failed", l.who(int32(i)), l.of(m), l.who(sender))
				})
			}
		}
	}
}

// unseen finds messages that were acknowledged and not polled.
func (f *finder) unseen() {
	l := f.l
	for m, x := range l.messages {
		if x.received || x.sender < 0 || l.calls[x.sender].typ != history.OK {
			continue
		}
		f.add("unseen", f.o.Lagging, x.key, []int32{x.sender}, nil, func() string {
			return fmt.Sprintf("%s sent %s, which was acknowledged, and by the end no OK call had polled it", l.who(x.sender), l.of(int32(m)))
		})
	}
}
