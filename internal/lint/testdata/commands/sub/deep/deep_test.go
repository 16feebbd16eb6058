package deep

import "testing"

func TestStore(*testing.T) {}
