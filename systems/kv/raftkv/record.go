package raftkv

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"

	"go.etcd.io/raft/v3/raftpb"
	"google.golang.org/protobuf/proto"
)

// A log file is a row of records. Each is its length and CRC-32, four bytes
// each, and then a type and the fields.
const (
	recordSnapshot = 's' // term, index, state: only as the first record
	recordMembers  = 'S' // the same with the members, before the state: if they are not those of the beginning
	recordLost     = 'l' // the log was damaged, and its node has to recover
	recordBatch    = 'b' // how far the file was synced when what follows was written
	recordHard     = 'h' // term, vote
	recordCommit   = 'c' // how far the log is committed, zero
	recordEntry    = 'e' // term, index, type, data
)

const recordHead = 8 // length and checksum

func beginRecord(b []byte, kind byte) []byte {
	return append(b, 0, 0, 0, 0, 0, 0, 0, 0, kind)
}

// endRecord fills in length and checksum of the record that begins at start.
func endRecord(b []byte, start int) []byte {
	body := b[start+recordHead:]
	binary.LittleEndian.PutUint32(b[start:], uint32(len(body)))
	binary.LittleEndian.PutUint32(b[start+4:], crc32.ChecksumIEEE(body))
	return b
}

// nextRecord returns the first record of b and what follows, and whether there
// is a whole one. A careless reader takes the checksum for right.
func nextRecord(b []byte, careless bool) (rec, rest []byte, ok bool) {
	if len(b) <= recordHead {
		return nil, b, false
	}
	n := int(binary.LittleEndian.Uint32(b))
	if n < 1 || n > len(b)-recordHead {
		return nil, b, false
	}
	rec, rest = b[recordHead:recordHead+n], b[recordHead+n:]
	if !careless && crc32.ChecksumIEEE(rec) != binary.LittleEndian.Uint32(b[4:]) {
		return nil, b, false
	}
	return rec, rest, true
}

// wholeBatchAfter reports whether b, which begins with a record that is not
// whole, holds a batch that was written when the byte at offset bad was synced
// already. Then that byte was lost by the disk, and not by a crash.
func wholeBatchAfter(b []byte, bad int) bool {
	for i := range b {
		rec, _, ok := nextRecord(b[i:], false)
		if ok && rec[0] == recordBatch && len(rec) == 9 && binary.LittleEndian.Uint64(rec[1:]) > uint64(bad) {
			return true
		}
	}
	return false
}

// appendPair appends a record of two numbers.
func appendPair(b []byte, kind byte, x, y uint64) []byte {
	start := len(b)
	b = beginRecord(b, kind)
	b = binary.LittleEndian.AppendUint64(b, x)
	b = binary.LittleEndian.AppendUint64(b, y)
	return endRecord(b, start)
}

func pair(rec []byte) (x, y uint64) {
	return binary.LittleEndian.Uint64(rec[1:]), binary.LittleEndian.Uint64(rec[9:])
}

func appendHard(b []byte, h hardState) []byte { return appendPair(b, recordHard, h.term, h.vote) }

func appendBatch(b []byte, synced int64) []byte {
	start := len(b)
	b = beginRecord(b, recordBatch)
	return endRecord(binary.LittleEndian.AppendUint64(b, uint64(synced)), start)
}

// appendSnapshot appends a snapshot with its members, unless these are the first ones: so files of
// clusters whose members never change stay as they were.
func appendSnapshot(b []byte, s *raftpb.Snapshot, first *raftpb.ConfState) []byte {
	start := len(b)
	conf := s.GetMetadata().GetConfState()
	kind := byte(recordSnapshot)
	if !proto.Equal(conf, first) {
		kind = recordMembers
	}
	b = beginRecord(b, kind)
	b = binary.LittleEndian.AppendUint64(b, s.GetMetadata().GetTerm())
	b = binary.LittleEndian.AppendUint64(b, s.GetMetadata().GetIndex())
	if kind == recordMembers {
		members, err := proto.MarshalOptions{Deterministic: true}.Marshal(conf)
		must(err)
		b = binary.LittleEndian.AppendUint16(b, uint16(len(members)))
		b = append(b, members...)
	}
	return endRecord(append(b, s.GetData()...), start)
}

func isSnapshot(rec []byte) bool {
	return rec[0] == recordSnapshot && len(rec) >= 17 || rec[0] == recordMembers && len(rec) >= 19
}

// decodeSnapshot returns no members if they are those of the beginning.
func decodeSnapshot(rec []byte) (term, index uint64, conf *raftpb.ConfState, state []byte, err error) {
	term, index = pair(rec)
	if rec[0] == recordSnapshot {
		return term, index, nil, rec[17:], nil
	}
	n := 19 + int(binary.LittleEndian.Uint16(rec[17:]))
	if n > len(rec) {
		return 0, 0, nil, nil, fmt.Errorf("a snapshot of %d bytes, of which members are %d", len(rec), n)
	}
	conf = &raftpb.ConfState{}
	if err = proto.Unmarshal(rec[19:n], conf); err != nil {
		return 0, 0, nil, nil, fmt.Errorf("members of a snapshot: %w", err)
	}
	return term, index, conf, rec[n:], nil
}

func appendEntry(b []byte, e *raftpb.Entry) []byte {
	start := len(b)
	b = beginRecord(b, recordEntry)
	b = binary.LittleEndian.AppendUint64(b, e.GetTerm())
	b = binary.LittleEndian.AppendUint64(b, e.GetIndex())
	b = append(b, byte(e.GetType()))
	return endRecord(append(b, e.GetData()...), start)
}

func decodeEntry(rec []byte) *raftpb.Entry {
	term, index := pair(rec)
	return &raftpb.Entry{
		Term: proto.Uint64(term), Index: proto.Uint64(index),
		Type: raftpb.EntryType(rec[17]).Enum(),
		Data: append([]byte(nil), rec[18:]...),
	}
}
