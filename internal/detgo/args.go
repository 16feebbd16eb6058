package detgo

import (
	"errors"
	"strings"
)

// arguments are those of a command of the go command, behind its name.
type arguments struct {
	chdir   []string // -C and its folder, which the go command wants first
	dir     string   // that folder, or .
	overlay string   // the file of -overlay
	given   bool     // whether there was one
	rest    []string
}

// parse takes the flags -C and -overlay out of arguments.
func parse(args []string) arguments {
	a := arguments{dir: "."}
	if name, value, hasValue := flagOf(first(args)); name == "C" && hasValue {
		a.chdir, a.dir, args = args[:1], value, args[1:]
	} else if name == "C" && len(args) > 1 {
		a.chdir, a.dir, args = args[:2], args[1], args[2:]
	}
	for i := 0; i < len(args); i++ {
		name, value, hasValue := flagOf(args[i])
		switch {
		case name == "args":
			a.rest = append(a.rest, args[i:]...)
			return a
		case name != "overlay":
			a.rest = append(a.rest, args[i])
		case hasValue:
			a.overlay, a.given = value, true
		case i+1 < len(args):
			i++
			a.overlay, a.given = args[i], true
		}
	}
	return a
}

// value returns the value of a flag of the go command that takes one, and whether it is there.
func (a arguments) value(flag string) (value string, ok bool) {
	for i, arg := range a.rest {
		name, v, hasValue := flagOf(arg)
		switch {
		case name == "args":
			return value, ok
		case name != flag:
		case hasValue:
			value, ok = v, true
		case i+1 < len(a.rest):
			value, ok = a.rest[i+1], true
		}
	}
	return value, ok
}

func first(args []string) string {
	if len(args) == 0 {
		return ""
	}
	return args[0]
}

// flagOf splits a flag, with one dash or two. The name is empty if the argument is no flag.
func flagOf(arg string) (name, value string, hasValue bool) {
	name, ok := strings.CutPrefix(arg, "-")
	if !ok {
		return "", "", false
	}
	name, value, hasValue = strings.Cut(strings.TrimPrefix(name, "-"), "=")
	return name, value, hasValue
}

// overlayOf returns the file of -overlay in GOFLAGS; empty if there is none.
func overlayOf(goflags string) (file string, err error) {
	flags, err := split(goflags)
	if err != nil {
		return "", err
	}
	for _, f := range flags {
		if name, value, _ := flagOf(f); name == "overlay" {
			file = value
		}
	}
	return file, nil
}

// split splits GOFLAGS as the go command does: a flag that begins with a quote, ' or ", goes on to the next one. Quotes
// within it are text.
func split(goflags string) (flags []string, err error) {
	const space = " \t\r\n"
	for rest := strings.TrimLeft(goflags, space); rest != ""; rest = strings.TrimLeft(rest, space) {
		if quote := rest[:1]; quote == "'" || quote == `"` {
			flag, after, ok := strings.Cut(rest[1:], quote)
			if !ok {
				return nil, errors.New("GOFLAGS: there is no end of what begins with " + quote)
			}
			flags, rest = append(flags, flag), after
			continue
		}
		end := strings.IndexAny(rest, space)
		if end < 0 {
			end = len(rest)
		}
		flags, rest = append(flags, rest[:end]), rest[end:]
	}
	return flags, nil
}

// inGOFLAGS writes a flag as GOFLAGS takes it.
func inGOFLAGS(flag string) string {
	switch {
	case !strings.ContainsAny(flag, " \t\r\n"):
		return flag
	case !strings.Contains(flag, "'"):
		return "'" + flag + "'"
	}
	return `"` + flag + `"`
}
