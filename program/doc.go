// Package program tests programs that know nothing of Capsize: servers that call net.Listen, os.OpenFile and time.Now themselves. Each node of
// the cluster runs the program, with arguments and environment made from templates, and clients read and write a register by HTTP
// or by the protocol of Redis.
//
// The command capsize program does all of it for a main package, and needs no line of Go:
//
//	capsize program ./cmd/server --nodes 3 --arg '-listen=:8080' --arg '-peers={{.Join "," "http://%s:8080"}}' \
//	    --client http --get 'http://{{.Name}}:8080/{{.Key}}' --put 'http://{{.Name}}:8080/{{.Key}}'
//
// In a test [Start.System] is the System, and [HTTP.Register] or [Redis.Register] the Workload. A program needs the deterministic
// runtime: see capsize test. The clients don't: they talk to any system that listens on its host.
package program
