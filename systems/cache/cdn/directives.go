package cdn

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// directives are those of a Cache-Control header: RFC 9111, §5.2, and RFC 5861. Names are in lower case.
type directives map[string]string

// parseDirectives parses the Cache-Control headers of a message.
func parseDirectives(h http.Header) directives {
	d := directives{}
	for _, part := range splitList(strings.Join(h.Values("Cache-Control"), ",")) {
		name, value, _ := strings.Cut(part, "=")
		name = strings.ToLower(strings.TrimSpace(name))
		if _, twice := d[name]; !twice && name != "" { // of two, the first counts: §4.2.1
			d[name] = strings.Trim(strings.TrimSpace(value), `"`)
		}
	}
	return d
}

func (d directives) has(names ...string) bool {
	for _, name := range names {
		if _, ok := d[name]; ok {
			return true
		}
	}
	return false
}

// seconds returns the time that a directive gives. A malformed one counts as zero: the response is
// stale at once, as §4.2.1 recommends.
func (d directives) seconds(name string) (t time.Duration, ok bool) {
	text, ok := d[name]
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil || n < 0 {
		return 0, true
	}
	return time.Duration(n) * time.Second, true
}

// splitList splits a list at commas that are not in quotes.
func splitList(list string) (parts []string) {
	quoted, from := false, 0
	for i := range len(list) {
		switch list[i] {
		case '"':
			quoted = !quoted
		case ',':
			if !quoted {
				parts, from = append(parts, strings.TrimSpace(list[from:i])), i+1
			}
		}
	}
	return append(parts, strings.TrimSpace(list[from:]))
}

// hasETag reports whether a list of entity tags, as in If-None-Match, has one, by the weak comparison of RFC 9110, §8.8.3.2.
func hasETag(list, etag string) bool {
	if list == "" || etag == "" {
		return false
	}
	for _, x := range splitList(list) {
		if x == "*" || strings.TrimPrefix(x, "W/") == strings.TrimPrefix(etag, "W/") {
			return true
		}
	}
	return false
}
