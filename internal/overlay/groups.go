package overlay

import "slices"

// The files of Go that have many edits.
const (
	alg       = "runtime/alg.go"
	channels  = "runtime/chan.go"
	heap      = "runtime/mheap.go"
	mapping   = "internal/runtime/maps/"
	mutexes   = "internal/sync/mutex.go"
	rwmutexes = "sync/rwmutex.go"
	proc      = "runtime/proc.go"
	random    = "runtime/rand.go"
	sema      = "runtime/sema.go"
	bubbles   = "runtime/synctest.go"
	times     = "runtime/time.go"
	tries     = "internal/sync/hashtriemap.go"
)

// A group of edits removes one source of chance, or adds one ability. Each has a test that
// fails without it.
type group struct {
	name  string
	why   string
	edits []edit
}

// state is what the added files keep in Go's own types. It is always there, and does nothing by itself.
var state = group{"state", "fields of the runtime's types that the added files use", []edit{
	{file: bubbles, in: "synctestBubble", at: field{}, code: "det detState; "},
	{file: "runtime/runtime2.go", in: "g", at: field{}, code: "det detG; "},
	{file: channels, in: "hchan", at: field{}, code: "detNumber uint64; "},
	{file: heap, in: "mspan", at: field{}, code: "detIDs *detIDs; "},
	{file: times, in: "timer", at: field{}, code: "detHost uint32; "},
	{file: "sync/pool.go", in: "Pool", at: field{}, code: "det detStack; "},
	{file: descriptors, in: "netFD", at: field{}, code: "sim *detFD; "},
	{file: bubbles, in: "synctestRun", at: stmt("gp.bubble = bubble"), code: "bubble.detInit(); @"},
	{file: proc, in: "newproc1", at: stmt("newg.bubble = callergp.bubble"), code: "@; detBorn(newg, callergp)"},
	{file: proc, in: "gdestroy", at: entry{}, code: " detDied(gp); "},
	{file: bubbles, in: "synctestRun", at: stmt("total != 1"), code: "bubble.detEnd(); @"},
	// Package initialization is over when Go says so to cgo.
	{file: proc, in: "main", at: stmt("close(main_init_done)"), code: "detInitDone(); @", to: 26},
	{file: proc, in: "main", at: stmt("close(mainInitDoneChan)"), code: "detInitDone(); @", from: 27},
}}

var groups = slices.Concat(runtimeGroups, programGroups, globalGroups)

// runtimeGroups make a run repeatable.
var runtimeGroups = []group{
	{"sched", "one goroutine of a bubble runs at a time, and the seed decides who runs next", []edit{
		// A goroutine becomes runnable.
		{file: bubbles, in: "synctestRun", at: through{"runqput(_, bubble.main, _)", "wakep()"}, code: "if !detQueue(bubble.main) { @ }"},
		{file: proc, in: "ready", at: entry{}, code: " detKeeps := gp.waitreason.detKeepsToken(); "},
		{file: proc, in: "ready", at: through{"runqput(_, gp, _)", "wakep()"}, code: "if detKeeps || !detQueue(gp) { @ }"},
		{file: proc, in: "newproc", at: stmt("runqput(_, newg, _)"), code: "if detQueue(newg) { return }; @"},
		{file: "runtime/netpoll.go", in: "netpollready", at: stmt("toRun.push(rg)"), code: "if !detNetReady(rg) { @ }"},
		{file: "runtime/netpoll.go", in: "netpollready", at: stmt("toRun.push(wg)"), code: "if !detNetReady(wg) { @ }"},
		// A goroutine stops running.
		{file: proc, in: "park_m", at: entry{}, code: " detKeeps := gp.waitreason.detKeepsToken(); "},
		{file: proc, in: "park_m", at: stmt("schedule()"), code: "if bubble != nil && !detKeeps { detRelease(bubble) }; @"},
		{file: proc, in: "goexit0", at: entry{}, code: " detBubble := gp.bubble; "},
		{file: proc, in: "goexit0", at: stmt("schedule()"), code: "if detBubble != nil { detRelease(detBubble) }; @"},
		{file: proc, in: "goschedImpl", at: through{"lock(&sched.lock)", "unlock(&sched.lock)"},
			code: "if !preempted && gp.bubble != nil { detQueue(gp); detRelease(gp.bubble) } else if preempted && gp.bubble != nil && detSpins(gp) { detPassOver(gp) } else { @ }"},
		{file: proc, in: "goyield_m", at: stmt("runqput(_, gp, _)"), code: "if gp.bubble != nil { detQueue(gp); detRelease(gp.bubble) } else { @ }"},
		{file: proc, in: "Gosched", at: entry{}, code: " detUserYield(); "},
		// The runtime yields for itself, and keeps the token.
		{file: proc, in: "goschedguarded_m", at: expr("goschedImpl(gp, false)"), code: "goschedImpl(gp, true)"},
		{file: "runtime/mgc.go", in: "GC", at: expr("Gosched()"), code: "detGosched()", n: 2},
		{file: "runtime/mgcmark.go", in: "gcAssistAlloc", at: expr("Gosched()"), code: "detGosched()"},
		// A wait of package poll for its own lock is a wait of the program.
		{file: sema, in: "poll_runtime_Semacquire", at: expr("waitReasonSemacquire"), code: "detPollWait()"},
	}},
	{"rand", "math/rand, crypto/rand, maphash, select, timers and the iteration of maps draw from the seed", []edit{
		{file: random, in: "randinit", at: stmt("globalRand.state.Init(_)"), code: "clear(seed[:]); @"},
		{file: random, in: "mrandinit", at: expr("rand()"), code: "bootstrapRand()", n: 1, to: 26},
		{file: random, in: "mrandinit", at: expr("rand()"), code: "bootstrapRand()", n: 2, from: 27},
		{file: random, in: "rand", at: entry{}, code: " if b := getg().bubble; b != nil { return b.det.own.draw(b) }; "}, // compiled code seeds maps with it
		{file: random, in: "legacy_fastrand", at: expr("rand()"), code: "detRand()"},
		{file: random, in: "legacy_fastrandn", at: expr("randn(n)"), code: "detRandn(n)"},
		{file: random, in: "legacy_fastrand64", at: expr("rand()"), code: "detRand()"},
		{file: random, in: "maps_rand", at: entry{}, code: " if b := getg().bubble; b != nil { return b.det.iteration.draw(b) }; "},
		{file: "runtime/select.go", in: "selectgo", at: expr("cheaprandn(_)"), code: "detChoice($1)"},
		{file: times, in: "(*timer).maybeAdd", at: stmt("t.rand = cheaprand()"), code: "t.rand = detChoice(1<<32 - 1)"},
		{file: "math/rand/rand.go", at: directive("runtime_rand"), code: "runtime.detRand"},
		{file: "math/rand/rand.go", in: "globalRand", at: entry{}, code: " if detInBubble() { return detGlobal }; "}, // whatever Seed was called with
		{file: "math/rand/rand.go", at: end{}, code: mathRand},
		{file: "math/rand/v2/rand.go", at: directive("runtime_rand"), code: "runtime.detRand"},
		{file: "hash/maphash/maphash_runtime.go", at: directive("runtime_rand"), code: "runtime.detRand", to: 26},
		{file: "hash/maphash/maphash.go", at: directive("runtime_rand"), code: "runtime.detRand", from: 27},
		{file: "net/dnsclient.go", at: directive("runtime_rand"), code: "runtime.detRand"},
		{file: "os/tempfile.go", at: directive("runtime_rand"), code: "runtime.detRand"},
		{file: "internal/sync/hashtriemap.go", at: directive("runtime_rand"), code: "runtime.detMapSeed"},
		{file: "unique/canonmap.go", at: directive("runtime_rand"), code: "runtime.detMapSeed"},
		{file: "crypto/internal/sysrand/rand.go", in: "Read", at: entry{}, code: " if detRead(b) { return }; "},
		{file: "crypto/internal/sysrand/rand.go", at: end{}, code: sysRand},
	}},
	{"timer", "a timer that was stopped leaves its heap at once, not when it suits the garbage collector", []edit{
		{file: times, in: "(*timers).cleanHead", at: expr("gp.preemptStop"), code: "(@ && gp.bubble == nil)"},
	}},
	{"chan", "select locks channels in the order in which they were made, not of their addresses", []edit{
		{file: channels, in: "makechan", at: stmt("lockInit(&c.lock, _)"), code: "c.detNumber = detChannelNumber(); @"},
		{file: "runtime/select.go", in: "(*hchan).sortkey", at: expr("uintptr(unsafe.Pointer(c))"), code: "uintptr(c.detNumber)"},
	}},
	{"mutex", "no goroutine spins for a mutex, its clock is virtual, and a wait for one is durable", []edit{
		{file: sema, in: "internal_sync_nanotime", at: expr("nanotime()"), code: "detNanotime()"},
		{file: proc, in: "internal_sync_runtime_canSpin", at: entry{}, code: " if getg().bubble != nil { return false }; "},
		{file: "runtime/runtime2.go", in: "waitReason.isIdleInSynctest", at: entry{}, code: " if w.isMutexWait() { return true }; "},
	}},
	{"pool", "a sync.Pool is a stack in a bubble, and the garbage collector does not empty it", []edit{
		{file: "sync/pool.go", in: "(*Pool).Put", at: entry{}, code: " if p.detPut(x) { return }; "},
		{file: "sync/pool.go", in: "(*Pool).Get", at: entry{}, code: " if x, ok := p.detGet(); ok { return x }; "},
	}},
	{"init", "packages are initialized at one instant of wall time", []edit{
		{file: "time/time.go", in: "startNano", at: expr("runtimeNano()"), code: "1"},
		{file: times, in: "time_runtimeNow", at: stmt("return time_now()"), code: "if detInitializing { return detInitTime, 0, 0 }; @"},
	}},
	{"ptrhash", "a map with pointers for keys orders them by when they were first hashed, not by address", []edit{
		{file: alg, in: "typehash", at: condition("abi.TFlagRegularMemory"), code: "@ && !t.Pointers()"},
		{file: alg, in: "typehash", at: stmt("t.Kind()"), code: "if detIsPointer(t) { return detPointerHash(t, p, h) }; @"},
		{file: heap, in: "(*mspan).init", at: stmt("span.specials = nil"), code: "@; span.detIDs = nil"},
		{file: heap, in: "(*mheap).freeSpanLocked", at: stmt("h.freeMSpanLocked(s)"), code: "detFreeSpan(s); @"},
		{file: "runtime/mgcsweep.go", in: "(*sweepLocked).sweep", at: stmt("s.allocBits = _"), code: "detSweep(s); @"},
		{file: "reflect/type.go", at: end{}, code: reflectType},
		{file: "hash/maphash/maphash_runtime.go", in: "comparableHash", at: stmt("hasher := _"), code: comparableHash, to: 26},
		{file: "hash/maphash/maphash_runtime.go", at: end{}, code: declareTypeHash, to: 26},
		{file: "hash/maphash/maphash.go", in: "comparableHash", at: stmt("hasher := _"), code: comparableHash, from: 27},
		{file: "hash/maphash/maphash.go", at: end{}, code: declareTypeHash, from: 27},
		{file: mapping + "map.go", at: stmt("m.seed = uintptr(rand())"), code: "m.seed = uintptr(detMapSeed())", n: 4},
		{file: mapping + "runtime.go", at: expr("typ.Hasher(_, _)"), code: "detHash(typ, $1, $2)", n: anyNumber},
		{file: mapping + "runtime.go", at: end{}, code: mapHash},
		{file: mapping + "map.go", at: expr("typ.Hasher(_, _)"), code: "detHash(typ, $1, $2)", n: 5},
		{file: mapping + "table.go", at: expr("typ.Hasher(_, _)"), code: "detHash(typ, $1, $2)", n: 4},
		{file: mapping + "runtime_fast64.go", at: expr("typ.Hasher(_, _)"), code: "detHash(typ, $1, $2)", n: 4, to: 26},
		{file: mapping + "runtime_fast32.go", at: expr("typ.Hasher(_, _)"), code: "detHash(typ, $1, $2)", n: 4, to: 26},
		{file: mapping + "runtime_fast64.go", at: expr("memHash64AES(_, _)"), code: "detHash64(typ, $1, $2, @)", n: 3, from: 27},
		{file: mapping + "runtime_fast64.go", at: expr("memHash64Fallback(_, _)"), code: "detHash64(typ, $1, $2, @)", n: 3, from: 27},
		{file: mapping + "runtime_fast32.go", at: expr("memHash32AES(_, _)"), code: "detHash32(typ, $1, $2, @)", n: 3, from: 27},
		{file: mapping + "runtime_fast32.go", at: expr("memHash32Fallback(_, _)"), code: "detHash32(typ, $1, $2, @)", n: 3, from: 27},
	}},
	// How often the runtime draws before the keys of hashes depends on the build: the race detector draws more.
	{"hash", "hashes depend neither on what the processor can do nor on the kind of build", []edit{
		{file: alg, in: "alginit", at: condition("cpu.X86.HasAES"), code: "false && (@)", to: 26},
		{file: alg, in: "alginit", at: condition("cpu.ARM64.HasAES"), code: "false && (@)", to: 26},
		{file: alg, in: "alginit", at: expr("bootstrapRand()"), code: "detHashKey(i)", to: 26},
		{file: mapping + "runtime_alg.go", in: "AlgInit", at: condition("cpu.X86.HasAES"), code: "false && (@)", from: 27},
		{file: mapping + "runtime_alg.go", in: "AlgInit", at: condition("cpu.ARM64.HasAES"), code: "false && (@)", from: 27},
		{file: mapping + "runtime_alg.go", in: "AlgInit", at: expr("bootstrapRand()"), code: "(uint64(i+1) * 0x9e3779b97f4a7c15)", from: 27},
	}},
	{"outside", "a lock that is held outside of the bubble holds up the bubble, and changes nothing in it", []edit{
		{file: sema, in: "internal_sync_runtime_SemacquireMutex", at: expr("semacquire1(_, _, _, _, _)"), code: "detAcquire($1, $2, $4, $5)"},
		{file: sema, in: "sync_runtime_SemacquireRWMutexR", at: expr("semacquire1(_, _, _, _, _)"), code: "detAcquire($1, $2, $4, $5)"},
		{file: sema, in: "sync_runtime_SemacquireRWMutex", at: expr("semacquire1(_, _, _, _, _)"), code: "detAcquire($1, $2, $4, $5)"},
		{file: sema, in: "semrelease1", at: stmt("s.ticket = 1"), code: "@; detHanded(addr, s.g)"},
		{file: mutexes, in: "(*Mutex).Lock", at: entry{}, code: " detTrying(&m.sema); "},
		{file: mutexes, in: "(*Mutex).Lock", at: stmt("return"), code: "detLocked(&m.sema); @"},
		{file: mutexes, in: "(*Mutex).Lock", at: exit{}, code: "detLocked(&m.sema); "},
		{file: mutexes, in: "(*Mutex).Lock", at: stmt("m.lockSlow()"), code: pollMutex},
		{file: mutexes, in: "(*Mutex).TryLock", at: condition("mutexLocked|mutexStarving"), code: "@ || old != 0 && detOutsider()"},
		{file: mutexes, in: "(*Mutex).TryLock", at: entry{}, code: " detTrying(&m.sema); "},
		{file: mutexes, in: "(*Mutex).TryLock", at: stmt("return false"), code: "detNotTrying(); @", n: 2},
		{file: mutexes, in: "(*Mutex).TryLock", at: stmt("return true"), code: "detLocked(&m.sema); @"},
		{file: mutexes, in: "(*Mutex).Unlock", at: entry{}, code: " detTries := detUnlocking(&m.sema); "},
		{file: mutexes, in: "(*Mutex).Unlock", at: exit{}, code: "if detTries { detNotTrying() }; "},
		{file: mutexes, at: end{}, code: declareLocks},
		{file: rwmutexes, in: "(*RWMutex).RLock", at: entry{}, code: " for detOutsider() { if rw.TryRLock() { return }; detPoll(&rw.writerSem) }; detTrying(&rw.writerSem); "},
		{file: rwmutexes, in: "(*RWMutex).RLock", at: exit{}, code: "detLocked(&rw.writerSem); "},
		{file: rwmutexes, in: "(*RWMutex).TryRLock", at: entry{}, code: " detTrying(&rw.writerSem); "},
		{file: rwmutexes, in: "(*RWMutex).TryRLock", at: stmt("return false"), code: "detNotTrying(); @"},
		{file: rwmutexes, in: "(*RWMutex).TryRLock", at: stmt("return true"), code: "detLocked(&rw.writerSem); @"},
		{file: rwmutexes, in: "(*RWMutex).RUnlock", at: entry{}, code: " detTries := detUnlocking(&rw.writerSem); "},
		{file: rwmutexes, in: "(*RWMutex).RUnlock", at: exit{}, code: "if detTries { detNotTrying() }; "},
		{file: rwmutexes, in: "(*RWMutex).Lock", at: stmt("rw.w.Lock()"), code: "@; detTrying(&rw.readerSem)"},
		{file: rwmutexes, in: "(*RWMutex).Lock", at: entry{}, code: " for detOutsider() { if rw.TryLock() { return }; detPoll(&rw.readerSem) }; "},
		{file: rwmutexes, in: "(*RWMutex).Lock", at: exit{}, code: "detLocked(&rw.readerSem); "},
		{file: rwmutexes, in: "(*RWMutex).TryLock", at: stmt("rw.readerCount.CompareAndSwap(_, _)"), code: "detTrying(&rw.readerSem); @"},
		{file: rwmutexes, in: "(*RWMutex).TryLock", at: stmt("rw.w.Unlock()"), code: "detNotTrying(); @"},
		{file: rwmutexes, in: "(*RWMutex).TryLock", at: stmt("return true"), code: "detLocked(&rw.readerSem); @"},
		{file: rwmutexes, in: "(*RWMutex).Unlock", at: entry{}, code: " detTries := detUnlocking(&rw.readerSem); "},
		{file: rwmutexes, in: "(*RWMutex).Unlock", at: stmt("rw.w.Unlock()"), code: "if detTries { detNotTrying() }; @"},
		{file: rwmutexes, at: end{}, code: declareLocks},
	}},
	{"hosts", "a host can be paused or die, and have a clock of its own, and its goroutines and timers with it", []edit{
		{file: times, in: "newTimer", at: stmt("t.isFake = true"), code: "@; t.detHost, when, period = getg().det.host, detWhen(when), detPeriod(period)"},
		{file: times, in: "resetTimer", at: expr("t.reset(when, period)"), code: "t.reset(detWhen(when), detPeriod(period))"},
		{file: times, in: "timeSleep", at: stmt("gp.sleepWhen = when"), code: "when = detSleepWhen(gp, when, ns); @"},
		{file: times, in: "(*timer).unlockAndRun", at: stmt("arg := t.arg"), code: "detDead := t.detIsDead(bubble); if detDead { f = func(any, uintptr, int64) {} }; @"},
		{file: times, in: "(*timer).unlockAndRun", at: condition("t.period > 0"), code: "@ && !detDead"},
		{file: times, in: "(*timer).unlockAndRun", at: stmt("gp.bubble = bubble"), code: "@; gp.det.host = t.detHost"},
		{file: times, in: "(*timer).unlockAndRun", at: stmt("gp.bubble = nil"), code: "gp.det.host = 0; @"},
		{file: times, in: "time_runtimeNow", at: entry{}, code: " if gp := getg(); gp.bubble != nil && gp.det.host != 0 { return detNow(gp) }; "},
		{file: times, in: "time_runtimeNano", at: stmt("return gp.bubble.now"), code: "return detMono(gp)"},
		{file: bubbles, in: "synctestRun", at: expr("bubble.total"), code: "(@ - bubble.detGone())"},
		{file: bubbles, in: "synctestRun", at: stmt("total != 1"), code: "bubble.detReap(gp); @"},
		{file: "runtime/traceback.go", in: "goroutineheader", at: stmt(`print("]:\n")`), code: "detDescribe(gp); @", to: 26},
		{file: "runtime/traceback.go", in: "goroutineheader", at: stmt(`print("]")`), code: "detDescribe(gp); @", from: 27},
	}},
	{"names", "no look-up of a name leaves a bubble", []edit{
		{file: "net/lookup.go", in: "(*Resolver).lookupIPAddr", at: stmt("r.lookupIP"), code: "if addrs, err, ok := detLookup(ctx, network, host, trace); ok { return addrs, err }; @"},
		{file: "net/lookup.go", in: "(*Resolver).LookupHost", at: stmt("return r.lookupHost(_, _)"), code: "if addrs, err, ok := detFind(ctx, host); ok { return detStrings(addrs), err }; @"},
		{file: "net/dnsclient_unix.go", in: "(*Resolver).exchange", at: entry{}, code: " if detBubble() != 0 { return dnsmessage.Parser{}, dnsmessage.Header{}, errDetQuery }; "},
	}},
	// The groups above make a run repeatable. This one lets a schedule stop a goroutine where the
	// program synchronizes.
	{"points", "channels, mutexes, condition variables and the types of sync/atomic are points at which another goroutine may go first", []edit{
		{file: channels, in: "chansend", at: entry{}, code: " detPoint(); "},
		{file: channels, in: "chanrecv", at: entry{}, code: " detPoint(); "},
		{file: channels, in: "closechan", at: entry{}, code: " detPoint(); "},
		{file: "runtime/select.go", in: "selectgo", at: entry{}, code: " detPoint(); "},
		{file: mutexes, in: "(*Mutex).Lock", at: entry{}, code: callPoint},
		{file: mutexes, in: "(*Mutex).TryLock", at: entry{}, code: callPoint},
		{file: mutexes, at: end{}, code: declarePoint},
		{file: "sync/cond.go", in: "(*Cond).Wait", at: entry{}, code: callPoint},
		{file: "sync/cond.go", in: "(*Cond).Signal", at: entry{}, code: callPoint},
		{file: "sync/cond.go", in: "(*Cond).Broadcast", at: entry{}, code: callPoint},
		{file: "sync/cond.go", at: end{}, code: declarePoint},
		{file: "sync/atomic/type.go", in: "*", at: entry{}, code: callPoint, n: anyNumber},
		{file: "sync/atomic/value.go", in: "*", at: entry{}, code: callPoint, n: 4},
		{file: "sync/atomic/type.go", at: end{}, code: declarePoint},
		// What a process does once and then remembers has no points in it, and an operation of a sync.Map is one.
		{file: "internal/godebug/godebug.go", in: "(*Setting).Value", at: entry{}, code: callQuiet},
		{file: "internal/godebug/godebug.go", in: "(*Setting).IncNonDefault", at: entry{}, code: callQuiet},
		{file: "internal/godebug/godebug.go", at: end{}, code: declarePoint + declareQuiet},
		{file: "sync/once.go", in: "(*Once).doSlow", at: entry{}, code: " defer o.detQuietly(f)(false); "},
		{file: "math/rand/rand.go", in: "Seed", at: entry{}, code: callQuiet},
		{file: "math/rand/rand.go", at: end{}, code: declarePoint + declareQuiet},
		// Readers outside of the bubble have a writer in it count them.
		{file: rwmutexes, in: "(*RWMutex).Lock", at: expr("rw.readerWait.Add(_)"), code: addReaders},
		{file: rwmutexes, in: "(*RWMutex).rUnlockSlow", at: expr("rw.readerWait.Add(_)"), code: addReaders},
		{file: tries, in: "(*HashTrieMap).Load", at: entry{}, code: callPoint + callQuiet},
		{file: tries, in: "(*HashTrieMap).LoadOrStore", at: entry{}, code: callPoint + callQuiet},
		{file: tries, in: "(*HashTrieMap).Swap", at: entry{}, code: callPoint + callQuiet},
		{file: tries, in: "(*HashTrieMap).CompareAndSwap", at: entry{}, code: callPoint + callQuiet},
		{file: tries, in: "(*HashTrieMap).LoadAndDelete", at: entry{}, code: callPoint + callQuiet},
		{file: tries, in: "(*HashTrieMap).CompareAndDelete", at: entry{}, code: callPoint + callQuiet},
		{file: tries, at: end{}, code: declareQuiet},
		{file: "unique/handle.go", in: "Make", at: entry{}, code: callQuiet},
		{file: "unique/handle.go", at: end{}, code: declarePoint + declareQuiet},
	}},
}

// Points are passed quickly while no bubble has a schedule that stops goroutines at them.
const callPoint = " if detPoints != 0 { detPoint() }; "

const declarePoint = `
//go:linkname detPoints runtime.detPoints
var detPoints uint32

//go:linkname detPoint runtime.detPoint
func detPoint()
`

// Nothing in the function is a point.
const callQuiet = " if detPoints != 0 { detQuiet(true); defer detQuiet(false) }; "

// It is no point, since it is no method of a type of sync/atomic.
const addReaders = "atomic.AddInt32((*int32)(unsafe.Pointer(&rw.readerWait)), $1)"

const declareQuiet = `
//go:linkname detQuiet runtime.detQuiet
func detQuiet(on bool)
`

// A goroutine outside of all bubbles takes a mutex when it is free, and does not queue for it.
const pollMutex = "for detOutsider() { detPoll(&m.sema); if atomic.CompareAndSwapInt32(&m.state, 0, mutexLocked) " +
	"{ if race.Enabled { race.Acquire(unsafe.Pointer(m)) }; detLocked(&m.sema); return } }; @"

const declareLocks = `
//go:linkname detOutsider runtime.detOutsider
func detOutsider() bool

//go:linkname detPoll runtime.detPoll
func detPoll(sema *uint32)

//go:linkname detTrying runtime.detTrying
func detTrying(sema *uint32)

//go:linkname detNotTrying runtime.detNotTrying
func detNotTrying()

//go:linkname detLocked runtime.detLocked
func detLocked(sema *uint32)

//go:linkname detUnlocking runtime.detUnlocking
func detUnlocking(sema *uint32) bool
`

const mathRand = `
//go:linkname detInBubble runtime.detInBubble
func detInBubble() bool

var detGlobal = &Rand{src: &runtimeSource{}, s64: &runtimeSource{}}
`

const sysRand = `
//go:linkname detRandom runtime.detRandom
func detRandom() (x uint64, ok bool)

// detRead fills b with what the seed says, in a bubble and while packages are initialized.
func detRead(b []byte) bool {
	for i := 0; i < len(b); {
		x, ok := detRandom()
		if !ok {
			return false
		}
		for k := 0; k < 8 && i < len(b); k++ {
			b[i] = byte(x)
			x >>= 8
			i++
		}
	}
	_, ok := detRandom()
	return ok
}
`

const reflectType = `
//go:linkname detSetReflectType runtime.detSetReflectType
func detSetReflectType(any)

func init() { detSetReflectType((*rtype)(nil)) }
`

const comparableHash = "@; if key := (*abi.MapType)(unsafe.Pointer(mTyp)).Key; key.Pointers() && key.Kind() != abi.String && key.Kind() != abi.Interface " +
	"{ hasher = func(p unsafe.Pointer, h uintptr) uintptr { return detTypeHash(key, p, h) } }"

const declareTypeHash = `
//go:linkname detTypeHash runtime.detTypeHash
func detTypeHash(t *abi.Type, p unsafe.Pointer, h uintptr) uintptr
`

const mapHash = `
//go:linkname detMapSeed runtime.detMapSeed
func detMapSeed() uint64

//go:linkname detTypeHash runtime.detTypeHash
func detTypeHash(t *abi.Type, p unsafe.Pointer, h uintptr) uintptr

// detHashes reports whether the keys of a map hold pointers that are hashed by address.
func detHashes(typ *abi.MapType) bool {
	return typ.Key.Pointers() && typ.Key.Kind() != abi.String && typ.Key.Kind() != abi.Interface
}

func detHash(typ *abi.MapType, p unsafe.Pointer, h uintptr) uintptr {
	if detHashes(typ) {
		return detTypeHash(typ.Key, p, h)
	}
	return typ.Hasher(p, h)
}

func detHash64(typ *abi.MapType, key uint64, h, otherwise uintptr) uintptr {
	if detHashes(typ) {
		return detTypeHash(typ.Key, abi.NoEscape(unsafe.Pointer(&key)), h)
	}
	return otherwise
}

func detHash32(typ *abi.MapType, key uint32, h, otherwise uintptr) uintptr {
	if detHashes(typ) {
		return detTypeHash(typ.Key, abi.NoEscape(unsafe.Pointer(&key)), h)
	}
	return otherwise
}
`
