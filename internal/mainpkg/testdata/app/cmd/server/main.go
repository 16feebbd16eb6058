//go:build !never

// Command server prints what it sees of its variables.
package main

import (
	"flag"
	"fmt"
	"os"

	"example.com/app/internal/limits"
	s "example.com/app/store"
)

var (
	name  = flag.String("name", "", "the name of the node")
	level int
	count = new(int)
	greet = func() string {
		return "hello " + *name // when it is called
	}
	errs = map[error]string{s.ErrNone: "none"}
	pick struct{ a, b int }
)

func init() { flag.IntVar(&level, "level", 3, "a level") }

func main() {
	flag.Parse()
	*count++
	limits.Seen.Times++
	pick.a, pick.b = pick.a+1, pick.b+2
	sum, err := s.Add("x", level)
	if err != nil {
		fmt.Println(errs[err])
	}
	fmt.Println(greet(), level, *count, limits.Seen.Times, limits.Max[:2], pick, sum, s.Size, s.Names, s.Notes, len(os.Args), os.Args[0], flag.Args())
	s.Hang()
}
