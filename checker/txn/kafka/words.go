package kafka

import (
	"fmt"
	"strconv"
)

// who names the process of a call.
func (l *logs) who(i int32) string { return fmt.Sprintf("process %d", l.calls[i].process) }

// callName names a call by its process and its op.
func (l *logs) callName(i int32) string {
	return fmt.Sprintf("process %d (op %d)", l.calls[i].process, l.calls[i].invoke)
}

// text spells a message.
func (l *logs) text(m int32) string {
	if l.messages[m].name != "" {
		return l.messages[m].name
	}
	return strconv.FormatInt(l.messages[m].number, 10)
}

// of names a message and its log: "3 of log x".
func (l *logs) of(m int32) string {
	return fmt.Sprintf("%s of log %s", l.text(m), l.keys[l.messages[m].key])
}
