package main

import "github.com/capsize-go/capsize/internal/cli"

func main() { cli.Main(nil) }
