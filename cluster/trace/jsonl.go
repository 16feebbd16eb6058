package trace

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// The types of the lines of a file of messages.
const (
	lineWindow   = "window"
	lineStanding = "standing"
	lineEvent    = "event"
	lineMessage  = "message"
)

type windowLine struct {
	Type    string        `json:"type"`
	From    time.Duration `json:"from"`
	To      time.Duration `json:"to"`
	Dropped int           `json:"dropped,omitempty"`
}

type eventLine struct {
	Type string `json:"type"`
	Event
}

type messageLine struct {
	Type string `json:"type"`
	Message
}

// Write writes the trace as lines of JSON: the window, what held when it began, and then events and messages in the order of time, a
// message where it was sent. Durations are in nanoseconds. docs/reference/formats.md describes the fields.
func (t *Trace) Write(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	for l := range t.lines {
		if err := enc.Encode(l); err != nil {
			return fmt.Errorf("write messages: %w", err)
		}
	}
	return nil
}

// lines yields the lines of the file.
func (t *Trace) lines(yield func(any) bool) {
	if !yield(windowLine{lineWindow, t.From, t.To, t.Dropped}) {
		return
	}
	for _, e := range t.Standing {
		if !yield(eventLine{lineStanding, e}) {
			return
		}
	}
	events := t.Events
	for _, m := range t.Messages {
		for len(events) > 0 && events[0].At <= m.Sent {
			if !yield(eventLine{lineEvent, events[0]}) {
				return
			}
			events = events[1:]
		}
		if !yield(messageLine{lineMessage, m}) {
			return
		}
	}
	for _, e := range events {
		if !yield(eventLine{lineEvent, e}) {
			return
		}
	}
}

// Read reads what [Trace.Write] wrote. The error names the line that is none.
func Read(r io.Reader) (*Trace, error) {
	var t Trace
	dec := json.NewDecoder(r)
	for n := 1; ; n++ {
		var raw json.RawMessage
		err := dec.Decode(&raw)
		if errors.Is(err, io.EOF) {
			return &t, nil
		}
		if err == nil {
			err = t.add(raw)
		}
		if err != nil {
			return nil, fmt.Errorf("read messages: line %d: %w", n, err)
		}
	}
}

// add adds what a line says.
func (t *Trace) add(raw []byte) error {
	var l struct {
		Type string `json:"type"`
	}
	if err := json.Unmarshal(raw, &l); err != nil {
		return err
	}
	switch l.Type {
	case lineWindow:
		var w windowLine
		if err := json.Unmarshal(raw, &w); err != nil {
			return err
		}
		t.From, t.To, t.Dropped = w.From, w.To, w.Dropped
	case lineStanding, lineEvent:
		var e eventLine
		if err := json.Unmarshal(raw, &e); err != nil {
			return err
		}
		if l.Type == lineEvent {
			t.Events = append(t.Events, e.Event)
		} else {
			t.Standing = append(t.Standing, e.Event)
		}
	case lineMessage:
		var m messageLine
		if err := json.Unmarshal(raw, &m); err != nil {
			return err
		}
		t.Messages = append(t.Messages, m.Message)
	default:
		return fmt.Errorf("there is no type %q", l.Type)
	}
	return nil
}
