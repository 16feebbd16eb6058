// Package fixture prints texts. A comment may say that a fault strikes.
package fixture

// Names are no texts.
var Names = []string{"bite", "struck", "at-odds"}

// Texts are for people.
var Texts = []string{
	"two of them contradict each other",
	"%d of them at odds",
	`a fault
strikes`,
	"7 was read, which nobody wrote, " + "and Somebody must know",
	"\u22ef stands for time that is left out",
}
