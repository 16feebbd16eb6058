package wording_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"

	"github.com/capsize-go/capsize/report/internal/wording"
)

func TestEndsKeepsBothEnds(t *testing.T) {
	list := "read → [0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,395,396,9999]"
	got := wording.Ends(list, 60)
	assert.Equal(t, "read → [0,1,2,3,4,5,6,7,8,9,10,11,…,22,23,24,395,396,9999]", got, "it cuts between elements")
	assert.Equal(t, "abc", wording.Ends("abc", 3))
	assert.Equal(t, "…", wording.Ends("abc", 1))
	for n := range 100 {
		for _, s := range []string{strings.Repeat("x", 200), strings.Repeat("é,", 100), list} {
			got := wording.Ends(s, n)
			assert.LessOrEqual(t, utf8.RuneCountInString(got), n)
			assert.True(t, utf8.ValidString(got))
			if n >= 40 {
				assert.True(t, strings.HasPrefix(s, got[:8]) && strings.HasSuffix(s, got[len(got)-6:]), got)
			}
		}
	}
}
