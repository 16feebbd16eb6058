package cachekv

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"github.com/capsize-go/capsize/cluster"
)

// Redis is a [Store] whose caches are Redis: miniredis on the clock of the run, to which application servers connect by
// go-redis, both unmodified. Pipelines, markers, and strategies that depend on when a copy expires are for native caches only.
type Redis struct{ Of Store }

// redisPort is where Redis listens.
const redisPort = ":6379"

// Run runs one node until ctx is done.
func (s Redis) Run(ctx context.Context, h *cluster.Host) error {
	if err := s.check(); err != nil {
		return fmt.Errorf("boot cachekv: %w", err)
	}
	if region := RegionOf(h.Name()); h.Name() != database && h.Name() == cache(region) {
		return ServeRedis(ctx, h)
	}
	return s.Of.Run(ctx, h)
}

// ServeRedis runs a Redis on a host until ctx is done. It is empty at the start.
func ServeRedis(ctx context.Context, h *cluster.Host) error {
	l, err := h.Listen("tcp", redisPort)
	if err != nil {
		return fmt.Errorf("redis: %w", err)
	}
	m := miniredis.NewMiniRedis()
	m.ClockTTL(true)
	first, err := m.Dial() // has it begin
	if err != nil {
		return fmt.Errorf("redis: %w", err)
	}
	defer m.Close()
	defer context.AfterFunc(ctx, func() { _ = l.Close() })()
	if err := first.Close(); err != nil {
		return fmt.Errorf("redis: %w", err)
	}
	for {
		conn, err := l.Accept()
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return fmt.Errorf("redis: %w", err)
		}
		m.Server().ServeConn(conn)
	}
}

// Open makes an application server.
func (s Redis) Open(_ context.Context, h *cluster.Host) (*App, error) {
	return s.Of.app(h, newRemote(h, cache(RegionOf(h.Node())))), nil
}

// A remote is a Redis as an application sees it.
type remote struct {
	h    *cluster.Host
	node string
	c    *redis.Client
	seed uint64
	last uint64
	quit chan struct{}
}

// newRemote returns a client of the Redis on a node. It does not connect before the first request, and
// leaves retries to the strategy.
func newRemote(h *cluster.Host, node string) *remote {
	return &remote{h: h, node: node, seed: h.Rand().Uint64(), quit: make(chan struct{}), c: redis.NewClient(&redis.Options{
		Addr: node + redisPort,
		Dialer: func(ctx context.Context, network, addr string) (net.Conn, error) {
			return h.DialContext(ctx, network, addr)
		},
		ContextTimeoutEnabled:    true,
		MaxRetries:               -1, // the strategy decides on retries
		DisableIdentity:          true,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	})}
}

// A key k has its version and the time at which it was made in k, the lease in k:l, and the version of the last delete
// in k:t. A value is "version made".
var (
	leaseGet = redis.NewScript(`
local v = redis.call('GET', KEYS[1])
if v then return {v, ''} end
if redis.call('EXISTS', KEYS[2]) == 1 then return {'', ''} end
redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2])
return {'', ARGV[1]}`)

	leaseSet = redis.NewScript(`
if redis.call('GET', KEYS[2]) ~= ARGV[2] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[3])
redis.call('DEL', KEYS[2])
return 1`)

	versionSet = redis.NewScript(`
local has = redis.call('GET', KEYS[1])
if has and tonumber(string.match(has, '%d+')) > tonumber(ARGV[2]) then return 0 end
local tomb = redis.call('GET', KEYS[2])
if tomb and tonumber(tomb) > tonumber(ARGV[2]) then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[3])
return 1`)

	versionDrop = redis.NewScript(`
local tomb = redis.call('GET', KEYS[2])
if not tomb or tonumber(tomb) < tonumber(ARGV[1]) then redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2]) end
local has = redis.call('GET', KEYS[1])
if has and tonumber(string.match(has, '%d+')) < tonumber(ARGV[1]) then redis.call('DEL', KEYS[1]) end
return 1`)
)

func leaseKey(key string) string { return key + ":l" }
func tombKey(key string) string  { return key + ":t" }

func (r *remote) name() string { return r.node }

// get reads a copy. If it is missing and a lease is wanted, it tries again by a script that grants one.
func (r *remote) get(ctx context.Context, key string, leaseFor time.Duration) (entry, error) {
	text, err := r.c.Get(ctx, key).Result()
	if errors.Is(err, redis.Nil) {
		if leaseFor > 0 {
			return r.getLeased(ctx, key, leaseFor)
		}
		return entry{}, nil
	}
	if err != nil {
		return entry{}, fmt.Errorf("redis get: %w", err)
	}
	return parseEntry(text)
}

// peek inspects the Redis that the application is connected to, and no other.
func (r *remote) peek(ctx context.Context, node, key string) (entry, error) {
	if node != r.node {
		return entry{}, refused{fmt.Errorf("the application is connected to %s and not to %s", r.node, node)}
	}
	return r.get(ctx, key, 0)
}

// getLeased reads a copy or takes the lease, in one step; the entry is busy if another client has the lease.
func (r *remote) getLeased(ctx context.Context, key string, leaseFor time.Duration) (entry, error) {
	r.last++
	mine := fmt.Sprint(r.seed, "-", r.last)
	got, err := leaseGet.Run(ctx, r.c, []string{key, leaseKey(key)}, mine, leaseFor.Milliseconds()).StringSlice()
	switch {
	case err != nil:
		return entry{}, fmt.Errorf("redis get with a lease: %w", err)
	case len(got) != 2:
		return entry{}, fmt.Errorf("redis get with a lease: %q where a value and a lease were due", got)
	case got[0] != "":
		return parseEntry(got[0])
	case got[1] == "":
		return entry{busy: true}, nil
	}
	return entry{lease: r.last}, nil
}

// put fills a copy. Guards are scripts, since check and fill must be one step.
func (r *remote) put(ctx context.Context, key string, e entry, g Guard, l life) error {
	value, ttl := fmt.Sprint(e.row.version, " ", int64(e.row.made)), l.Fresh
	var err error
	switch g {
	case Leased:
		err = leaseSet.Run(ctx, r.c, []string{key, leaseKey(key)}, value, fmt.Sprint(r.seed, "-", e.lease), ttl.Milliseconds()).Err()
	case Versioned:
		err = versionSet.Run(ctx, r.c, []string{key, tombKey(key)}, value, e.row.version, ttl.Milliseconds()).Err()
	default:
		err = r.c.Set(ctx, key, value, ttl).Err()
	}
	if err != nil {
		return fmt.Errorf("redis set: %w", err)
	}
	return nil
}

// drop deletes a copy, with its lease, or with a tombstone that has the version.
func (r *remote) drop(ctx context.Context, d drop) error {
	var err error
	switch d.Guard {
	case Leased:
		err = r.c.Del(ctx, d.Key, leaseKey(d.Key)).Err()
	case Versioned:
		err = versionDrop.Run(ctx, r.c, []string{d.Key, tombKey(d.Key)}, d.Version, tombFor.Milliseconds()).Err()
	default:
		err = r.c.Del(ctx, d.Key).Err()
	}
	if err != nil {
		return fmt.Errorf("redis delete: %w", err)
	}
	return nil
}

// dropLater deletes a copy after a while, from a goroutine that ends with the client.
func (r *remote) dropLater(after time.Duration, d drop) {
	go func() {
		if r.h.Sleep(after) != nil {
			return
		}
		select {
		case <-r.quit:
			return
		default:
		}
		ctx, cancel := r.h.WithTimeout(context.Background(), hop)
		defer cancel()
		_ = r.drop(ctx, d) // the write is acknowledged already, so an error has no receiver
	}()
}

func (r *remote) close() error {
	close(r.quit)
	return r.c.Close()
}

func parseEntry(text string) (entry, error) {
	var e entry
	if _, err := fmt.Sscan(text, &e.row.version, &e.row.made); err != nil {
		return entry{}, fmt.Errorf("redis holds %q where a version and a time were due: %w", text, err)
	}
	e.hit = true
	return e, nil
}
