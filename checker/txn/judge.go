package txn

import "context"

// Judge says which models the history keeps. The error is for a history that can't be judged at all, as one in which a value is
// written twice to a key; it names both transactions.
func Judge(ctx context.Context, h *History, o Options) (*Report, error) {
	switch o.Kind {
	case Registers:
		return judgeRegisters(ctx, h, o)
	case Predicates:
		return judgePredicates(ctx, h, o)
	}
	return judgeLists(ctx, h, o)
}
