package names

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNearest(t *testing.T) {
	names := []string{"run", "check", "partition", "local-reads", "lease-reads"}
	for text, want := range map[string]string{
		"rnu": "run", "chekc": "check", "partitions": "partition", "lease": "lease-reads",
		"lcoal-read": "local-reads", "kubernetes": "", "x": "", "": "",
	} {
		require.Equal(t, want, Nearest(text, names), "%q", text)
	}
}

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"", "abc", 3}, {"kitten", "sitting", 3}, {"abcd", "acbd", 1}, {"crash", "krash", 1}} {
		require.Equal(t, c.want, distance(c.a, c.b), "%q %q", c.a, c.b)
		require.Equal(t, c.want, distance(c.b, c.a), "%q %q", c.b, c.a)
	}
}
