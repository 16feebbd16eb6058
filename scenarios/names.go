package scenarios

import (
	"fmt"
	"slices"
	"strings"
)

func among(name string, list []string) bool { return len(list) == 0 || slices.Contains(list, name) }

// allKnown returns an error for the first name of a list that is not known.
func allKnown(what string, list, known []string) error {
	for _, name := range list {
		if !slices.Contains(known, name) {
			return fmt.Errorf("there is no %s %q; there are %s", what, name, strings.Join(distinct(known), ", "))
		}
	}
	return nil
}

// distinct returns each name once, in order.
func distinct(names []string) []string {
	var list []string
	for _, n := range names {
		if n != "" && !slices.Contains(list, n) {
			list = append(list, n)
		}
	}
	return list
}
