package browser

import (
	"bytes"
	"cmp"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"maps"
	"math"
	"slices"
)

// small writes a picture again with 256 colours, so that it takes a third of the bytes. Every other colour becomes the
// nearest of these.
func small(picture []byte) ([]byte, error) {
	from, err := png.Decode(bytes.NewReader(picture))
	if err != nil {
		return nil, fmt.Errorf("read a screenshot: %w", err)
	}
	colors := palette(from)
	to := image.NewPaletted(from.Bounds(), colors)
	nearest := map[color.Color]uint8{}
	for y := from.Bounds().Min.Y; y < from.Bounds().Max.Y; y++ {
		for x := from.Bounds().Min.X; x < from.Bounds().Max.X; x++ {
			c := from.At(x, y)
			i, ok := nearest[c]
			if !ok {
				i = uint8(colors.Index(c))
				nearest[c] = i
			}
			to.SetColorIndex(x, y, i)
		}
	}
	var b bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	if err := encoder.Encode(&b, to); err != nil {
		return nil, fmt.Errorf("write a screenshot: %w", err)
	}
	return b.Bytes(), nil
}

// palette returns 256 colours of a picture: again and again the one that the others stand for worst, so that a colour of
// few pixels that is like no other is among them.
func palette(p image.Image) color.Palette {
	counts := map[color.RGBA]int{}
	for y := p.Bounds().Min.Y; y < p.Bounds().Max.Y; y++ {
		for x := p.Bounds().Min.X; x < p.Bounds().Max.X; x++ {
			counts[color.RGBAModel.Convert(p.At(x, y)).(color.RGBA)]++
		}
	}
	all := slices.SortedFunc(maps.Keys(counts), func(a, b color.RGBA) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a.R, b.R), cmp.Compare(a.G, b.G), cmp.Compare(a.B, b.B))
	})
	apart := make([]int, len(all)) // of each colour, from the nearest of the palette
	for i := range apart {
		apart[i] = math.MaxInt32
	}
	var colors color.Palette
	for next := 0; len(colors) < min(256, len(all)); {
		colors = append(colors, all[next])
		chosen := all[next]
		worst := -1
		for i, c := range all {
			apart[i] = min(apart[i], distance(c, chosen))
			if loss := apart[i] * counts[c]; loss > worst {
				worst, next = loss, i
			}
		}
	}
	return colors
}

// distance returns how far two colours are apart, squared.
func distance(a, b color.RGBA) int {
	r, g, bl := int(a.R)-int(b.R), int(a.G)-int(b.G), int(a.B)-int(b.B)
	return r*r + g*g + bl*bl
}
