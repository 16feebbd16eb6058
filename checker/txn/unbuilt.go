package txn

import (
	"context"
	"errors"
)

var errUnbuilt = errors.New("not built yet")

func judgePredicates(context.Context, *History, Options) (*Report, error) { return nil, errUnbuilt }
