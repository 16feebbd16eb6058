package gosource

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The packages that expressions of faults need.
const (
	nemesisPath = "github.com/capsize-go/capsize/nemesis"
	clusterPath = "github.com/capsize-go/capsize/cluster"
)

// A constructor is the function of package nemesis that makes a kind of fault, with the parameters in the order of its
// arguments.
type constructor struct {
	name string
	args []argument
}

// An argument is a parameter of a fault, by its name in JSON, and how it is written in Go.
type argument struct {
	name  string
	kind  func(f *File, raw json.RawMessage) (string, error)
	zero  string // what is written if there is none; empty for a list, which is left out
	plain string // the value that the constructor gives by itself: a parameter without an argument must have it
}

var (
	victims = argument{"victims", (*File).victims, "", ""}
	shapes  = argument{"shapes", (*File).shapes, "", ""}
)

func durationOf(name string) argument { return argument{name, (*File).durationText, "0", ""} }
func numberOf(name string) argument   { return argument{name, numberText, "0", ""} }
func boolOf(name string) argument     { return argument{name, boolText, "false", ""} }

// constantOf is an argument whose values are constants of package cluster.
func constantOf(name, typ, zero string, names map[string]string) argument {
	return argument{name, func(f *File, raw json.RawMessage) (string, error) { return f.constant(raw, typ, names) }, zero, ""}
}

// constructors are those of all kinds of faults. A kind or a parameter that is not among them is read from JSON by the test.
var constructors = map[string]constructor{
	"partition":  {"Partitions", []argument{shapes}},
	"slow":       {"Slow", []argument{durationOf("extra")}},
	"latency":    {"Latency", []argument{durationOf("mean"), constantOf("jitter", "Jitter", "cluster.Constant", jitters)}},
	"lossy":      {"Lossy", []argument{numberOf("p")}},
	"duplicates": {"Duplicates", []argument{numberOf("p")}},
	"reorders":   {"Reorders", []argument{numberOf("p")}},
	"corrupts":   {"Corrupts", []argument{numberOf("p"), boolOf("deliver")}},
	"bandwidth":  {"Bandwidth", []argument{numberOf("bytes")}},
	"half-open":  {"HalfOpen", nil},
	"flaps":      {"Flaps", []argument{durationOf("period"), victims}},
	"clogs":      {"Clogs", []argument{victims}},

	"crash":          {"Crashes", []argument{victims}},
	"power-cut":      {"PowerCuts", []argument{constantOf("remains", "Remains", "cluster.Nothing", remains), victims}},
	"crash-in-write": {"CrashesInWrite", []argument{victims}},
	"kill":           {"Kills", []argument{victims}},
	"vanish":         {"Vanishes", []argument{victims}},
	"pause":          {"Pauses", []argument{victims}},
	"slow-host":      {"SlowHosts", []argument{durationOf("each"), victims}},
	"reconfigure":    {"Reconfigures", nil},

	"clock-skew":   {"ClockSkew", []argument{durationOf("most"), victims}},
	"clock-drift":  {"ClockDrift", []argument{numberOf("ppm"), victims}},
	"clock-jumps":  {"ClockJumps", []argument{durationOf("most"), durationOf("every"), victims}},
	"clock-strobe": {"ClockStrobe", []argument{durationOf("most"), victims}},

	"fsync-lies":         {"FsyncLies", []argument{victims}},
	"fsync-fails":        {"FsyncFails", []argument{{"times", nil, "", "1"}, victims}},
	"disk-errors":        {"DiskErrors", []argument{numberOf("p"), victims}},
	"disk-full":          {"DiskFull", []argument{victims}},
	"read-only-disk":     {"ReadOnlyDisk", []argument{victims}},
	"slow-disk":          {"SlowDisk", []argument{durationOf("extra"), victims}},
	"disk-hangs":         {"DiskHangs", []argument{durationOf("extra"), victims}},
	"bit-rot":            {"BitRot", []argument{numberOf("bits"), victims}},
	"misdirected-writes": {"Misdirects", []argument{numberOf("p"), victims}},

	"degrade": {"Degrades", []argument{constantOf("how", "Degradation", `""`, degradations), victims}},
	"dns":     {"DNS", []argument{constantOf("answer", "NameImpairment", `""`, answers), victims}},
}

// named are the constructors of faults that say which hosts they take, by the kind and the parameter that says it.
var named = map[[2]string]constructor{
	{"slow", "nodes"}:          {"SlowNodes", []argument{durationOf("extra"), hosts("nodes")}},
	{"half-open", "from"}:      {"HalfOpenFrom", []argument{host("from"), host("to")}},
	{"reconfigure", "members"}: {"ReconfiguresTo", []argument{hosts("members")}},
}

func hosts(name string) argument { return argument{name, hostList, "", ""} }
func host(name string) argument  { return argument{name, hostText, `""`, ""} }

// The constants by their values.
var (
	jitters = map[string]string{"": "Constant", "uniform": "Uniform", "exponential": "Exponential", "long-tail": "LongTail"}
	remains = map[string]string{"": "Nothing", "prefix": "Prefix", "torn": "Torn", "sectors": "Sectors"}

	shapeNames = map[string]string{
		"halves": "Halves", "random-halves": "RandomHalves", "third": "Third", "one": "One", "leader": "Leader", "ring": "Ring",
		"bridge": "Bridge", "one-way": "OneWay", "client-side": "ClientSide",
	}
	victimNames = map[string]string{
		"one": "OneNode", "leader": "TheLeader", "follower": "AFollower", "minority": "Minority", "majority": "Majority", "all": "Everyone",
		"client": "OneClient", "clients": "EveryClient",
	}

	triggerNames = map[string]string{
		"unsynced-write": "UnsyncedWrite", "leader-change": "LeaderChange", "role-change": "RoleChange", "sync": "SyncBegins", "boot": "Boot",
	}
	degradations = map[string]string{
		"accept-and-hang": "AcceptAndHang", "headers-then-stall": "HeadersThenStall", "one-byte-a-second": "OneByteASecond",
		"stuck-lock": "StuckLock", "dead-shard": "DeadShard", "slow-by-ten": "SlowByTen",
	}
	answers = map[string]string{"stale": "StaleNames", "wrong": "WrongNames", "missing": "MissingNames", "failing": "FailingNames", "slow": "SlowNames"}
)

// FaultOf is the name of the function that an expression of [File.Fault] calls for a fault that has no constructor with its
// parameters: it takes the JSON and returns the fault.
const FaultOf = "faultOf"

// Fault returns the expression of a fault that is kept as JSON, and whether the file needs a function [FaultOf].
func (f *File) Fault(raw json.RawMessage) (text string, needs bool) {
	before := maps.Clone(f.names)
	text, err := f.constructed(raw)
	if err == nil {
		return text, false
	}
	f.names = before
	return fmt.Sprintf("%s(%s)", FaultOf, stringText(string(raw))), true
}

// constructed returns the call of the fault's constructor.
func (f *File) constructed(raw json.RawMessage) (string, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(raw, &fields); err != nil {
		return "", err
	}
	kind, err := textOf(fields["kind"])
	if err != nil {
		return "", err
	}
	delete(fields, "kind")
	if kind == "on" {
		return f.on(fields)
	}
	c, ok := constructors[kind]
	if !ok {
		return "", fmt.Errorf("there is no constructor of %q", kind)
	}
	for field := range fields { // order: no kind has two such parameters
		if x, ok := named[[2]string{kind, field}]; ok {
			c = x
		}
	}
	if string(fields["beyond"]) == "true" {
		delete(fields, "beyond")
		inner, err := f.call(c, fields)
		return fmt.Sprintf("%s.Beyond(%s)", f.Use(nemesisPath, "nemesis"), inner), err
	}
	return f.call(c, fields)
}

// on returns the expression of a fault that waits for a trigger.
func (f *File) on(fields map[string]json.RawMessage) (string, error) {
	inner, err := f.constructed(fields["fault"])
	if err != nil {
		return "", err
	}
	trigger, err := f.constant(fields["occasion"], "Trigger", triggerNames)
	if err != nil || len(fields) != 2 {
		return "", fmt.Errorf("fault \"on\" has other fields than its occasion and its fault: %w", err)
	}
	return fmt.Sprintf("%s.On(%s, %s)", f.Use(nemesisPath, "nemesis"), trigger, inner), nil
}

// call returns the call of a constructor with all the fields.
func (f *File) call(c constructor, fields map[string]json.RawMessage) (string, error) {
	var args []string
	for _, a := range c.args {
		raw, ok := fields[a.name]
		delete(fields, a.name)
		switch {
		case a.plain != "":
			if ok && string(raw) != a.plain {
				return "", fmt.Errorf("%s can't have %q = %s", c.name, a.name, raw)
			}
		case ok:
			text, err := a.kind(f, raw)
			if err != nil {
				return "", err
			}
			args = append(args, text)
		case a.zero != "":
			zero := a.zero
			if constant, ok := strings.CutPrefix(zero, "cluster."); ok {
				zero = f.Use(clusterPath, "cluster") + "." + constant
			}
			args = append(args, zero)
		}
	}
	if len(fields) > 0 {
		return "", fmt.Errorf("%s has parameters that are not known here", c.name)
	}
	args = slices.DeleteFunc(args, func(s string) bool { return s == "" })
	return fmt.Sprintf("%s.%s(%s)", f.Use(nemesisPath, "nemesis"), c.name, strings.Join(args, ", ")), nil
}

func textOf(raw json.RawMessage) (text string, err error) {
	err = json.Unmarshal(raw, &text)
	return text, err
}

func (f *File) durationText(raw json.RawMessage) (string, error) {
	text, err := textOf(raw)
	if err != nil {
		return "", err
	}
	d, err := time.ParseDuration(text)
	return f.Duration(d), err
}

func numberText(_ *File, raw json.RawMessage) (string, error) {
	var n json.Number
	if err := json.Unmarshal(raw, &n); err != nil || !bytes.ContainsAny(raw[:1], "-0123456789") {
		return "", fmt.Errorf("%s is no number", raw)
	}
	return n.String(), nil
}

func boolText(_ *File, raw json.RawMessage) (string, error) {
	var b bool
	err := json.Unmarshal(raw, &b)
	return strconv.FormatBool(b), err
}

// constant returns a constant of package cluster; a conversion for one whose name is not known here.
func (f *File) constant(raw json.RawMessage, typ string, names map[string]string) (string, error) {
	text, err := textOf(raw)
	if err != nil {
		return "", err
	}
	pkg := f.Use(clusterPath, "cluster")
	if name, ok := names[text]; ok {
		return pkg + "." + name, nil
	}
	return fmt.Sprintf("%s.%s(%s)", pkg, typ, stringText(text)), nil
}

// list returns the texts of a list of JSON as constants of package nemesis.
func (f *File) list(raw json.RawMessage, typ string, names map[string]string) (string, error) {
	var all []string
	if err := json.Unmarshal(raw, &all); err != nil {
		return "", err
	}
	pkg := f.Use(nemesisPath, "nemesis")
	var texts []string
	for _, s := range all {
		name, known := names[s]
		hosts, isHosts := strings.CutPrefix(s, "hosts:")
		switch {
		case known:
			texts = append(texts, pkg+"."+name)
		case isHosts && typ == "Victim":
			texts = append(texts, fmt.Sprintf("%s.Hosts(%s)", pkg, quotedList(strings.Split(hosts, ","))))
		default:
			texts = append(texts, fmt.Sprintf("%s.%s(%s)", pkg, typ, stringText(s)))
		}
	}
	return strings.Join(texts, ", "), nil
}

func quotedList(all []string) string {
	for i, s := range all {
		all[i] = stringText(s)
	}
	return strings.Join(all, ", ")
}

func hostList(_ *File, raw json.RawMessage) (string, error) {
	var all []string
	err := json.Unmarshal(raw, &all)
	return quotedList(all), err
}

func hostText(_ *File, raw json.RawMessage) (string, error) {
	text, err := textOf(raw)
	return stringText(text), err
}

func (f *File) victims(raw json.RawMessage) (string, error) {
	return f.list(raw, "Victim", victimNames)
}

func (f *File) shapes(raw json.RawMessage) (string, error) { return f.list(raw, "Cut", shapeNames) }
