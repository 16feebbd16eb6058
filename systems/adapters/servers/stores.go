package servers

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"

	"github.com/alicebob/miniredis/v2"
	"github.com/golang/groupcache"
	"github.com/tidwall/redcon"

	"github.com/capsize-go/capsize/cluster"
)

func bootMiniredis(h *cluster.Host) error {
	return only(h, func() error { return miniredis.NewMiniRedis().StartAddr(":6379") })
}

func bootRedcon(h *cluster.Host) error {
	return only(h, func() error {
		var mu sync.Mutex
		values := map[string]string{}
		return redcon.ListenAndServe(":6380", func(c redcon.Conn, cmd redcon.Command) {
			mu.Lock()
			defer mu.Unlock()
			if len(cmd.Args) != 3 || !strings.EqualFold(string(cmd.Args[0]), "set") {
				c.WriteError("ERR unknown command")
				return
			}
			values[string(cmd.Args[1])] = string(cmd.Args[2])
			c.WriteString("OK")
		}, nil, nil)
	})
}

// bootGroupcache has a pool of peers on n1. The module has one for the process, in a package variable.
func bootGroupcache(h *cluster.Host) error {
	return only(h, func() error {
		pool := groupcache.NewHTTPPoolOpts("http://n1:8000", nil)
		pool.Set("http://n1:8000")
		group := groupcache.NewGroup("doubles", 1<<16, groupcache.GetterFunc(func(_ context.Context, key string, to groupcache.Sink) error {
			return to.SetString(key + key)
		}))
		mux := http.NewServeMux()
		mux.Handle("/_groupcache/", pool)
		mux.HandleFunc("/get", func(w http.ResponseWriter, r *http.Request) {
			var v string
			if err := group.Get(r.Context(), r.FormValue("key"), groupcache.StringSink(&v)); err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
				return
			}
			fmt.Fprint(w, v)
		})
		return http.ListenAndServe(":8000", mux)
	})
}

func askGroupcache(ctx context.Context, i int) (string, error) {
	return httpGet(ctx, fmt.Sprintf("http://n1:8000/get?key=%d", i%3))
}
