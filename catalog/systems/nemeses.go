package systems

import (
	"slices"
	"strings"
	"time"

	"github.com/capsize-go/capsize/internal/names"
	"github.com/capsize-go/capsize/nemesis"
	"github.com/capsize-go/capsize/systems/kv/raftkv"
)

// A Nemesis is one of the catalog.
type Nemesis struct {
	Row
	Make func() nemesis.Nemesis
}

// period is how often faults are injected. They stay for a quarter to half of it,
// which is longer than a raft needs to elect another leader.
const period = 10 * time.Second

// Nemeses lists those that the command offers: a few that inject faults at an even pace,
// and the presets of package nemesis. Where a fault can aim at the leader, every
// other one does: those are the faults that systems get wrong.
func Nemeses() []Nemesis {
	every := func(faults ...nemesis.Fault) func() nemesis.Nemesis {
		return func() nemesis.Nemesis { return nemesis.Every(period, faults...) }
	}
	partition := []nemesis.Fault{nemesis.Partitions(), nemesis.Partitions(nemesis.Leader)}
	crash := []nemesis.Fault{nemesis.Crashes(), nemesis.Crashes(nemesis.TheLeader)}
	list := []Nemesis{
		{Row{"none", "nothing goes wrong"}, func() nemesis.Nemesis { return nemesis.None }},
		{Row{"partition", "the network is cut in one of nine shapes; every other time around the leader"}, every(partition...)},
		{Row{"leader", "the leader is cut off from all other nodes"}, every(nemesis.Partitions(nemesis.Leader))},
		{Row{"crash", "nodes lose power and restart: one, some or all; every other time the leader"}, every(crash...)},
		{Row{"lossy", "every link loses a fifth of what is sent, in bursts"}, every(nemesis.Lossy(0))},
		{Row{"slow", "the links of some nodes become slower by up to 200 ms"}, every(nemesis.Slow(0))},
	}
	for _, p := range nemesis.Presets() {
		list = append(list, Nemesis{Row{p.Name, p.Doc}, func() nemesis.Nemesis { return p.With(raftkv.ElectionTimeout) }})
	}
	return append(list, Nemesis{Row{"all", "the same as portfolio"}, func() nemesis.Nemesis { return nemesis.Portfolio(raftkv.ElectionTimeout) }})
}

// NemesisRows describes the nemeses.
func NemesisRows() []Row {
	var list []Row
	for _, n := range Nemeses() {
		list = append(list, n.Row)
	}
	return list
}

// FindNemesis returns the nemesis that a comma-separated list of names stands
// for. Several work at once, each as if it were alone.
func FindNemesis(list string) (nemesis.Nemesis, error) {
	var wanted []string
	for name := range strings.SplitSeq(list, ",") {
		name = strings.TrimSpace(name)
		if !slices.Contains(Names(NemesisRows()), name) {
			return nil, names.Unknown("nemesis", name, Names(NemesisRows()))
		}
		wanted = append(wanted, name)
	}
	var parts []nemesis.Part
	for i, n := range Nemeses() {
		if n.Name != "none" && slices.Contains(wanted, n.Name) {
			parts = append(parts, nemesis.Part{Number: i, Name: n.Name, Nemesis: n.Make()})
		}
	}
	switch len(parts) {
	case 0:
		return nemesis.None, nil
	case 1:
		return parts[0].Nemesis, nil
	}
	return nemesis.Together(parts...), nil
}

// Faults describes the faults that a plan in a file may hold, but for those that a program or a scenario made for itself.
func Faults() []Row {
	var all []Row
	for _, f := range nemesis.Faults() {
		if !strings.HasPrefix(f.Doc, ownFault) {
			all = append(all, Row(f))
		}
	}
	return all
}

// ownFault begins what package nemesis says of a fault that nemesis.New made.
const ownFault = "made for this program"
