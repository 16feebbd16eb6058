package huntrun

import (
	"cmp"
	"runtime/debug"
)

// modulePath is that of Capsize.
const modulePath = "github.com/capsize-go/capsize"

// Version returns the version of Capsize that this program has.
func Version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "(unknown)"
	}
	if info.Main.Path == modulePath {
		return cmp.Or(info.Main.Version, "(devel)")
	}
	for _, m := range info.Deps {
		if m.Path == modulePath {
			return m.Version
		}
	}
	return "(unknown)"
}
