package history

import (
	"bytes"
	"encoding/json"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/capsize-go/capsize/history/internal/lex"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestNoUTF8 names the place of a byte that is not UTF-8, in all formats. A reader that
// put another character in its place would take two values for one.
func TestNoUTF8(t *testing.T) {
	const two = "\n"
	for text, want := range map[string]string{
		`{"process":0,"type":"invoke","key":"é"}` + two + `{"process":1,"type":"invoke","key":"éx` + "\x92\"}": "h:2: column 39: ",
		`[{"process":0,"type":"invoke","f":"a"},` + two + `{"process":0,"type":"ok","f":"` + "\x92\"}]":        "h:2: column 31: ",
		`[{"process":0,"type":"invoke","f":"` + "\x92\"},{\"process\":0,\"type\":\"ok\",\"f\":\"\"}]":          "h:1: column 36: ",
		`{:process 0, :type :invoke, :f :` + "\x92}":                                                           "h:1: column 33: ",
		`{:f :get :key "` + "\x92\" :type :invoke :process 0}":                                                 "h:1: column 16: ",
		`{"client":0,"op":"p","value":"` + "\x92\",\"call\":10,\"return\":20}":                                 "h:1: column 31: ",
		"\xff: nothing" + two + "INFO jepsen.util - 1\t:invoke\t:f\t\"é\x92\"":                                 "h:2: column 35: ",
		"\ufeff[{:process 0, :type :invoke, :f \"\xe2\x82":                                                     "h:1: column 34: byte 0xE2",
	} {
		if !strings.Contains(want, "byte") {
			want += "byte 0x92"
		}
		for _, r := range []io.Reader{strings.NewReader(text), iotest.OneByteReader(strings.NewReader(text)), iotest.DataErrReader(strings.NewReader(text))} {
			for _, lenient := range []bool{false, true} {
				_, err := Decode(r, "h", Options{Lenient: lenient})
				assert.EqualError(t, err, want+" is not UTF-8: convert the file, as by iconv -t UTF-8", text)
				r = strings.NewReader(text)
			}
		}
	}
	// What others write into the log of a console is passed over.
	assert.Equal(t, 1, decode(t, "WARN \x92\nINFO jepsen.util - 1\t:invoke\t:f\t1\nINFO \xff", Options{}).Len())
}

// TestHalfCharacters refuses escapes that stand for a half of a character.
func TestHalfCharacters(t *testing.T) {
	for text, half := range map[string]string{
		`"\ud800"`: "d800", `"\uDC00"`: "dc00", `"\ud800\ud800"`: "d800", `"\ud83d\\ude00"`: "d83d", `"\ud83d\ude0"`: "d83d",
		`"\\\ud800"`: "d800", `"\ud83d\ude00\udc00"`: "dc00", `"é"`: "", `"\u00e9\n"`: "", `"\ud83d\ude00"`: "", `"\\ud800"`: "", `"\`: "", `"\u12`: "",
	} {
		if half == "" {
			require.NoError(t, lex.CheckEscapes([]byte(text)), text)
			continue
		}
		require.EqualError(t, lex.CheckEscapes([]byte(text)), `\u`+half+` is half a character: a surrogate without the other half`, text)
		_, err := Decode(strings.NewReader(`{"process":0,"type":"invoke","input":`+text+`}`), "h", Options{})
		require.ErrorContains(t, err, "h:1: ")
	}
}

// TestCheckEscapes compares with encoding/json, which replaces halves of characters.
func TestCheckEscapes(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	parts := []string{`\ud83d`, `\ude00`, `\\`, `\n`, `\u0041`, "x", `\"`, "é"}
	for range 2000 {
		text := `"`
		for range r.IntN(6) {
			text += parts[r.IntN(len(parts))]
		}
		text += `"`
		var s string
		require.NoError(t, json.Unmarshal([]byte(text), &s), text)
		require.Equal(t, strings.ContainsRune(s, '\ufffd'), lex.CheckEscapes([]byte(text)) != nil, text)
	}
}

// TestOpNumbers names the op in errors of files with several on a line.
func TestOpNumbers(t *testing.T) {
	const invoke, ok = `{"process":0,"type":"invoke","f":"a"}`, `{"process":0,"type":"ok","f":"a"}`
	for text, want := range map[string]string{
		"[" + invoke + "," + ok + "," + ok + "]":                                    "h:1: op 3: ok of process 0, but it has no pending call",
		"[" + ok + ", " + invoke + "]":                                              "h:1: op 1: ok of process 0, but it has no pending call",
		"[" + invoke + ",\n" + ok + ",\n" + ok + "]":                                "h:3: ok of process 0, but it has no pending call",
		"[" + invoke + ",\n" + ok + "," + ok + "]":                                  "h:2: op 3: ok of process 0, but it has no pending call",
		"[" + invoke + "," + ok + `,{"process":-1,"type":"ok"}]`:                    "h:1: op 3: process -1 is neither a number from 0 on, nor a name, nor :nemesis",
		"[" + invoke + "," + ok + `,{"process":x}]`:                                 "h:1: op 3: invalid character 'x' looking for beginning of value",
		"[" + invoke + "," + ok + `,7]`:                                             "h:1: op 3: 7 is no JSON object",
		invoke + ok + ok:                                                            "h:1: op 3: ok of process 0, but it has no pending call",
		`[{"f":"a","call":1,"return":2},{"f":"a","call":4,"return":3}]`:             "h:1: op 2: the call returned at 3, before it began at 4",
		`[{"f":"a","call":1,"return":2},` + "\n" + `{"f":"a","call":4,"return":3}]`: "h:2: the call returned at 3, before it began at 4",
	} {
		_, err := Decode(bytes.NewReader([]byte(text)), "h", Options{})
		require.EqualError(t, err, want, text)
	}
}
