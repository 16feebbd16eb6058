package hunt

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/capsize-go/capsize/explore"
	"github.com/capsize-go/capsize/schedule"
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

type counted struct {
	net.Conn
	once sync.Once
	open *atomic.Int64
}

func (c *counted) Close() error {
	c.once.Do(func() { c.open.Add(-1) })
	return c.Conn.Close()
}

// serve answers each command with its last argument, after a while.
func serve(c net.Conn) {
	defer c.Close()
	r := bufio.NewReader(c)
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		n, _ := strconv.Atoi(strings.TrimSpace(line[1:]))
		var args []string
		for range n {
			l, err := r.ReadString('\n')
			if err != nil {
				return
			}
			size, _ := strconv.Atoi(strings.TrimSpace(l[1:]))
			b := make([]byte, size+2)
			for k := 0; k < len(b); {
				m, err := r.Read(b[k:])
				if err != nil {
					return
				}
				k += m
			}
			args = append(args, string(b[:size]))
		}
		if rand.IntN(4) == 0 {
			time.Sleep(time.Duration(rand.IntN(4)) * time.Millisecond)
		}
		var answer string
		switch strings.ToLower(args[0]) {
		case "echo":
			answer = fmt.Sprintf("$%d\r\n%s\r\n", len(args[1]), args[1])
		case "hello":
			answer = "-ERR unknown command\r\n"
		default:
			answer = "+OK\r\n"
		}
		if _, err := c.Write([]byte(answer)); err != nil {
			return
		}
	}
}

func TestRedisPool(t *testing.T) {
	if !schedule.Active() {
		t.Skip("go-redis keeps timers in a sync.Pool, which stock Go has in common for all bubbles of a process: run it with capsize test")
	}
	explore.Run(t, func(t *testing.T) {
		var open atomic.Int64
		c := redis.NewClient(&redis.Options{
			Addr: "127.0.0.1:1", PoolSize: 2, MaxActiveConns: 2, MinIdleConns: rand.IntN(2), MaxRetries: rand.IntN(2), Protocol: 2, DisableIdentity: true,
			PoolTimeout: 5 * time.Millisecond, ReadTimeout: 2 * time.Millisecond, ContextTimeoutEnabled: true,
			MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
			Dialer: func(context.Context, string, string) (net.Conn, error) {
				open.Add(1)
				a, b := net.Pipe()
				go serve(b)
				return &counted{Conn: a, open: &open}, nil
			},
		})
		each(4, func(i int) {
			for n := range 3 {
				ctx, cancel := context.WithTimeout(context.Background(), time.Duration(1+rand.IntN(6))*time.Millisecond)
				want := fmt.Sprintf("%d-%d", i, n)
				got, err := c.Echo(ctx, want).Result()
				if err == nil && got != want {
					t.Errorf("got %q, want %q", got, want)
				}
				cancel()
			}
		})
		time.Sleep(time.Second)
		if s := c.PoolStats(); int64(s.TotalConns) != open.Load() || s.TotalConns > 2 || s.TotalConns != s.IdleConns {
			t.Errorf("%d open, %d in all, %d idle", open.Load(), s.TotalConns, s.IdleConns)
		}
		_ = c.Close()
		time.Sleep(time.Minute)
		if open.Load() != 0 {
			t.Errorf("%d connections are open after Close", open.Load())
		}
	})
}
