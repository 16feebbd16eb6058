package lex

// A jsonTree reads an object or an array of JSON into generic values. It is there
// because encoding/json takes three times as long; what it is not sure of, it
// leaves to that.
type jsonTree struct {
	text []byte
	at   int
}

// QuickTree returns the value that raw spells, and false for what is no JSON, or
// is better left to encoding/json.
func QuickTree(raw []byte) (any, bool) {
	p := jsonTree{text: raw}
	v, ok := p.value(0)
	return v, ok && skipSpace(raw, p.at) == len(raw)
}

// value reads a value. Numbers are as number has them, and null is nil.
func (p *jsonTree) value(depth int) (any, bool) {
	p.at = skipSpace(p.text, p.at)
	if p.at == len(p.text) || depth > MaxDepth {
		return nil, false
	}
	switch p.text[p.at] {
	case '{':
		return p.object(depth)
	case '[':
		return p.array(depth)
	case '"':
		return p.str()
	}
	from := p.at
	for p.at < len(p.text) && isScalar(p.text[p.at]) {
		p.at++
	}
	switch raw := p.text[from:p.at]; {
	case string(raw) == "null":
		return nil, true
	case string(raw) == "true":
		return true, true
	case string(raw) == "false":
		return false, true
	case isJSONNumber(raw):
		return Number(string(raw)), true
	}
	return nil, false
}

// isScalar reports whether c can be part of a number or a word.
func isScalar(c byte) bool {
	return IsDigit(c) || c >= 'a' && c <= 'z' || c == '.' || c == '-' || c == '+' || c == 'E'
}

func (p *jsonTree) str() (string, bool) {
	from := p.at
	if p.at = SkipString(p.text, p.at); p.at < 0 {
		p.at = len(p.text)
		return "", false
	}
	s, err := ParseString(p.text[from:p.at])
	return s, err == nil
}

func (p *jsonTree) array(depth int) (any, bool) {
	all := []any{}
	for {
		p.at = skipSpace(p.text, p.at+1)
		if len(all) == 0 && p.next() == ']' {
			p.at++
			return all, true
		}
		v, ok := p.value(depth + 1)
		if !ok {
			return nil, false
		}
		all = append(all, v)
		p.at = skipSpace(p.text, p.at)
		switch p.next() {
		case ']':
			p.at++
			return all, true
		case ',':
			continue
		}
		return nil, false
	}
}

func (p *jsonTree) object(depth int) (any, bool) {
	m := map[string]any{}
	for first := true; ; first = false {
		p.at = skipSpace(p.text, p.at+1)
		switch {
		case first && p.next() == '}':
			p.at++
			return m, true
		case p.next() != '"':
			return nil, false
		}
		name, ok := p.str()
		p.at = skipSpace(p.text, p.at)
		if !ok || p.next() != ':' {
			return nil, false
		}
		p.at++
		if m[name], ok = p.value(depth + 1); !ok {
			return nil, false
		}
		p.at = skipSpace(p.text, p.at)
		switch p.next() {
		case '}':
			p.at++
			return m, true
		case ',':
			continue
		}
		return nil, false
	}
}

// next returns the byte that comes next, or 0 at the end.
func (p *jsonTree) next() byte {
	if p.at >= len(p.text) {
		return 0
	}
	return p.text[p.at]
}

// isJSONNumber reports whether raw is a number as JSON spells them.
func isJSONNumber(raw []byte) bool {
	i := 0
	digits := func() bool {
		from := i
		for i < len(raw) && IsDigit(raw[i]) {
			i++
		}
		return i > from
	}
	if i < len(raw) && raw[i] == '-' {
		i++
	}
	if i < len(raw) && raw[i] == '0' {
		i++
	} else if !digits() {
		return false
	}
	if i < len(raw) && raw[i] == '.' {
		if i++; !digits() {
			return false
		}
	}
	if i < len(raw) && (raw[i] == 'e' || raw[i] == 'E') {
		if i++; i < len(raw) && (raw[i] == '+' || raw[i] == '-') {
			i++
		}
		if !digits() {
			return false
		}
	}
	return i == len(raw)
}
