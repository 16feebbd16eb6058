package polygraph

// A heap has the variables that may be open, the most active first and then by number.
type heap struct {
	s    *solver
	list []int32
	at   []int32 // the place of each variable in list, or -1
}

func (h *heap) before(a, b int32) bool {
	x, y := h.s.activity[a], h.s.activity[b]
	return x > y || x == y && a < b
}

func (h *heap) swap(i, j int) {
	h.list[i], h.list[j] = h.list[j], h.list[i]
	h.at[h.list[i]], h.at[h.list[j]] = int32(i), int32(j)
}

func (h *heap) push(v int32) {
	if h.at[v] < 0 {
		h.at[v] = int32(len(h.list))
		h.list = append(h.list, v)
		h.up(v)
	}
}

// up moves a variable whose activity has grown.
func (h *heap) up(v int32) {
	for i := int(h.at[v]); i > 0; {
		parent := (i - 1) / 2
		if !h.before(h.list[i], h.list[parent]) {
			return
		}
		h.swap(i, parent)
		i = parent
	}
}

// pop returns the first variable that is open, or -1.
func (h *heap) pop() int32 {
	for len(h.list) > 0 {
		v := h.list[0]
		last := len(h.list) - 1
		h.swap(0, last)
		h.list = h.list[:last]
		h.at[v] = -1
		h.down()
		if h.s.value[v] == 0 {
			return v
		}
	}
	return -1
}

func (h *heap) down() {
	for i := 0; ; {
		best := i
		for c := 2*i + 1; c <= 2*i+2 && c < len(h.list); c++ {
			if h.before(h.list[c], h.list[best]) {
				best = c
			}
		}
		if best == i {
			return
		}
		h.swap(i, best)
		i = best
	}
}

// open counts the variables that are open.
func (h *heap) open() int {
	n := 0
	for _, v := range h.s.value {
		if v == 0 {
			n++
		}
	}
	return n
}
