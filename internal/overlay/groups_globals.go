package overlay

const (
	logger = "log/log.go"
	muxes  = "net/http/server.go"
)

// ofStd is an edit of a method of a Logger: for the standard one that is the program's.
func ofStd(in string) edit {
	return edit{file: logger, in: "(*Logger)." + in, at: entry{}, code: " l = detOwn(l); "}
}

// globalGroups are for variables of Go's library that a server takes for its own.
var globalGroups = []group{
	{"globals", "a program on a host has http.DefaultServeMux, the standard logger and the default of log/slog to itself", []edit{
		{file: muxes, in: "(*ServeMux).registerErr", at: entry{}, code: " if own := detMux(mux); own != nil { return own.registerErr(patstr, handler) }; "},
		{file: muxes, in: "(*ServeMux).findHandler", at: entry{}, code: " if own := detMux(mux); own != nil { if h, p, pat, m := own.findHandler(r); p != \"\" || !mux.detHas(r) { return h, p, pat, m } }; "},
		ofStd("output"),
		ofStd("SetOutput"),
		ofStd("Flags"),
		ofStd("SetFlags"),
		ofStd("Prefix"),
		ofStd("SetPrefix"),
		ofStd("Writer"),
		{file: "log/slog/logger.go", in: "Default", at: entry{}, code: " if l := detDefault(); l != nil { return l }; "},
		{file: "log/slog/logger.go", in: "SetDefault", at: stmt("defaultLogger.Store(l)"), code: "if !detSetDefault(l) { @ }"},
	}},
}
