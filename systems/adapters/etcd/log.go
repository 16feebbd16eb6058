package etcd

import (
	"context"
	"log/slog"
	"regexp"
	"strings"

	"go.uber.org/zap/zapcore"
)

// A hostLog is a zap core that passes what a member logs, from level info on, to the log of its host.
type hostLog struct {
	zapcore.LevelEnabler
	text zapcore.Encoder
	to   *slog.Logger
}

func newLog(to *slog.Logger) hostLog {
	// Time, level and place are left out: the host's log has the first two, and the third is a path of the machine that built it.
	c := zapcore.EncoderConfig{
		MessageKey: "msg", NameKey: "logger", ConsoleSeparator: " ", EncodeName: zapcore.FullNameEncoder,
		EncodeTime: zapcore.RFC3339NanoTimeEncoder, EncodeDuration: zapcore.StringDurationEncoder,
	}
	return hostLog{zapcore.InfoLevel, zapcore.NewConsoleEncoder(c), to}
}

// With returns a core that adds fields to each line.
func (l hostLog) With(fields []zapcore.Field) zapcore.Core {
	l.text = l.text.Clone()
	for _, f := range fields {
		f.AddTo(l.text)
	}
	return l
}

// Check adds the core to those that write an entry.
func (l hostLog) Check(e zapcore.Entry, to *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if l.Enabled(e.Level) {
		return to.AddCore(e, l)
	}
	return to
}

// addresses are of the process and not of the run.
var addresses = regexp.MustCompile(`0x[0-9a-f]{6,}`)

// Write writes one line.
func (l hostLog) Write(e zapcore.Entry, fields []zapcore.Field) error {
	b, err := l.text.EncodeEntry(e, fields)
	if err != nil {
		return err
	}
	text := addresses.ReplaceAllString(strings.TrimSpace(b.String()), "0x_")
	b.Free()
	l.to.Log(context.Background(), level(e.Level), text)
	return nil
}

func level(l zapcore.Level) slog.Level {
	switch {
	case l >= zapcore.ErrorLevel:
		return slog.LevelError
	case l == zapcore.WarnLevel:
		return slog.LevelWarn
	case l == zapcore.InfoLevel:
		return slog.LevelInfo
	}
	return slog.LevelDebug
}

// Sync does nothing: the host's log loses nothing.
func (hostLog) Sync() error { return nil }
