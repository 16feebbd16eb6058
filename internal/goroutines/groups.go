package goroutines

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/capsize-go/capsize/internal/sorting"
)

// mostFrames is how many calls of a stack are listed.
const mostFrames = 12

// A group is goroutines that are alike, on one host or several.
type group struct {
	hosts []string
	count int
	Goroutine
}

// groups joins goroutines that wait in the same way at the same place, in the order of
// their hosts.
func groups(all []Goroutine, hosts []string) (joined []*group) {
	place := func(g Goroutine) int {
		if i := slices.Index(hosts, g.Host); i >= 0 {
			return i
		}
		return len(hosts)
	}
	sorting.Stable(all, func(x, y Goroutine) int {
		return cmp.Or(cmp.Compare(place(x), place(y)), cmp.Compare(x.Host, y.Host), cmp.Compare(x.path(), y.path()))
	})
	seen := map[string]*group{}
	for _, g := range all {
		key := g.wait() + "\n" + g.path()
		h := seen[key]
		if h == nil {
			h = &group{Goroutine: g}
			seen[key] = h
			joined = append(joined, h)
		}
		h.count++
		if name := cmp.Or(g.Host, "no host"); !slices.Contains(h.hosts, name) {
			h.hosts = append(h.hosts, name)
		}
	}
	return joined
}

// Write lists goroutines by host, those that are alike once.
func Write(b *strings.Builder, all []Goroutine, hosts []string) {
	for _, h := range groups(all, hosts) {
		wait := h.wait()
		plural := "s"
		if h.count == 1 {
			plural = ""
		}
		fmt.Fprintf(b, "  %s: %d goroutine%s, %s\n", strings.Join(h.hosts, " "), h.count, plural, wait)
		lines := strings.Split(h.path(), "\n")
		for i, line := range lines {
			if i == 2*mostFrames {
				fmt.Fprintf(b, "    … and %d more frames\n", (len(lines)-i+1)/2)
				break
			}
			fmt.Fprintf(b, "    %s\n", line)
		}
	}
	if len(all) == 0 {
		b.WriteString("  none\n")
	}
}

// wait says what a goroutine waits for.
func (g Goroutine) wait() string {
	if name, ok := strings.CutSuffix(g.state, " (durable)"); ok {
		return name
	}
	return g.state + " (virtual time waits for it)"
}

// path is the stack of a goroutine without the number of the one that created it.
func (g Goroutine) path() string { return creatorLine.ReplaceAllString(g.Stack(), "") }

var creatorLine = regexp.MustCompile(` in goroutine \d+`)
