package scenarios

// meanings explain the headings that are too short to do so, by metric.
var meanings = map[string]string{
	// Replication schemes while the network is cut.
	"majority_read":           "reads that the side with a majority answered",
	"majority_write":          "writes that the side with a majority acknowledged",
	"minority_read":           "reads that the other side answered",
	"minority_write":          "writes that the other side acknowledged",
	"stale_worst_ns":          "how long the oldest value that was read had been replaced",
	"lost_acked":              "acknowledged writes that were lost",
	"majority_write_first_ns": "from the cut to the first write that the majority acknowledged, at most",
	"recover_ns":              "from the end of the cut until all is answered again, at most",

	// Caches.
	"stale_seeds":             "seeds with a stale read",
	"stale_share":             "share of reads that were stale",
	"stale_share_active":      "share of reads that were stale, before the last write of their key",
	"worst_age_ns":            "how long a value that was read had been replaced, at most",
	"worst_age_quiet_ns":      "the same of reads after the last write of their key, which no later write repairs",
	"worst_copy_age_ns":       "how long a copy had been replaced, at most",
	"worst_copy_age_quiet_ns": "the same after the last write of its key",
	"versions_behind":         "versions that a read was behind, at most",
	"joined_reads":            "stale reads that waited for the load of another read",
	"origin_loads":            "reads of the database or the origin server",
	"loads_per_read":          "such reads for each read of a client",
	"loads_at_once":           "of one key in a short time, at most",
	"peak_loads":              "loads of all keys in a short time, at most",
	"lost_sets":               "writes to the cache that a later read did not see",
	"nines_100ms":             "nines of the share of copies that were right within 100 ms",
	"nines_1s":                "the same within 1 s",
	"nines_10s":               "the same within 10 s",
	"own_reads":               "reads that missed a write of their own client",
	"back_reads":              "reads that were older than one before of the same client",
	"purge_p99_ns":            "of 99 % of the writes: from their acknowledgement to the last read of an older version, at most",
	"write_share":             "writes that were acknowledged while nothing was cut",
	"write_share_cut":         "writes that were acknowledged while something was cut",
	"read_share":              "reads that were answered",
	"from_browser":            "reads that the browser's cache answered",
	"from_cdn":                "reads that the CDN answered",
	"from_proxy":              "reads that the proxy answered",
	"from_process":            "reads that the memory of the application answered",
	"from_shared":             "reads that the shared cache answered",
	"from_pop":                "reads that a PoP, an edge of the CDN, answered",
	"from_shield":             "reads that the shield, the cache before the origin, answered",
	"foreign_reads":           "reads that got an answer which was made for another user",
}

// A Meaning says what a column of a table shows.
type Meaning struct{ Title, Text string }

// Legend explains the columns of a table whose headings are short.
func (s Scenario) Legend(rows []Row) (all []Meaning) {
	for _, c := range s.Columns {
		if text := meanings[c.Metric]; text != "" {
			all = append(all, Meaning{c.Title, text})
		}
	}
	all = append(all, Meaning{"invalid", "seeds that a checker found wrong"}, Meaning{"seed", "the first of the worst"})
	if hasLabels(rows) {
		all = append(all,
			Meaning{"label", s.Labels},
			Meaning{"strongest model", "the strongest that held in each seed"})
	}
	return all
}
