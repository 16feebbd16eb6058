// Command kvd is a small replicated store of integers over HTTP, as one writes it for production: it knows nothing of Capsize.
//
// One node is the primary. It keeps every write in a log below its folder, and answers when the log is synced. The other nodes pass on what they are
// asked. With -reads=local they answer reads from a copy of their own, which they fetch from the primary: that is quick, and stale.
package main

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

var (
	name    = flag.String("name", "", "name of this node")
	listen  = flag.String("listen", ":8080", "address to listen on")
	primary = flag.String("primary", "", "URL of the primary; empty if this is it")
	data    = flag.String("data", ".", "folder for the log")
	reads   = flag.String("reads", "primary", "who answers reads: primary, or local for this node's copy")
	unsync  = flag.Bool("unsynced", false, "answer writes before the log is synced")
)

// The state of the node, under a lock.
var (
	mu      sync.Mutex
	values  = map[string]int{}
	lines   []string // of the log
	logFile *os.File
)

var client = &http.Client{Timeout: 800 * time.Millisecond}

func main() {
	flag.Parse()
	log.SetFlags(0)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	if *primary == "" {
		if err := openLog(filepath.Join(*data, "log")); err != nil {
			log.Fatal(err)
		}
		mux.HandleFunc("GET /kv/{key}", get)
		mux.HandleFunc("PUT /kv/{key}", put)
		mux.HandleFunc("POST /kv/{key}", swap)
		mux.HandleFunc("GET /log", sendLog)
	} else {
		mux.HandleFunc("/kv/{key}", passOn)
		if *reads == "local" {
			mux.HandleFunc("GET /kv/{key}", get)
			go fetchLog()
		}
	}
	log.Printf("%s listens on %s", *name, *listen)
	log.Fatal(http.ListenAndServe(*listen, mux))
}

// openLog reads the log. A last line without its end was being written at a crash, and was not answered.
func openLog(file string) (err error) {
	if logFile, err = os.OpenFile(file, os.O_CREATE|os.O_RDWR, 0o644); err != nil {
		return err
	}
	whole := int64(0)
	for in := bufio.NewReader(logFile); ; {
		line, err := in.ReadString('\n')
		if errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return err
		}
		whole += int64(len(line))
		apply(strings.TrimSuffix(line, "\n"))
	}
	if err := logFile.Truncate(whole); err != nil {
		return err
	}
	_, err = logFile.Seek(whole, io.SeekStart)
	return err
}

// apply takes a line of the log, "key value".
func apply(line string) {
	key, text, _ := strings.Cut(line, " ")
	values[key], _ = strconv.Atoi(text)
	lines = append(lines, line)
}

// write appends to the log, and applies what it wrote.
func write(key string, value int) error {
	line := fmt.Sprintf("%s %d", key, value)
	if _, err := logFile.WriteString(line + "\n"); err != nil {
		return err
	}
	if !*unsync {
		if err := logFile.Sync(); err != nil {
			return err
		}
	}
	apply(line)
	return nil
}

func get(w http.ResponseWriter, r *http.Request) {
	mu.Lock()
	value, ok := values[r.PathValue("key")]
	mu.Unlock()
	if !ok {
		http.NotFound(w, r)
		return
	}
	fmt.Fprintln(w, value)
}

func put(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	value, err := strconv.Atoi(strings.TrimSpace(string(body)))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	mu.Lock()
	defer mu.Unlock()
	if err := write(r.PathValue("key"), value); err != nil {
		log.Fatal(err) // what the log holds is not known: the next start reads it
	}
}

// swap writes new if the value is old.
func swap(w http.ResponseWriter, r *http.Request) {
	key := r.PathValue("key")
	before, err1 := strconv.Atoi(r.FormValue("old"))
	after, err2 := strconv.Atoi(r.FormValue("new"))
	if err := errors.Join(err1, err2); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	mu.Lock()
	defer mu.Unlock()
	if value, ok := values[key]; !ok || value != before {
		http.Error(w, "it has another value", http.StatusConflict)
		return
	}
	if err := write(key, after); err != nil {
		log.Fatal(err)
	}
}

// passOn asks the primary, and answers what it answers.
func passOn(w http.ResponseWriter, r *http.Request) {
	req, err := http.NewRequestWithContext(r.Context(), r.Method, *primary+r.URL.RequestURI(), r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	resp, err := client.Do(req)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer resp.Body.Close()
	w.WriteHeader(resp.StatusCode)
	_, _ = io.Copy(w, resp.Body)
}

// sendLog answers the lines of the log from a number on.
func sendLog(w http.ResponseWriter, r *http.Request) {
	from, _ := strconv.Atoi(r.FormValue("from"))
	mu.Lock()
	more := lines[min(max(from, 0), len(lines)):]
	mu.Unlock()
	for _, line := range more {
		fmt.Fprintln(w, line)
	}
}

// fetchLog has the node's copy follow the primary.
func fetchLog() {
	for ; ; time.Sleep(100 * time.Millisecond) {
		mu.Lock()
		from := len(lines)
		mu.Unlock()
		resp, err := client.Get(fmt.Sprintf("%s/log?from=%d", *primary, from))
		if err != nil {
			continue
		}
		text, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil {
			continue // a part of the last line may be missing
		}
		mu.Lock()
		for line := range strings.Lines(string(text)) {
			apply(strings.TrimSuffix(line, "\n"))
		}
		mu.Unlock()
	}
}
