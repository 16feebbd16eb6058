package failure

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/internal/savedrun"
)

// Differs says where the history of a run differs first from the one of the file: which draw of a fault, or which op of a
// client, is the first that no longer fits. It is empty if the histories are the same byte for byte.
func (f Failure) Differs(h *history.History) (string, error) {
	c, err := f.Saved().Compare(h)
	switch {
	case err != nil || c.Same:
		return "", err
	case f.Saved().Damage != "":
		return fmt.Sprintf("%s. This run has another digest too (%.8s), so it is not known where they differ", f.Saved().Damage, c.Digest), nil
	case c.Line == 0:
		return fmt.Sprintf("the digests differ (%.8s and now %.8s), and the file has no history to compare with", f.Record.Digest, c.Digest), nil
	}
	return f.unfit(c.Difference), nil
}

// An op of a history, as far as it is needed here.
type line struct {
	Process any             `json:"process"`
	Type    string          `json:"type"`
	Key     string          `json:"key"`
	Value   json.RawMessage `json:"value"`
}

// unfit names what the first line is in which two histories differ.
func (f Failure) unfit(d savedrun.Difference) string {
	was, is := f.lineAt(d.Line), line{}
	_ = json.Unmarshal([]byte(d.Second), &is) // it is cut if it is long: then the saved one says what it was
	where := fmt.Sprintf("line %d of the history\n  saved: %s\n  now:   %s", d.Line, d.First, d.Second)
	switch {
	case was.Process == "nemesis" && was.Type == "invoke":
		return fmt.Sprintf("the first draw that no longer fits is that of %s, %s: %s", was.Key, f.kindOf(was.Key), where)
	case was.Process == "nemesis":
		return fmt.Sprintf("the first op that no longer fits is the end of %s, %s: %s", was.Key, f.kindOf(was.Key), where)
	case was.Process == nil && is.Process == "nemesis":
		return fmt.Sprintf("the first op that no longer fits is one of the nemesis, %s: %s", is.Key, where)
	case was.Process == nil:
		return "the first op that no longer fits comes after the last one that was saved, in " + where
	case was.Type == "invoke":
		return fmt.Sprintf("the first op that no longer fits is a call of process %v: %s", was.Process, where)
	}
	return fmt.Sprintf("the first op that no longer fits is the answer to process %v: %s", was.Process, where)
}

// lineAt returns a line of the history; the zero value if there is none.
func (f Failure) lineAt(number int) (l line) {
	for text := range strings.Lines(string(f.History)) {
		if number--; number == 0 {
			if err := json.Unmarshal([]byte(text), &l); err != nil {
				return line{}
			}
		}
	}
	return l
}

// kindOf names the fault of a step.
func (f Failure) kindOf(key string) string {
	for _, s := range f.Steps {
		if key == fmt.Sprint("step ", s.ID) {
			return string(s.Fault)
		}
	}
	return "which the plan does not have"
}
