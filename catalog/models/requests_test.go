package models

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/checker"
	"github.com/capsize-go/capsize/history"
	"github.com/capsize-go/capsize/model"
)

// spans returns a file with a record a call, as logs and traces have it. A call is its function, its times in ms, and other fields.
func spans(calls ...string) string {
	var b strings.Builder
	for _, c := range calls {
		part := strings.SplitN(c, " ", 4)
		b.WriteString(`{"f":"` + part[0] + `","start_ms":` + part[1])
		b.WriteString(`,"end_ms":` + part[2])
		if len(part) > 3 {
			b.WriteString("," + part[3])
		}
		b.WriteString("}\n")
	}
	return b.String()
}

func judgeText(t *testing.T, text string, o Options) (Judgement, error) {
	t.Helper()
	c, err := New(o)
	if err != nil {
		return Judgement{}, err
	}
	src, err := NewSource(strings.NewReader(text), "h", history.Auto)
	require.NoError(t, err)
	rec, err := c.Read(src)
	if err != nil {
		return Judgement{}, err
	}
	return c.Judge(t.Context(), rec)
}

// TestRequestRules judges for each rule about requests a history that keeps it and one that does not, as spans that others recorded, and in our
// format.
func TestRequestRules(t *testing.T) {
	const more = `request 900 901 "id":99,"route":"/other"`
	for _, tc := range []struct {
		model      string
		good, evil []string
	}{
		{"outcomes", []string{`request 0 9 "id":1,"timeout_ms":9`}, []string{`request 0 11 "id":1,"timeout_ms":9`}},
		{"leaks", []string{`hold 0 9 "at":"pool"`}, []string{`hold 0 null "at":"pool"`}},
		{"detection", []string{`attempt 0 1 "at":"n1","status":"error"`, `probe 5 6 "at":"n1","up":false`}, []string{`attempt 0 1 "at":"n1","status":"error"`, `probe 5 6 "at":"n1","up":true`, `attempt 9000 9001 "at":"n1"`}},
		{"amplification", []string{`request 0 9 "id":1`, `attempt 1 2 "id":1`}, []string{`request 0 99 "id":1`, `attempt 1 2 "id":1`, `attempt 3 4 "id":1`, `attempt 5 6 "id":1`, `attempt 7 8 "id":1`,
			`attempt 9 10 "id":1`, `attempt 11 12 "id":1`, `attempt 13 14 "id":1`}},
		{"admitted", []string{`admit 0 1 "n":100`}, []string{`admit 0 1 "n":60,"by":"ann"`, `admit 9 10 "n":41,"by":"ann"`}},
		{"balance", []string{`attempt 0 1 "at":"n1"`, `attempt 0 1 "at":"n2"`}, []string{`attempt 0 1 "at":"n1"`, `attempt 0 1 "at":"n1"`, `attempt 0 1 "at":"n1"`, `attempt 0 1 "at":"n1"`, `attempt 0 1 "at":"n2"`}},
		{"orphans", []string{`request 0 9 "id":1`, `work 1 8 "id":1`}, []string{`request 0 9 "id":1`, `work 1 80 "id":1`}},
		{"effects", []string{`request 0 9 "id":1,"route":"/pay"`, `effect 1 2 "id":1,"route":"/pay"`}, []string{`request 0 9 "id":1,"route":"/pay"`, `effect 1 2 "id":1,"route":"/pay"`, `effect 3 4 "id":1,"route":"/pay"`}},
		{"access", []string{`access 0 1 "by":"ann"`, `revoke 2 3 "by":"ann"`, `access 4 5 "by":"ann","code":403`}, []string{`revoke 2 3 "by":"ann"`, `access 4 5 "by":"ann"`}},
		{"in-flight", []string{`hold 0 1 "at":"lock"`, `hold 1 2 "at":"lock"`}, []string{`hold 0 2 "at":"lock"`, `hold 1 2 "at":"lock"`}},
		{"parts", []string{`request 0 1 "id":1,"partial":true,"missing":1`}, []string{`request 0 1 "id":1,"missing":1`}},
		{"goodput", nil, nil},
	} {
		if tc.model == "goodput" {
			continue // see TestGoodputAfterFaults
		}
		for want, calls := range map[checker.Verdict][]string{checker.Valid: tc.good, checker.Invalid: tc.evil} {
			j, err := judgeText(t, spans(append(calls, more)...), Options{Model: tc.model})
			require.NoError(t, err, tc.model)
			require.Equal(t, want, j.Verdict, "%s: %s", tc.model, j.Reason)
			require.Equal(t, history.Calls, j.Format)
			var ours bytes.Buffer
			require.NoError(t, j.History.Write(&ours))
			again, err := judgeText(t, ours.String(), Options{Model: tc.model})
			require.NoError(t, err, tc.model)
			require.Equal(t, history.JSONL, again.Format)
			require.Equal(t, j.Result, again.Result)
		}
	}
}

// TestGoodputAfterFaults judges goodput after the faults of a history, and after a trigger that is given.
func TestGoodputAfterFaults(t *testing.T) {
	text := func(badFrom, badTo time.Duration, faults bool) string {
		h := &history.History{}
		for at := time.Duration(0); at < 40*time.Second; at += 100 * time.Millisecond {
			if faults && at == 5*time.Second {
				h.Add(history.Op{Process: history.Nemesis, Type: history.Invoke, Key: "g", Time: at, Input: "slow"})
			}
			if faults && at == 10*time.Second {
				h.Add(history.Op{Process: history.Nemesis, Type: history.OK, Key: "g", Time: at})
			}
			h.Add(history.Op{Time: at, Type: history.Invoke, Input: model.RequestOp{F: "request", ID: int(at / time.Millisecond)}})
			end := history.Op{Time: at + time.Millisecond, Type: history.OK, Output: model.Answer{}}
			if at >= badFrom && at < badTo {
				end.Type, end.Output, end.Err = history.Fail, nil, "busy"
			}
			h.Add(end)
		}
		var b bytes.Buffer
		require.NoError(t, h.Write(&b))
		return b.String()
	}
	for _, tc := range []struct {
		from, to time.Duration
		faults   bool
		limit    string
		want     checker.Verdict
	}{
		{5 * time.Second, 10 * time.Second, true, "", checker.Valid},
		{5 * time.Second, 40 * time.Second, true, "", checker.Invalid},
		{5 * time.Second, 40 * time.Second, false, "", checker.Unknown},
		{5 * time.Second, 40 * time.Second, false, "5s-10s", checker.Invalid},
		{5 * time.Second, 30 * time.Second, false, "5s-20s", checker.Valid},
	} {
		j, err := judgeText(t, text(tc.from, tc.to, tc.faults), Options{Model: "goodput", Shape: Shape{Limit: tc.limit}})
		require.NoError(t, err)
		require.Equal(t, tc.want, j.Verdict, "%v: %s", tc, j.Reason)
	}
}

// TestTracesOfOthers reads spans as OpenTelemetry's exporters write them.
func TestTracesOfOthers(t *testing.T) {
	const (
		otlp = `{"traceId":"a1","spanId":"1","name":"GET /pay","kind":"SPAN_KIND_CLIENT","startTimeUnixNano":"1700000000000000000","endTimeUnixNano":"1700000000300000000","attributes":[{"key":"server.address","value":{"stringValue":"n1"}},{"key":"http.request.resend_count","value":{"intValue":"1"}}],"status":{"code":2,"message":"deadline exceeded"}}
{"traceId":"a1","spanId":"2","name":"/pay","kind":"SPAN_KIND_SERVER","startTimeUnixNano":"1700000000100000000","endTimeUnixNano":"1700000000900000000","attributes":[{"key":"service.name","value":{"stringValue":"n1"}}],"status":{"code":1}}
{"traceId":"a1","spanId":"0","name":"checkout","kind":"SPAN_KIND_INTERNAL","startTimeUnixNano":"1700000000000000000","endTimeUnixNano":"1700000000310000000","attributes":[{"key":"timeout_ms","value":{"intValue":"300"}}],"status":{}}
`
		flat = `{"name":"request","request_id":7,"route":"/pay","start_us":1700000000000000,"duration_us":310000,"timeout_ms":300,"status":"ok"}
{"name":"attempt","request_id":7,"start_us":1700000000000000,"duration_us":300000,"attributes":{"peer.service":"n1","attempt":2},"status":"error"}
{"name":"work","request_id":7,"start_us":1700000000100000,"duration_us":800000,"attributes":{"node":"n1"},"status":"ok"}
`
	)
	renames, err := history.ParseRenames("f:SPAN_KIND_CLIENT=attempt,f:SPAN_KIND_SERVER=work,f:SPAN_KIND_INTERNAL=request")
	require.NoError(t, err)
	for text, r := range map[string]history.Renames{otlp: renames, flat: {}} {
		j, err := judgeText(t, text, Options{Model: "outcomes", Rename: r})
		require.NoError(t, err)
		require.Equal(t, checker.Invalid, j.Verdict, j.Reason)
		require.Contains(t, j.Counterexample.Reason, "had no outcome by its deadline at 300ms, but 10ms later")
		j, err = judgeText(t, text, Options{Model: "orphans", Rename: r})
		require.NoError(t, err)
		require.Equal(t, checker.Invalid, j.Verdict, j.Reason)
		require.Contains(t, j.Counterexample.Reason, "at n1 went on for 600ms after 300ms")
		for c := range j.History.Calls() {
			if in := c.Invoke.Input.(model.RequestOp); in.F == "attempt" {
				require.Equal(t, 2, in.Try)
				require.Equal(t, "n1", in.At)
				require.Equal(t, history.Info, c.Complete.Type)
			}
		}
	}
}

// TestRequestsRefuse shows which spans are errors, and which limits.
func TestRequestsRefuse(t *testing.T) {
	for text, want := range map[string]string{
		spans(`request 0 1 "id":1`, `request 2 3 "id":"a"`): "the id a is a name, and others are numbers",
		spans(`request 0 1 "id":"a"`, `request 2 3 "id":1`): "the id 1 is a number, and others are names",
		spans(`attempt 0 1 "depth":"deep"`):                 "depth deep is no whole number",
		spans(`request 0 1 "deadline_ms":"soon"`):           "deadline_ms soon is no number",
		spans(`request 0 1 "id":1,"missing":0.5`):           "missing 0.5 is no whole number",
		spans(`lookup 0 1 "id":1`):                          `no call has an f that it knows: it has "lookup"`,
		spelled(`request;{"id" 1};ok;{"weather" "fine"}`):   "nothing of the model judges it",
	} {
		_, err := judgeText(t, text, Options{Model: "outcomes"})
		require.ErrorContains(t, err, want, text)
	}
	for _, tc := range []struct{ model, limit, want string }{
		{"outcomes", "soon", `--limit of outcomes is like 1µs, not "soon"`},
		{"outcomes", "-1s", `--limit of outcomes is like 1µs, not "-1s"`},
		{"admitted", "100", `--limit of admitted is like 100/1s, not "100"`},
		{"admitted", "100/0s", `--limit of admitted is like 100/1s, not "100/0s"`},
		{"in-flight", "1.5", `--limit of in-flight is like 1, not "1.5"`},
		{"goodput", "9s-3s", `--limit of goodput is like 10s-30s, not "9s-3s"`},
		{"leaks", "1", "--limit is for the models outcomes, detection, amplification, goodput, admitted, balance, orphans, access, in-flight"},
		{"register", "1", "--limit is for the models outcomes, detection, amplification, goodput, admitted, balance, orphans, access, in-flight"},
	} {
		_, err := Find(tc.model, Shape{Limit: tc.limit})
		require.EqualError(t, err, tc.want)
	}
}

// TestLimits shows that a limit is that of its rule.
func TestLimits(t *testing.T) {
	for _, tc := range []struct {
		model, limit string
		calls        []string
		want         checker.Verdict
	}{
		{"outcomes", "2ms", []string{`request 0 11 "timeout_ms":9`}, checker.Valid},
		{"outcomes", "1ms", []string{`request 0 11 "timeout_ms":9`}, checker.Invalid},
		{"in-flight", "2", []string{`hold 0 9 "at":"x"`, `hold 0 9 "at":"x"`}, checker.Valid},
		{"admitted", "2/10ms", []string{`admit 0 1`, `admit 0 2`, `admit 0 11`}, checker.Valid},
		{"admitted", "2/11ms", []string{`admit 0 1`, `admit 0 2`, `admit 0 11`}, checker.Invalid},
		{"access", "1ms", []string{`revoke 0 1`, `access 2 3`, `access 9 9 "status":"fail"`}, checker.Valid},
		{"orphans", "1", []string{`request 0 1 "id":1`, `work 2 9 "id":1`}, checker.Valid},
	} {
		j, err := judgeText(t, spans(tc.calls...), Options{Model: tc.model, Shape: Shape{Limit: tc.limit}})
		require.NoError(t, err)
		require.Equal(t, tc.want, j.Verdict, "%s %s: %s", tc.model, tc.limit, j.Reason)
	}
}
