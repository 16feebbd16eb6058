package model

import "fmt"

// A LockOp is an input of the models of locks. Its output is an int: the fencing
// token that an acquisition was given, and otherwise 0.
type LockOp struct {
	F      string `json:"f"` // acquire or release
	Key    string `json:"key,omitempty"`
	Client int    `json:"client,omitempty"` // the client that asks: usually the process
}

// String says what is asked, without the key.
func (o LockOp) String() string { return o.F }

func lockKey(in LockOp) string { return in.Key }

// Mutex is the model of a lock that one client holds at a time, and any may release:
// Knossos's mutex. An attempt that did not succeed must be recorded as a Fail.
func Mutex() Model[bool, LockOp, int] {
	return Model[bool, LockOp, int]{
		Name: "mutex",
		Accelerators: Accelerators[bool, LockOp, int]{
			ClassKey: func(b []byte, in LockOp, _ int) []byte { return append(b, in.F...) },
		},
		Step: func(held bool, in LockOp, _ int) (bool, bool) {
			if acquire := in.F == "acquire"; acquire != held {
				return acquire, true
			}
			return held, false
		},
		Key:      lockKey,
		Describe: describeLock,
	}
}

// A Holding is the state of a lock that knows its holder.
type Holding struct {
	By    int // the holder, if Times is not 0
	Times int // how often it was acquired and not yet released
	Token int // the last fencing token
}

// ReentrantLock is the model of a lock that its holder may acquire again, up to
// times at once, and that only its holder may release. With times 1 it is a
// mutex that knows its owner.
func ReentrantLock(times int) Model[Holding, LockOp, int] {
	return Model[Holding, LockOp, int]{
		Name:     "reentrant lock",
		Step:     func(s Holding, in LockOp, _ int) (Holding, bool) { return s.step(in, times) },
		Key:      lockKey,
		Describe: describeLock,
	}
}

// step acquires or releases a lock that its holder may acquire up to times at once.
func (s Holding) step(in LockOp, times int) (Holding, bool) {
	mine := s.Times > 0 && s.By == in.Client
	switch in.F {
	case "acquire":
		if s.Times == 0 || mine && s.Times < times {
			return Holding{By: in.Client, Times: s.Times + 1, Token: s.Token}, true
		}
	case "release":
		if mine && s.Times == 1 {
			return Holding{Token: s.Token}, true
		} else if mine {
			return Holding{By: s.By, Times: s.Times - 1, Token: s.Token}, true
		}
	}
	return s, false
}

// FencedLock is the model of a lock that gives every acquisition a token
// greater than all before it. An answer of 0 is no token, and says nothing.
func FencedLock() Model[Holding, LockOp, int] {
	return Model[Holding, LockOp, int]{
		Name: "fenced lock",
		Step: func(s Holding, in LockOp, out int) (Holding, bool) {
			next, ok := s.step(in, 1)
			if !ok || in.F != "acquire" || out == 0 {
				return next, ok
			}
			next.Token = out
			return next, out > s.Token
		},
		Key:      lockKey,
		Describe: describeLock,
	}
}

// Semaphore is the model of a number of permits, each of which one client holds at
// a time, and any may release.
func Semaphore(permits int) Model[int, LockOp, int] {
	return Model[int, LockOp, int]{
		Name: "semaphore",
		Accelerators: Accelerators[int, LockOp, int]{
			ClassKey: func(b []byte, in LockOp, _ int) []byte { return append(b, in.F...) },
		},
		Step: func(held int, in LockOp, _ int) (int, bool) {
			switch {
			case in.F == "acquire" && held < permits:
				return held + 1, true
			case in.F == "release" && held > 0:
				return held - 1, true
			}
			return held, false
		},
		Key:      lockKey,
		Describe: describeLock,
	}
}

func describeLock(in LockOp, out int, known bool) string {
	switch {
	case !known:
		return in.F + " → ?"
	case out != 0:
		return fmt.Sprintf("%s → token %d", in.F, out)
	}
	return in.F
}
