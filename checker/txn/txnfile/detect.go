package txnfile

import (
	"bytes"
	"errors"

	"github.com/capsize-go/capsize/history"
)

// Detect returns the format of a file that begins like head.
func Detect(head []byte) (Format, error) {
	f, err := history.Detect(head)
	if err != nil {
		return Auto, err
	}
	switch f {
	case history.EDN, history.Maelstrom:
		return EDN, nil
	case history.JSON:
		return JSON, nil
	case history.JSONL:
		if rest := bytes.TrimLeft(head, "\ufeff \t\r\n"); len(rest) == 0 {
			return EDN, nil // an empty history
		}
		return JSONL, nil
	}
	return Auto, errors.New("this is a history of the format " + f.String() + ", which has no transactions")
}
