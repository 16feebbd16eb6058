package edn

import (
	"encoding/json"
	"errors"
	"io"
	"math"
	"math/big"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/capsize-go/capsize/history/internal/lex"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func bigOf(s string) *big.Int {
	n, _ := new(big.Int).SetString(s, 10)
	return n
}

func TestParseEDN(t *testing.T) {
	for text, want := range map[string]any{
		"nil":                           nil,
		" true ":                        true,
		"false":                         false,
		"0":                             int64(0),
		"-0":                            int64(0),
		"+7":                            int64(7),
		"-9223372036854775808":          int64(math.MinInt64),
		"9223372036854775808":           bigOf("9223372036854775808"),
		"12N":                           big.NewInt(12),
		"1/2":                           big.NewRat(1, 2),
		"-4/2":                          int64(-2),
		"36893488147419103232/2":        bigOf("18446744073709551616"),
		"1.5":                           1.5,
		"1e3":                           1000.0,
		"-1.0E-2":                       -0.01,
		"1e400":                         math.Inf(1),
		"##-Inf":                        math.Inf(-1),
		"##Inf":                         math.Inf(1),
		"1.50M":                         Decimal("1.50"),
		"+1e400M":                       Decimal("1e400"),
		":read":                         Keyword("read"),
		":jepsen.nemesis/start!":        Keyword("jepsen.nemesis/start!"),
		":1SR":                          Keyword("1SR"),
		"foo":                           Symbol("foo"),
		"+":                             Symbol("+"),
		"-x":                            Symbol("-x"),
		"é":                             Symbol("é"),
		`"a\"\\\n\t\r\b\f\u00e9\101\0"`: "a\"\\\n\t\r\b\fé\x41\x00",
		`"\ud83d\ude00"`:                "😀",
		"\"two\nlines\"":                "two\nlines",
		`\a`:                            Char('a'),
		`\é`:                            Char('é'),
		`\newline`:                      Char('\n'),
		`\space`:                        Char(' '),
		`\u00e9`:                        Char('é'),
		`\o101`:                         Char('A'),
		`\(`:                            Char('('),
		`\\`:                            Char('\\'),
		`[\, \"]`:                       []any{Char(','), Char('"')},
		"[]":                            []any{},
		"[1,2 ,, 3]":                    []any{int64(1), int64(2), int64(3)},
		"(1 (2))":                       List{int64(1), List{int64(2)}},
		"#{:b :a}":                      Set{Keyword("b"), Keyword("a")},
		"{:b 1, :a nil}":                Map{{Keyword("b"), int64(1)}, {Keyword("a"), nil}},
		"{[1] {}}":                      Map{{[]any{int64(1)}, Map{}}},
		`#inst "2026-01-01"`:            Tagged{"inst", "2026-01-01"},
		"#jepsen.history.Op{:f :x}":     Tagged{"jepsen.history.Op", Map{{Keyword("f"), Keyword("x")}}},
		"#object [a \"b\"]":             Tagged{"object", []any{Symbol("a"), "b"}},
		"#:a{:b 1, :_/c 2, :d/e 3, f 4}": Map{{Keyword("a/b"), int64(1)}, {Keyword("c"), int64(2)},
			{Keyword("d/e"), int64(3)}, {Symbol("a/f"), int64(4)}},
		"; no\n#_ [1 #_ 2] [1 #_ 2] ; no": []any{int64(1)},
		"[#_ #_ 1 2 3]":                   []any{int64(3)},
	} {
		v, err := Parse(text)
		require.NoError(t, err, text)
		require.Equal(t, want, v, text)
		again, err := Parse(Must(v))
		require.NoError(t, err, text)
		require.Equal(t, want, again, text)
	}
	nan, err := Parse("##NaN")
	require.NoError(t, err)
	assert.True(t, math.IsNaN(nan.(float64)))
	assert.Equal(t, "##NaN", Must(nan))
}

// TestParseEDNBases reads integers that Clojure reads though EDN does not have them.
func TestParseEDNBases(t *testing.T) {
	for text, want := range map[string]any{
		"0x1F":                    int64(31),
		"-0X1fN":                  int64(-31),
		"017":                     int64(15),
		"+36rZz":                  int64(1295),
		"0xFFFFFFFFFFFFFFFF":      bigOf("18446744073709551615"),
		"#object[a.B 0x1a \"c\"]": Tagged{"object", []any{Symbol("a.B"), int64(26), "c"}},
	} {
		v, err := Parse(text)
		require.NoError(t, err, text)
		require.Equal(t, want, v, text)
	}
	for text, want := range map[string]string{
		"018":  "018 is no number",
		"0x":   "0x is no number",
		"0x1G": "0x1G is no number",
		"1x1":  "1x1 is no number",
		"12x1": "12x1 is no number",
		"1r1":  "1r1 is no number",
		"37r1": "37r1 is no number",
		"2r12": "2r12 is no number",
		"0x-1": "0x-1 is no number",
		"1p1":  "1p1 is no number",
		"1_0":  "1_0 is no number",
	} {
		_, err := Parse(text)
		require.EqualError(t, err, want, text)
	}
}

func TestParseEDNRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"":                                "no value",
		"; nothing":                       "no value",
		"#_ 1":                            "no value",
		"1 2":                             "'2' after the value",
		`"\ud83dx"`:                       `\ud83d is half a character: a surrogate without the other half`,
		"1 #_":                            "the file is cut short: it ends within a value",
		"[1":                              "the file is cut short: it ends within a value",
		"{":                               "the file is cut short: it ends within a value",
		"{:a":                             "the file is cut short: it ends within a value",
		"{:a ":                            "the file is cut short: it ends within a value",
		"{:a 1":                           "the file is cut short: it ends within a value",
		"{:a #":                           "the file is cut short: it ends within a value",
		`"a`:                              "the file is cut short: it ends within a value",
		`"a\`:                             "the file is cut short: it ends within a value",
		`\`:                               "the file is cut short: it ends within a value",
		"#":                               "the file is cut short: it ends within a value",
		"#inst":                           "the file is cut short: it ends within a value",
		"#:a":                             "the file is cut short: it ends within a value",
		"#{":                              "the file is cut short: it ends within a value",
		"[1)":                             "')', where ']' should close",
		"{1]":                             "']', where '}' should close",
		"{:a 1 :b}":                       "the map has a key without a value: :b",
		"]":                               "']' closes nothing",
		":":                               ": is no keyword",
		"::a":                             "::a is no keyword",
		"a@b":                             "a@b is no value",
		"'a":                              "'a is no value",
		"1x":                              "1x is no number",
		"1/x":                             "1/x is no number",
		"1/0":                             "1/0 is no ratio",
		"1xM":                             "1xM is no number",
		"##inf":                           "##inf is no number",
		`"\x"`:                            `escape \x in a string`,
		`"\u12"`:                          `escape \u12 in a string`,
		`"\u12zz"`:                        `escape \u12zz in a string`,
		`"\777"`:                          `escape \777 in a string`,
		`\abc`:                            `\abc is no character`,
		`\ud800`:                          `\ud800 is no character`,
		`\o`:                              "",
		"\\\n":                            "a backslash at the end of the line",
		"#'a 1":                           "#'a is no tag",
		"#1 1":                            "#1 is no tag",
		`#"re"`:                           "# is no tag",
		"#:{}":                            "#: is no namespace",
		"#:a [1]":                         "'[' after namespace a, instead of a map",
		"#:a{:b}":                         "the map has a key without a value: :b",
		"#:a{[":                           "the file is cut short: it ends within a value",
		"[#_]":                            "']' closes nothing",
		strings.Repeat("[", 1002):         "values are nested more than 1000 deep",
		strings.Repeat("9", 10001):        strings.Repeat("9", 60) + "… is too long a number",
		"1/" + strings.Repeat("9", 10001): "1/" + strings.Repeat("9", 58) + "… is no ratio",
		strings.Repeat("#_ ", 1002):       "values are nested more than 1000 deep",
	} {
		_, err := Parse(text)
		if want == "" {
			require.NoError(t, err, text)
			continue
		}
		require.EqualError(t, err, want, text)
	}
}

func TestEDNReaderFails(t *testing.T) {
	broken := errors.New("broken")
	for _, text := range []string{"", "[", "[1", `["a`, "; a", `[\`, "{:a", "#", "#:", "##", "#a", "#:a", "[#_"} {
		p := NewParser(io.MultiReader(strings.NewReader(text), iotest.ErrReader(broken)))
		_, err := p.Value(0)
		require.ErrorIs(t, err, broken, text)
	}
	p := NewParser(idle{})
	_, err := p.Value(0)
	require.ErrorIs(t, err, io.ErrNoProgress)
}

// idle never yields anything.
type idle struct{}

func (idle) Read([]byte) (int, error) { return 0, nil }

func TestEDNReaderBoundsMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	for _, text := range []string{"{:a \"", "#_ [b"} {
		p := NewParser(io.MultiReader(strings.NewReader(text), many{'z'}))
		_, err := p.Value(0)
		require.ErrorIs(t, err, lex.ErrLong, text)
	}
}

// many yields one byte again and again.
type many struct{ c byte }

func (m many) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = m.c
	}
	return len(p), nil
}

func TestEDNReaderReadsInPieces(t *testing.T) {
	const text = `{:a "bc\"d" , #_x :long-keyword [1.5 \newline #{foo}] ; c
 #:n{:k :v} ##Inf}`
	want, err := Parse(text)
	require.NoError(t, err)
	p := NewParser(iotest.OneByteReader(strings.NewReader(text)))
	p.buf = p.buf[:1]
	got, err := p.Value(0)
	require.NoError(t, err)
	assert.Equal(t, want, got)
	assert.Equal(t, 2, p.line)
}

func TestAppendEDN(t *testing.T) {
	for want, v := range map[string]any{
		"nil":                 lex.Null{},
		"7":                   7,
		"1.0":                 1.0,
		"1e+30":               1e30,
		`"\u0001\n\t\r\"\\é"`: "\x01\n\t\r\"\\é",
		`"not a keyword"`:     Keyword("not a keyword"),
		`\u0001`:              Char(1),
		`\tab`:                Char('\t'),
		"12N":                 json.Number("12"),
		"1e400M":              json.Number("1e400"),
		`{"a" 1, "b" [true]}`: map[string]any{"b": []any{true}, "a": 1},
		`{"f" "x", "ptr" nil}`: struct {
			F   string `json:"f"`
			Ptr *int   `json:"ptr"`
		}{F: "x"},
		`#inst "x"`:             Tagged{"inst", "x"},
		"18446744073709551615N": uint64(math.MaxUint64),
		"1/3":                   big.NewRat(1, 3),
		"{:a 1, [2] \\c}":       Map{{Keyword("a"), 1}, {[]any{2}, Char('c')}},
	} {
		b, err := Append(nil, v)
		require.NoError(t, err)
		require.Equal(t, want, string(b))
	}
	for _, v := range []any{make(chan int), []any{make(chan int)}, Map{{make(chan int), 1}}, Map{{1, make(chan int)}}} {
		_, err := Append(nil, v)
		require.ErrorContains(t, err, "unsupported type: chan int")
	}
	assert.NotEmpty(t, Must(make(chan int)))
}

func TestMap(t *testing.T) {
	m := Map{{[]any{1}, 0}, {Keyword("a"), 1}, {"a", 2}, {int64(1), 3}}
	for _, key := range []any{Keyword("a"), "a", int64(1)} {
		_, ok := m.Get(key)
		assert.True(t, ok)
	}
	v, _ := m.Get("a")
	assert.Equal(t, 2, v)
	_, ok := m.Get([]any{1})
	assert.False(t, ok)
	_, ok = m.Get(nil)
	assert.False(t, ok)

	b, err := json.Marshal(Map{{"s", Char('x')}, {Keyword("k"), Set{1}}, {int64(3), nil}, {[]any{Keyword("a")}, List{}}})
	require.NoError(t, err)
	assert.Equal(t, `{"s":"x","k":[1],"3":null,"[:a]":[]}`, string(b))
	_, err = json.Marshal(Map{{make(chan int), 1}})
	require.Error(t, err)
	_, err = json.Marshal(Map{{1, make(chan int)}})
	require.Error(t, err)
}

// TestLongNamesAreNotKept has a reader remember short names only, which come again and again.
func TestLongNamesAreNotKept(t *testing.T) {
	p := NewText(":" + strings.Repeat("x", lex.MaxName+1))
	_, err := p.Only()
	require.NoError(t, err)
	assert.Empty(t, p.names)
	p = NewText(":short")
	_, err = p.Only()
	require.NoError(t, err)
	assert.NotEmpty(t, p.names)
}
