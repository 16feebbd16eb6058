package models

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/history/edn"
)

// The names that fields of spans have in files of others, beside the names of a [model.RequestOp] and an [model.Answer]: those of
// OpenTelemetry's conventions, and common ones. The first that a record has counts.
var spanFields = map[string][]string{
	"id":      {"traceId", "trace_id", "TraceID", "request_id", "requestId", "request", "id"},
	"route":   {"route", "http.route", "url.path", "http.target", "name", "Name"},
	"at":      {"at", "node", "host", "resource", "server.address", "peer.service", "service.name", "service"},
	"by":      {"by", "principal", "user", "caller", "client.address"},
	"code":    {"code", "http.response.status_code", "http.status_code", "status_code"},
	"depth":   {"depth"},
	"try":     {"try", "attempt"},
	"resend":  {"http.request.resend_count", "retries"},
	"n":       {"n", "units", "cost"},
	"up":      {"up", "healthy"},
	"partial": {"partial", "fallback"},
	"missing": {"missing"},
	"version": {"version"},
	"from":    {"from"},
	"for":     {"for"},
}

// attributes are the fields of an op.
type attributes edn.Map

// attributesOf returns the fields of an op: those of its value, if that is an object, and others.
func attributesOf(j history.JepsenOp) attributes {
	value, _ := j.Value.(edn.Map)
	return slices.Concat(attributes(value), attributes(j.More))
}

// find returns the first of the fields for a name that is there.
func (a attributes) find(name string) (v any, ok bool) {
	for _, n := range spanFields[name] {
		for _, p := range a {
			if (p.Key == any(edn.Keyword(n)) || p.Key == any(n)) && p.Value != nil {
				return p.Value, true
			}
		}
	}
	return nil, false
}

// known reports whether one of the fields has a meaning.
func (a attributes) known() bool {
	for name := range spanFields { // order: it is the same whichever comes first
		if _, ok := a.find(name); ok {
			return true
		}
	}
	return false
}

// failed reports whether the status of a span, an object with a code and a message, is an error.
func (a attributes) failed() (message string, failed bool) {
	for _, p := range a {
		status, ok := p.Value.(edn.Map)
		if name := keyName(p.Key); !ok || name != "status" && name != "Status" {
			continue
		}
		for _, s := range status {
			switch strings.ToLower(keyName(s.Key)) {
			case "code":
				failed = slices.Contains([]string{"2", "error", "status_code_error"}, strings.ToLower(fmt.Sprint(s.Value)))
			case "message", "description":
				message = fmt.Sprint(s.Value)
			}
		}
		return message, failed
	}
	return "", false
}

func keyName(key any) string {
	if k, ok := key.(edn.Keyword); ok {
		return string(k)
	}
	name, _ := key.(string)
	return name
}

// text returns a field as a text; empty if it is not there.
func (a attributes) text(name string) string {
	v, ok := a.find(name)
	if !ok {
		return ""
	}
	if k, ok := v.(edn.Keyword); ok {
		return string(k)
	}
	return fmt.Sprint(v)
}

// yes reports whether a field is there and true.
func (a attributes) yes(name string) bool {
	v, _ := a.find(name)
	return v == true || v == "true"
}

// integer returns a field that is a whole number, and whether it is there.
func (a attributes) integer(name string) (n int, ok bool, err error) {
	v, ok := a.find(name)
	if !ok {
		return 0, false, nil
	}
	if n, ok = toInteger(v); !ok {
		return 0, false, fmt.Errorf("%s %v is no whole number", name, v)
	}
	return n, true, nil
}

func toInteger(v any) (int, bool) {
	switch v := v.(type) {
	case int64:
		return int(v), true
	case float64:
		return int(v), v == float64(int(v))
	case string:
		n, err := strconv.Atoi(v)
		return n, err == nil
	}
	return 0, false
}

// deadlineUnits are in what a deadline or a timeout counts, by how its name ends.
var deadlineUnits = map[string]time.Duration{"": 1, "_ns": 1, "_us": time.Microsecond, "_ms": time.Millisecond, "_s": time.Second}

// deadline returns by when a call wants its answer, in the time of the file: at its deadline, or a timeout after its beginning.
func (a attributes) deadline(begun time.Duration) (time.Duration, error) {
	for _, p := range a {
		name := keyName(p.Key)
		for _, what := range []string{"deadline", "timeout"} {
			suffix, is := strings.CutPrefix(name, what)
			unit, known := deadlineUnits[suffix]
			if !is || !known || p.Value == nil {
				continue
			}
			x, err := strconv.ParseFloat(fmt.Sprint(p.Value), 64)
			if err != nil {
				return 0, fmt.Errorf("%s %v is no number", name, p.Value)
			}
			d := time.Duration(x * float64(unit))
			if whole, ok := p.Value.(int64); ok {
				d = time.Duration(whole) * unit
			}
			if what == "timeout" {
				d += begun
			}
			return d, nil
		}
	}
	return 0, nil
}
