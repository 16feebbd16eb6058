package fixture

import "testing"

// TestNobodyStrikes has an old word, and its comment has not; at odds with that is this.
func TestNobodyStrikes(t *testing.T) {}
