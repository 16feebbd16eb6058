package history

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/capsize-go/capsize/internal/tier"
)

// corpusFiles are the files of the corpus that hold histories, by their names from
// the corpus on. The corpus is a collection of histories of others; it is not
// part of this repository.
func corpusFiles(tb testing.TB) (dir string, files []string) {
	dir = os.Getenv("CAPSIZE_CORPUS")
	if dir == "" {
		tb.Skip("CAPSIZE_CORPUS does not name a folder of histories")
	}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		switch filepath.Ext(path) {
		case ".edn", ".json", ".log", ".txt":
			name, _ := filepath.Rel(dir, path)
			files = append(files, filepath.ToSlash(name))
		}
		return err
	})
	require.NoError(tb, err)
	return dir, files
}

// indexCounts returns how many ops and invocations the corpus' index gives each
// file, or -1 for what it does not give.
func indexCounts(t *testing.T, dir string) map[string][2]int {
	text, err := os.ReadFile(filepath.Join(dir, "INDEX.md"))
	require.NoError(t, err)
	counts := map[string][2]int{}
	row := regexp.MustCompile(`^\| *(\S+) *\|(.*)\|$`)
	opsColumn, invColumn, both := -1, -1, false
	for _, line := range strings.Split(string(text), "\n") {
		m := row.FindStringSubmatch(strings.TrimSpace(line))
		if m == nil {
			continue
		}
		cells := strings.Split(m[2], " | ")
		if m[1] == "file" {
			opsColumn, invColumn = -1, -1
			for i, c := range cells {
				switch strings.TrimSpace(c) {
				case "ops":
					opsColumn = i
				case "inv":
					invColumn = i
				}
			}
			continue
		}
		count := func(column int) int {
			if column < 0 || column >= len(cells) {
				return -1
			}
			n, err := strconv.Atoi(strings.Fields(cells[column] + " x")[0])
			if err != nil {
				return -1
			}
			return n
		}
		name := m[1]
		if name, both = strings.CutSuffix(name, ".{edn,json}"); both {
			counts[name+".json"] = [2]int{count(opsColumn), count(invColumn)}
			name += ".edn"
		}
		counts[name] = [2]int{count(opsColumn), count(invColumn)}
	}
	for _, m := range regexp.MustCompile(`(c\d\d-\w+\.txt) (\d+)`).FindAllStringSubmatch(string(text), -1) {
		lines, _ := strconv.Atoi(m[2])
		counts["porcupine/test_data/kv/"+m[1]] = [2]int{lines, -1}
	}
	return counts
}

// TestCorpus reads every file of the corpus, and compares the numbers of ops with
// those that its index gives.
//
// Files longer than rewritten are only read, unless CAPSIZE_SEEDS is set.
func TestCorpus(t *testing.T) {
	const rewritten = 1 << 16 // bytes
	if testing.Short() {
		t.Skip("long")
	}
	dir, files := corpusFiles(t)
	counts := indexCounts(t, dir)
	compared := 0
	for _, name := range files {
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join(dir, name))
			require.NoError(t, err)
			h, err := Decode(bytes.NewReader(text), name, Options{Lenient: true})
			require.NoError(t, err)
			want, known := counts[name]
			if !known {
				t.Logf("%d ops; the index does not say", h.Len())
				return
			}
			if want[0] >= 0 {
				assert.Equal(t, want[0], h.Len(), "ops")
				compared++
			}
			invoked := 0
			for op := range h.Ops() {
				if op.Type == Invoke {
					invoked++
				}
			}
			if want[1] >= 0 {
				assert.Equal(t, want[1], invoked, "invocations")
			}
			if len(text) > rewritten && !tier.Sweeping() {
				return
			}
			testRewritten(t, h)
			testOthers(t, text, h)
		})
	}
	t.Logf("%d files read, %d compared with the index", len(files), compared)
}

// testRewritten writes a history in both formats that there are writers for, and
// reads it back.
func testRewritten(t *testing.T, h *History) {
	t.Helper()
	var edn bytes.Buffer
	require.NoError(t, h.Encode(&edn, Options{Format: EDN}))
	again, err := Decode(&edn, "edn", Options{Format: EDN, Lenient: true})
	require.NoError(t, err)
	require.Equal(t, opsOf(h), opsOf(again))

	typed := opReader{in: as[JepsenOp](), out: as[JepsenOp](), note: as[JepsenOp](), opts: Options{Lenient: true}, order: order{loose: true}}
	again, err = collect(scanJSONL(strings.NewReader(jsonl(t, h)), "jsonl", typed))
	require.NoError(t, err)
	require.Equal(t, opsOf(h), opsOf(again))
}

// testOthers writes a history in the formats that keep less of it, and reads back
// what they keep. Logs come back as they were, but
// for the blanks that some have instead of tabs.
func testOthers(t *testing.T, text []byte, h *History) {
	t.Helper()
	if encoded := encode(t, h, Options{Format: JSON}); len(encoded) < 4<<20 {
		testCodec(t, []byte(encoded), Options{Format: JSON, Lenient: true}, func(op Op) Op { return op })
	}
	format, err := Detect(text)
	require.NoError(t, err)
	if format != Etcd && format != KV {
		return
	}
	var want strings.Builder
	for line := range strings.Lines(string(text)) {
		fields, op := logged([]byte(line))
		switch {
		case format == KV:
			want.WriteString(strings.TrimRight(line, "\n") + "\n")
		case op:
			want.WriteString("INFO  jepsen.util - " + string(bytes.Join(fields[:], []byte("\t"))) + "\n")
		}
	}
	require.Equal(t, want.String(), encode(t, h, Options{Format: format}))
}
