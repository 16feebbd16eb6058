package goroutines

import (
	"path"
	"regexp"
	"strings"
)

// What a stack says that differs from one machine, process or build to the next: the numbers
// of goroutines, the addresses of arguments and instructions, and where the sources lie.
var (
	goroutineNumber = regexp.MustCompile(`(goroutine|in goroutine) \d+`)
	callArguments   = regexp.MustCompile(`\((?:0x|\{|\.\.\.)[^()]*\)$`)
	sourceLine      = regexp.MustCompile(`^\t(.*/)?([^/]+\.(?:go|s)):(\d+)(?: \+0x[0-9a-f]+)?$`)
)

// PortableStack returns a stack as package debug prints it without all that: so the page of a
// run is the same byte for byte on any machine. A file is named by its package.
func PortableStack(stack string) string {
	lines := strings.Split(stack, "\n")
	caller := ""
	for i, line := range lines {
		line = goroutineNumber.ReplaceAllString(line, "$1")
		if m := sourceLine.FindStringSubmatch(line); m != nil {
			if strings.HasPrefix(m[1], "/") || strings.Contains(m[1], ":") { // it is absolute
				m[1] = packageOf(caller) + "/"
			}
			lines[i] = "\t" + m[1] + m[2] + ":" + m[3]
			continue
		}
		line = callArguments.ReplaceAllString(line, "(...)")
		caller = strings.TrimPrefix(line, "created by ")
		lines[i] = line
	}
	return strings.Join(lines, "\n")
}

// packageOf returns the import path of the package of a function as a stack names it.
func packageOf(function string) string {
	dir, name := path.Split(strings.TrimSuffix(strings.Fields(function + " ?")[0], "(...)"))
	name, _, method := strings.Cut(name, ".")
	if !method {
		return "runtime" // as of panic
	}
	return dir + name
}
