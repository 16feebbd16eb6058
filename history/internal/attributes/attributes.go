package attributes

import (
	"slices"

	"github.com/capsize-go/capsize/history/edn"
)

// names are those of the fields in which a span of a trace has fields of its own.
var names = []edn.Keyword{"attributes", "Attributes", "tags"}

// Flatten adds the attributes of a span to the fields of its record, but for those of a name that the record has. They are an object, as
// in {"route": "/pay"}, or a list of keys with values, as OpenTelemetry writes them: [{"key": "route", "value": {"stringValue": "/pay"}}].
// The canonical name of an attribute is the one that is meant.
func Flatten(m edn.Map, canonical func(name string) string) edn.Map {
	i := slices.IndexFunc(m, func(p edn.Pair) bool {
		return slices.ContainsFunc(names, func(n edn.Keyword) bool { return p.Key == any(n) })
	})
	if i < 0 {
		return m
	}
	all, ok := pairs(m[i].Value)
	if !ok {
		return m // something else
	}
	m = slices.Delete(m, i, i+1)
	for _, p := range all {
		name, _ := p.Key.(string)
		key := edn.Keyword(canonical(name))
		if _, has := m.Get(key); !has {
			m = append(m, edn.Pair{Key: key, Value: p.Value})
		}
	}
	return m
}

// pairs returns names and values, and false for what has another form.
func pairs(v any) (all edn.Map, ok bool) {
	switch v := v.(type) {
	case edn.Map:
		return v, true
	case []any:
		for _, one := range v {
			m, _ := one.(edn.Map)
			key, ok := first(m, "key", "Key").(string)
			if !ok {
				return nil, false
			}
			all = append(all, edn.Pair{Key: key, Value: value(first(m, "value", "Value"))})
		}
		return all, true
	}
	return nil, false
}

// first returns the first of some fields that is there; nil if none is.
func first(m edn.Map, names ...string) any {
	for _, name := range names {
		if v, ok := m.Get(name); ok {
			return v
		}
	}
	return nil
}

// value returns the value in an object that also says of what type it is.
func value(v any) any {
	typed, ok := v.(edn.Map)
	if !ok {
		return v
	}
	i := slices.IndexFunc(typed, func(p edn.Pair) bool { return p.Key != any("Type") && p.Key != any("type") })
	if i < 0 {
		return v
	}
	return typed[i].Value
}
