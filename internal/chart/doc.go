// Package chart draws pictures of numbers as SVG: lines over time, step lines and grouped bars, with titles, axes and legends. A picture needs
// no script and no font of its own, is readable on a light and on a dark page, and is the same byte for byte for the same numbers.
package chart
