package percolator

// resolve finds out what happened to a transaction whose lock is met at a key, cleans up after it if it has ended or its lock has
// expired, and then, or after a pause if it is alive, calls then.
func (n *node) resolve(key string, l *lock, then func()) {
	switch {
	case l == nil: // of a transaction whose lock is on its way into the log
		n.after(then)
	case n.store.bug(ForwardBlindly) && key != l.Primary:
		n.forward(key, l, then)
	default:
		n.ask(key, l, then)
	}
}

// ask asks the primary of a lock.
func (n *node) ask(key string, l *lock, then func()) {
	n.command(l.Primary, &command{Kind: check, Start: l.Start, Key: l.Primary}, func(a answer) {
		switch {
		case a.fate != locked:
			n.settle(key, l.Start, a.commit, then)
		case a.expired:
			n.askAll(key, a.lock, then)
		default:
			n.after(then)
		}
	})
}

// settle does to a lock what its primary decided.
func (n *node) settle(key string, start, commit uint64, then func()) {
	n.command(key, &command{Kind: settle, Start: start, Key: key, Commit: commit}, func(answer) { then() })
}

// forward is what a mistaken reader does with a secondary: it commits a lock that it has met twice a while apart.
func (n *node) forward(key string, l *lock, then func()) {
	n.h.AfterFunc(old, func() {
		n.events.Guard(func() { n.settle(key, l.Start, l.Start+1, then) })
	})
}

// askAll decides an async commit whose primary lock has expired: it has committed if all its locks are there. Where one is not, a record
// keeps it from being placed later.
func (n *node) askAll(key string, primary *lock, then func()) {
	missing, dead, commit := len(primary.Secondaries), false, primary.MinCommit
	decide := func() {
		if dead {
			n.command(primary.Primary, &command{Kind: check, Start: primary.Start, Key: primary.Primary, Dead: true}, func(a answer) {
				n.settle(key, primary.Start, a.commit, then)
			})
			return
		}
		n.settle(primary.Primary, primary.Start, commit, func() { n.settle(key, primary.Start, commit, then) })
	}
	if missing == 0 {
		decide()
	}
	for _, other := range primary.Secondaries {
		n.command(other, &command{Kind: checkSecondary, Start: primary.Start, Key: other}, func(a answer) {
			dead = dead || a.fate == rolledBack
			commit = max(commit, a.commit)
			if missing--; missing == 0 {
				decide()
			}
		})
	}
}
