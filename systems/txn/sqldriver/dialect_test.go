package sqldriver

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestDialect parses each statement of the dialect, with placeholders and with literals.
func TestDialect(t *testing.T) {
	for i, form := range Dialect() {
		for _, with := range []*strings.Replacer{
			strings.NewReplacer("<key>", "?", "<value>", "?"), strings.NewReplacer("<key>", "$1", "<value>", "$2"),
			strings.NewReplacer("<key>", "'x'", "<value>", "3"), strings.NewReplacer("SELECT", "select", "<key>", "?1", "<value>", "?2"),
		} {
			s, err := parse(with.Replace(form))
			require.NoError(t, err)
			assert.Same(t, &forms[i], s.form)
		}
	}
}

func TestErrorsOfStatements(t *testing.T) {
	for text, want := range map[string]string{ // order: each on its own
		"":                                       `column 1 of "": want SELECT or UPDATE or UPSERT or INSERT or DELETE, found the end`,
		"SELECT v FROM lists":                    `column 20 of "SELECT v FROM lists": want WHERE, found the end`,
		"SELECT v FROM tables WHERE k = ?":       `column 15 of "SELECT v FROM tables WHERE k = ?": want lists or registers or rows, found tables`,
		"SELECT v FROM lists WHERE k = 3":        `want <key>, found 3`,
		"UPDATE lists SET v = v || 'x' WHERE k":  `want <value>, found 'x'`,
		"SELECT v FROM rows WHERE k = ? LIMIT 1": `column 32 of "SELECT v FROM rows WHERE k = ? LIMIT 1": want the end, found LIMIT`,
		"SELECT v FROM lists WHERE k = <key>":    `want <key>, found <key>`,
		"SELECT v FROM lists WHERE k = 'x":       `column 31 of "SELECT v FROM lists WHERE k = 'x": a text has no end`,
		"SELECT v FROM lists WHERE k = $3":       `$3 is no argument`,
		"SELECT * FROM lists":                    `"*" is no part of a statement`,
	} {
		_, err := parse(text)
		assert.ErrorContains(t, err, want, "%q", text)
	}
}
