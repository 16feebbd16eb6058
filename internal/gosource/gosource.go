// Package gosource writes Go expressions: of values, by reflection, and of the faults of a plan, by the constructors of
// package nemesis. It is for tests that are written by a program, as "capsize replay --as-test" does.
package gosource

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"path"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A File collects the imports that the expressions of a file need. The zero value is one without any.
type File struct {
	// Package is the import path of the package that the file is in: its types need no import and may be unexported.
	Package string

	names    map[string]string // of packages, by import path
	reserved map[string]string // likewise, of packages that the file may not need
}

// Reserve says how the file calls a package, if it needs it. No other package gets that name.
func (f *File) Reserve(importPath, name string) {
	if f.reserved == nil {
		f.reserved = map[string]string{}
	}
	f.reserved[importPath] = name
}

// Use notes that the file needs a package, and returns the name to call it by.
func (f *File) Use(importPath, name string) string {
	if importPath == f.Package {
		return ""
	}
	if known, ok := f.names[importPath]; ok {
		return known
	}
	if f.names == nil {
		f.names = map[string]string{}
	}
	if known, ok := f.reserved[importPath]; ok {
		f.names[importPath] = known
		return known
	}
	alias := name
	for i := 2; f.taken(alias); i++ {
		alias = name + strconv.Itoa(i)
	}
	f.names[importPath] = alias
	return alias
}

func (f *File) taken(name string) bool {
	for _, names := range []map[string]string{f.names, f.reserved} {
		for _, n := range names {
			if n == name {
				return true
			}
		}
	}
	return false
}

// Names returns the packages that the file needs: their names by their import paths.
func (f *File) Names() map[string]string { return maps.Clone(f.names) }

// Imports returns the import specs, sorted: those of the standard library first, then an empty line, then all others.
func (f *File) Imports() []string {
	var std, others []string
	for importPath, name := range f.names { // order: sorted below
		spec := strconv.Quote(importPath)
		if name != path.Base(importPath) {
			spec = name + " " + spec
		}
		if first, _, _ := strings.Cut(importPath, "/"); strings.Contains(first, ".") {
			others = append(others, spec)
		} else {
			std = append(std, spec)
		}
	}
	byPath := func(a, b string) int { return cmp.Compare(a[strings.Index(a, `"`):], b[strings.Index(b, `"`):]) }
	slices.SortFunc(std, byPath)
	slices.SortFunc(others, byPath)
	if len(std) > 0 && len(others) > 0 {
		std = append(std, "")
	}
	return append(std, others...)
}

// Duration returns the expression of a duration: 1500 * time.Millisecond.
func (f *File) Duration(d time.Duration) string {
	if d == 0 {
		return "0"
	}
	name := f.Use("time", "time")
	for _, u := range []struct {
		unit time.Duration
		name string
	}{
		{time.Hour, "Hour"}, {time.Minute, "Minute"}, {time.Second, "Second"}, {time.Millisecond, "Millisecond"}, {time.Microsecond, "Microsecond"}, {1, "Nanosecond"},
	} {
		switch {
		case d%u.unit != 0:
		case d == u.unit:
			return name + "." + u.name
		default:
			return fmt.Sprintf("%d*%s.%s", d/u.unit, name, u.name)
		}
	}
	return ""
}

// An error says why a value has no expression.
type inexpressible struct{ what string }

func (e inexpressible) Error() string { return e.what + " can't be written in Go source" }

// Value returns the expression of a value. Where it stands for an interface, as an argument of type any, it has the type of the
// value. It is an error if the file can't name a type of the value, or if the value has a part that no
// expression makes: a function, a channel, an unexported field of another package that is not zero.
func (f *File) Value(v any) (string, error) {
	before := maps.Clone(f.names)
	text, err := f.value(reflect.ValueOf(v), true)
	if err != nil {
		f.names = before
	}
	return text, err
}

// value returns the expression of v; typed if nothing around it says its type.
func (f *File) value(v reflect.Value, typed bool) (string, error) {
	if !v.IsValid() {
		return "nil", nil
	}
	if v.Type() == reflect.TypeFor[time.Duration]() {
		if typed && v.Int() == 0 {
			return f.Use("time", "time") + ".Duration(0)", nil
		}
		return f.Duration(time.Duration(v.Int())), nil
	}
	switch v.Kind() {
	case reflect.Struct, reflect.Slice, reflect.Array, reflect.Map:
		return f.composite(v)
	case reflect.Pointer:
		return f.pointer(v, typed)
	case reflect.Interface:
		if v.IsNil() {
			return "nil", nil
		}
		return f.value(v.Elem(), true)
	}
	text, defaults, err := basic(v)
	if err != nil {
		return "", err
	}
	if strings.HasPrefix(text, "math.") {
		text = f.Use("math", "math") + strings.TrimPrefix(text, "math")
	}
	if !typed || defaults == v.Type() {
		return text, nil
	}
	name, err := f.typeName(v.Type())
	if err != nil {
		return "", err
	}
	return name + "(" + text + ")", nil
}

// basic returns the expression of a number, a text or a bool, and the type that it has by default.
func basic(v reflect.Value) (text string, defaults reflect.Type, err error) {
	switch {
	case v.Kind() == reflect.Bool:
		return strconv.FormatBool(v.Bool()), reflect.TypeFor[bool](), nil
	case v.CanInt():
		return strconv.FormatInt(v.Int(), 10), reflect.TypeFor[int](), nil
	case v.CanUint() && v.Kind() != reflect.Uintptr:
		return strconv.FormatUint(v.Uint(), 10), reflect.TypeFor[int](), nil
	case v.CanFloat():
		text, isFloat := floatText(v.Float(), v.Type().Bits())
		if isFloat {
			return text, reflect.TypeFor[float64](), nil
		}
		return text, reflect.TypeFor[int](), nil
	case v.Kind() == reflect.String:
		return stringText(v.String()), reflect.TypeFor[string](), nil
	}
	return "", nil, inexpressible{"a value of type " + v.Type().String()}
}

// floatText returns the text of a number, and whether a constant with that text is a float64 by default.
func floatText(x float64, bits int) (text string, isFloat bool) {
	switch {
	case math.IsNaN(x):
		return "math.NaN()", true
	case math.IsInf(x, 0):
		return fmt.Sprintf("math.Inf(%d)", int(math.Copysign(1, x))), true
	case x == 0 && math.Signbit(x):
		return "math.Copysign(0, -1)", true
	}
	text = strconv.FormatFloat(x, 'g', -1, bits)
	return text, strings.ContainsAny(text, ".e")
}

// stringText quotes a text, between backquotes where that needs no escapes and quotes would.
func stringText(s string) string {
	if strings.ContainsAny(s, `"\`) && strconv.CanBackquote(s) {
		return "`" + s + "`"
	}
	return strconv.Quote(s)
}

func (f *File) pointer(v reflect.Value, typed bool) (string, error) {
	if v.IsNil() {
		if !typed {
			return "nil", nil
		}
		name, err := f.typeName(v.Type())
		return "(" + name + ")(nil)", err
	}
	text, err := f.value(v.Elem(), true)
	if err != nil {
		return "", err
	}
	switch v.Elem().Kind() {
	case reflect.Struct, reflect.Slice, reflect.Array, reflect.Map:
		return "&" + text, nil
	}
	return "new(" + text + ")", nil
}

// composite returns the literal of a struct, a list or a map.
func (f *File) composite(v reflect.Value) (string, error) {
	name, err := f.typeName(v.Type())
	if err != nil {
		return "", err
	}
	if (v.Kind() == reflect.Slice || v.Kind() == reflect.Map) && v.IsNil() {
		return name + "(nil)", nil
	}
	var parts []string
	switch v.Kind() {
	case reflect.Struct:
		parts, err = f.fields(v)
	case reflect.Map:
		parts, err = f.entries(v)
	default:
		for i := range v.Len() {
			text, err := f.element(v.Index(i))
			if err != nil {
				return "", err
			}
			parts = append(parts, text)
		}
	}
	if err != nil {
		return "", err
	}
	return name + "{" + strings.Join(parts, ", ") + "}", nil
}

// element is value for an element of a list or a map, whose literal may be without its type; it is kept for readers.
func (f *File) element(v reflect.Value) (string, error) {
	return f.value(v, v.Kind() == reflect.Interface)
}

// fields returns those of a struct that are not zero.
func (f *File) fields(v reflect.Value) (parts []string, err error) {
	for i := range v.NumField() {
		field := v.Type().Field(i)
		switch {
		case v.Field(i).IsZero():
			continue
		case field.Name == "_", !field.IsExported() && field.PkgPath != f.Package:
			return nil, inexpressible{fmt.Sprintf("field %s of %v", field.Name, v.Type())}
		}
		text, err := f.value(v.Field(i), false)
		if err != nil {
			return nil, err
		}
		parts = append(parts, field.Name+": "+text)
	}
	return parts, nil
}

// entries returns those of a map, sorted by their text.
func (f *File) entries(v reflect.Value) (parts []string, err error) {
	for it := v.MapRange(); it.Next(); { // order: sorted below
		key, err := f.element(it.Key())
		if err != nil {
			return nil, err
		}
		value, err := f.element(it.Value())
		if err != nil {
			return nil, err
		}
		parts = append(parts, key+": "+value)
	}
	slices.Sort(parts)
	return parts, nil
}

// typeName returns how the file names a type.
func (f *File) typeName(t reflect.Type) (string, error) {
	if t.Name() != "" {
		return f.named(t)
	}
	part := func(format string, of ...reflect.Type) (string, error) {
		var names []any
		for _, x := range of {
			name, err := f.typeName(x)
			if err != nil {
				return "", err
			}
			names = append(names, name)
		}
		return fmt.Sprintf(format, names...), nil
	}
	switch t.Kind() {
	case reflect.Slice:
		return part("[]%s", t.Elem())
	case reflect.Array:
		return part(fmt.Sprintf("[%d]%%s", t.Len()), t.Elem())
	case reflect.Pointer:
		return part("*%s", t.Elem())
	case reflect.Map:
		return part("map[%s]%s", t.Key(), t.Elem())
	case reflect.Interface:
		if t.NumMethod() == 0 {
			return "any", nil
		}
	case reflect.Struct:
		if t.NumField() == 0 {
			return "struct{}", nil
		}
	}
	return "", inexpressible{"type " + t.String()}
}

// named returns how the file names a type that has a name.
func (f *File) named(t reflect.Type) (string, error) {
	name, of, generic := strings.Cut(t.Name(), "[")
	switch {
	case generic && strings.ContainsAny(of, "./"):
		return "", inexpressible{"type " + t.String()} // its arguments are of packages, in their long form
	case t.PkgPath() == "" || t.PkgPath() == f.Package:
		return t.Name(), nil
	case t.PkgPath() == "main", strings.HasSuffix(t.PkgPath(), "_test"), !visible(t.PkgPath(), f.Package):
		return "", inexpressible{fmt.Sprintf("type %v of package %s", t, t.PkgPath())}
	case !isExported(name):
		return "", inexpressible{"type " + t.String()}
	}
	pkg, _, _ := strings.Cut(t.String(), ".")
	return f.Use(t.PkgPath(), pkg) + "." + t.Name(), nil
}

// visible reports whether a package may import another: an internal one only from below the folder that holds it.
func visible(importPath, from string) bool {
	before, _, ok := strings.Cut("/"+importPath+"/", "/internal/")
	return !ok || strings.HasPrefix("/"+from+"/", before+"/")
}

func isExported(name string) bool {
	return name != "" && strings.ToUpper(name[:1]) == name[:1] && name[0] != '_'
}
