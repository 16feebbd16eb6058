package hostlog

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
)

// An adder adds a line: its level, and its text without a line end.
type adder func(level slog.Level, text string)

// A handler makes lines from the records of one host.
type handler struct {
	add  adder
	with []func(slog.Handler) slog.Handler // what With and WithGroup added, in order
}

// Enabled reports whether records of that level are kept.
func (h handler) Enabled(_ context.Context, level slog.Level) bool {
	return level >= slog.LevelDebug
}

// Handle formats the record at once, since its values may change later, and without
// a lock held, since a value's String method may log.
func (h handler) Handle(ctx context.Context, r slog.Record) error {
	var b bytes.Buffer
	b.WriteString(strings.TrimRight(r.Message, "\n"))
	if r.NumAttrs() > 0 || len(h.with) > 0 {
		b.WriteByte(' ')
		var text slog.Handler = slog.NewTextHandler(&b, &slog.HandlerOptions{Level: slog.LevelDebug, ReplaceAttr: dropHead})
		for _, with := range h.with {
			text = with(text)
		}
		if err := text.Handle(ctx, r); err != nil {
			return fmt.Errorf("format log record: %w", err)
		}
	}
	h.add(r.Level, strings.TrimRight(b.String(), " \n"))
	return nil
}

// dropHead leaves out what a line says before its attributes.
func dropHead(groups []string, a slog.Attr) slog.Attr {
	if len(groups) == 0 && (a.Key == slog.TimeKey || a.Key == slog.LevelKey || a.Key == slog.MessageKey) {
		return slog.Attr{}
	}
	return a
}

func (h handler) plus(with func(slog.Handler) slog.Handler) slog.Handler {
	h.with = append(h.with[:len(h.with):len(h.with)], with)
	return h
}

// WithAttrs returns the handler with attributes that each record gets.
func (h handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return h.plus(func(t slog.Handler) slog.Handler { return t.WithAttrs(attrs) })
}

// WithGroup returns the handler with a group that later attributes belong to.
func (h handler) WithGroup(name string) slog.Handler {
	return h.plus(func(t slog.Handler) slog.Handler { return t.WithGroup(name) })
}

// A lineWriter makes log lines of what is written to it. The end of a line may come
// with a later write.
type lineWriter struct {
	add adder

	mu   sync.Mutex
	rest []byte
}

// maxLine is how long a line may get whose end does not come.
const maxLine = 64 << 10

// Write takes some of the lines.
func (w *lineWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.rest = append(w.rest, p...)
	for {
		line, rest, ok := bytes.Cut(w.rest, []byte("\n"))
		if !ok && len(w.rest) < maxLine {
			return len(p), nil
		}
		if text := strings.TrimRight(string(line), "\r"); text != "" {
			level, text := levelNamed(text)
			w.add(level, text)
		}
		w.rest = rest
	}
}

// levels are those that lines name in brackets.
var levels = map[string]slog.Level{
	"TRACE": slog.LevelDebug, "DEBUG": slog.LevelDebug, "DBG": slog.LevelDebug, "INFO": slog.LevelInfo, "INF": slog.LevelInfo,
	"WARN": slog.LevelWarn, "WARNING": slog.LevelWarn, "WRN": slog.LevelWarn,
	"ERROR": slog.LevelError, "ERR": slog.LevelError, "FATAL": slog.LevelError, "PANIC": slog.LevelError,
}

// levelNamed returns the level that a line names in brackets near its beginning, and
// the line without it if it begins with it.
func levelNamed(line string) (slog.Level, string) {
	before, rest, ok := strings.Cut(line[:min(len(line), 60)], "[")
	name, _, closed := strings.Cut(rest, "]")
	level, known := levels[strings.ToUpper(strings.TrimSpace(name))]
	if !ok || !closed || !known {
		return slog.LevelInfo, line
	}
	if before == "" {
		line = strings.TrimSpace(line[len(name)+2:])
	}
	return level, line
}
