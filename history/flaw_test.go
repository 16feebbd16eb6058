package history

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestFlaws shows each kind of contradiction, the line of its error, and what a lenient
// reader makes of it.
func TestFlaws(t *testing.T) {
	for name, c := range map[string]struct {
		text    string
		flaw    Flaw
		line    int
		types   []Type
		process []int
	}{
		"stray": {"{:process 1 :type :ok :f :read :value 2}\n{:process 1 :type :invoke :f :read}", StrayCompletion, 1,
			[]Type{OK, Invoke}, []int{1, 1}},
		"twice": {"{:process 0 :type :invoke :f :w :value 1}\n{:process 0 :type :invoke :f :w :value 2}\n{:process 0 :type :ok :f :w :value 1}", OpenTwice, 2,
			[]Type{Invoke, Invoke, OK}, []int{0, 1, 0}},
		"after info": {"{:process 0 :type :invoke :f :w}\n{:process 0 :type :info :f :w}\n\n{:process 0 :type :invoke :f :r}", AfterInfo, 4,
			[]Type{Invoke, Info, Invoke}, []int{0, 0, 1}},
		"no process": {"{:type :invoke :f :w}\n{:type :ok :f :w}", NoProcess, 1, []Type{Invoke, OK}, []int{0, 0}},
		"other f": {"{:process 0 :type :invoke :f :w}\n{:process 0 :type :ok :f :r}", WrongAnswer, 2,
			[]Type{Invoke, Info}, []int{0, 0}},
		"early answer": {"{:process 0 :type :invoke :f :w :time 9}\n{:process 0 :type :ok :f :w :time 8}\n{:process 1 :type :invoke :f :w :time 20}", WrongAnswer, 2,
			[]Type{Invoke, Info, Invoke}, []int{0, 0, 1}},
		"ends sorted": {"{:process 0 :type :invoke :f :w :time 10}\n{:process 0 :type :ok :f :w :time 30}\n{:process 1 :type :invoke :f :r :time 20}\n{:process 1 :type :ok :f :r :time 40}", OutOfOrder, 3,
			[]Type{Invoke, Invoke, OK, OK}, []int{0, 1, 0, 1}},
		"sequential by times": {"{:process 1 :type :invoke :f :r :time 30000000000}\n{:process 0 :type :invoke :f :w :time 10000000000}\n{:process 0 :type :ok :f :w :time 20000000000}\n{:process 1 :type :ok :f :r :time 40000000000}", OutOfOrder, 3,
			[]Type{Invoke, OK, Invoke, OK}, []int{0, 0, 1, 1}},
		"in steps": {"{:process 1 :type :invoke :f :r :time 3}\n{:process 0 :type :invoke :f :w :time 1}\n{:process 0 :type :ok :f :w :time 2}\n{:process 1 :type :ok :f :r :time 4}", OutOfOrder, 3,
			[]Type{Invoke, OK, Invoke, OK}, []int{0, 0, 1, 1}},
		"overlap by times": {"{:process 2 :type :invoke :f :r :time 0}\n{:process 0 :type :invoke :f :w :time 10}\n{:process 0 :type :ok :f :w :time 30}\n{:process 1 :type :invoke :f :r :time 20}\n{:process 1 :type :ok :f :r :time 40}", OutOfOrder, 4,
			[]Type{Invoke, Invoke, Invoke, OK, OK}, []int{2, 0, 1, 0, 1}},
		"not all timed": {"{:process 1 :type :invoke :f :r :time 30}\n{:process 0 :type :invoke :f :w :time 10}\n{:process 0 :type :ok :f :w :time 20}\n{:process 1 :type :ok :f :r}", OutOfOrder, 3,
			[]Type{Invoke, Invoke, OK, OK}, []int{1, 0, 0, 1}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Decode(strings.NewReader(c.text), "h", Options{})
			var at *FileError
			var flaw *FlawError
			require.True(t, errors.As(err, &at) && errors.As(err, &flaw), "%v", err)
			assert.Equal(t, c.flaw, flaw.Flaw)
			assert.Equal(t, c.line, at.Line)
			assert.NotEmpty(t, flaw.Hint())

			var assumed Assumptions
			h := decode(t, c.text, Options{Lenient: true, Assumed: &assumed})
			require.NotEmpty(t, assumed)
			if name == "not all timed" {
				c.flaw = Untimely
			}
			assert.Equal(t, c.flaw, assumed[0].Flaw)
			for i, op := range opsOf(h) {
				assert.Equal(t, c.types[i], op.Type)
				assert.Equal(t, c.process[i], op.Process)
			}
		})
	}
}

// TestNoFlaws shows what is odd and contradicts nothing.
func TestNoFlaws(t *testing.T) {
	for _, text := range []string{
		"{:process 0 :type :invoke :f :w :time 10}\n{:process 1 :type :invoke :f :w :time 9}\n{:process 0 :type :ok :f :w :time 12}",
		"{:process 0 :type :invoke :f :w :time -1}\n{:process 0 :type :ok :f :w :time 10}\n{:process 1 :type :invoke :f :w :time -1}",
		"{:process 0 :type :invoke :f :w}\n{:process 0 :type :info :f :other}",
		"{:process 1 :type :invoke :f :r :time 1009000000}\n{:process 0 :type :invoke :f :w :time 0}\n{:process 0 :type :ok :f :w :time 1000000000}",
	} {
		decode(t, text, Options{})
	}
}

// TestMissingKey shows that a call without a key among others with one is an error, in
// each way in which a file gives keys.
func TestMissingKey(t *testing.T) {
	for text, want := range map[string]string{
		"{:process 0 :type :invoke :f :w :key \"0\"}\n{:process 0 :type :ok :f :w}\n{:process 1 :type :invoke :f :r}":                         "h:3: this call has no key, but that of line 1 has one",
		"{:process 1 :type :invoke :f :r}\n{:process 0 :type :invoke :f :w :key 0}":                                                           "h:1: this call has no key, but that of line 2 has one",
		"{:process 0 :type :invoke :f :r :value [1 nil]}\n{:process 1 :type :invoke :f :r :value nil}":                                        "h:2: this call has no key",
		`{"client":0,"f":"put","key":"x","value":"a","call":1,"return":5}` + "\n" + `{"client":1,"f":"get","output":"a","call":6,"return":8}`: "h:2: this call has no key",
	} {
		_, err := Decode(strings.NewReader(text), "h", Options{Independent: strings.Contains(text, "["), KeyedAlike: true})
		require.ErrorContains(t, err, want)
	}
	decode(t, `{:process 0 :type :invoke :f :w :key ""}`+"\n"+`{:process 1 :type :invoke :f :w :key "x"}`, Options{KeyedAlike: true})
	decode(t, `{:process 0 :type :invoke :f :w :key "x"}`+"\n"+`{:process 0 :type :ok :f :w}`, Options{KeyedAlike: true})
}

// TestNoStart shows the error of a call that does not say when it began.
func TestNoStart(t *testing.T) {
	_, err := Decode(strings.NewReader(`{"client":0,"f":"put","value":"a","return":5}`), "h", Options{Format: Calls})
	require.ErrorContains(t, err, "h:1: no start time: it is in a field call, start")
}

// TestTimes reads times under other names and in other units.
func TestTimes(t *testing.T) {
	at := func(field, value string) string {
		return `{"process":0,"type":"invoke","f":"w","` + field + `":` + value + `}`
	}
	for text, want := range map[string]int64{
		at("t_ns", "7"): 7, at("time_us", "7"): 7000, at("ts_ms", "1.5"): 1500000, at("at_s", "2"): 2e9, at("time", "7"): 7,
		at("ts", "1789442762"): 1789442762e9, at("ts", "1789442762673"): 1789442762673e6, at("t", "1789442762673427"): 1789442762673427e3,
		at("t", "1789442762673427900"): 1789442762673427900, at("t", "12"): 12, at("t", `"1789442762673427900"`): 1789442762673427900,
		at("timestamp", `"2026-09-15T03:26:02.673Z"`): 1789442762673e6,
	} {
		assert.Equal(t, want, int64(decode(t, text, Options{}).At(0).Time), text)
	}
	for text, want := range map[string]string{
		at("t_s", "1e300"):  "h:1: t_s 1e+300 is out of range",
		at("t", "1.5"):      "h:1: t 1.5 has a fraction and no unit",
		at("ts", `"later"`): `h:1: ts "later" is neither a number nor a time as RFC 3339 has it`,
	} {
		_, err := Decode(strings.NewReader(text), "h", Options{})
		require.ErrorContains(t, err, want)
	}
}
