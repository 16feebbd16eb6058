package hostrt

// Kept returns what a package of Go's library keeps for the program under a key, and what make returns at first: what it would else
// keep for the process.
func (m *Machine) Kept(key any, make func() any) (x any) {
	m.locked(func() { x = m.kept[key] })
	if x != nil {
		return x
	}
	first := make()
	m.locked(func() {
		if m.kept == nil {
			m.kept = map[any]any{}
		}
		if x = m.kept[key]; x == nil {
			m.kept[key], x = first, first
		}
	})
	return x
}
