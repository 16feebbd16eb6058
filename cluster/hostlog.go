package cluster

import (
	"io"
	"log/slog"

	"github.com/capsize-go/capsize/cluster/hostlog"
)

// A Log holds what the hosts of a cluster logged, in the order of virtual time: All, Tail and WriteTo read it.
type Log = hostlog.Log

// A LogLine is one line that code on a host logged: At, Host, Level and Text.
type LogLine = hostlog.Line

// LogMemory is how many bytes of log lines a [Log] keeps in memory. Older lines go to a temporary file.
const LogMemory = hostlog.Memory

// Logs returns what the hosts have logged. It may be read after [Cluster.Stop].
func (c *Cluster) Logs() *Log { return c.log.Log() }

// Log returns the host's logger. Its lines carry the host's name and the virtual
// time of the run, and all levels from [slog.LevelDebug] on are kept; see
// [Cluster.Logs]. Libraries that want a [log.Logger] get one by
// slog.NewLogLogger(h.Log().Handler(), slog.LevelInfo), and those that write lines
// get [Host.LogWriter]. Package log and [slog.Default] know no host: what they print
// goes where it goes without Capsize.
func (h *Host) Log() *slog.Logger { return slog.New(h.m.c.log.Handler(h.m.name)) }

// LogWriter returns a writer for libraries that log by writing lines, as log.New,
// hclog and zap do. Each line becomes a line of [Host.Log]; its level is the one that
// it names in brackets, "[WARN]" or "[ERR]", and [slog.LevelInfo] if it names none.
func (h *Host) LogWriter() io.Writer { return h.m.c.log.Writer(h.m.name) }
