package txn

import (
	"context"
	"errors"
)

var errUnbuilt = errors.New("not built yet")

func judgeRegisters(context.Context, *History, Options) (*Report, error) { return nil, errUnbuilt }
