package service

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	_ "modernc.org/sqlite" // the driver sqlite
)

// A store serves registers from a database: GET /KEY answers the value, POST /KEY with the form values value and, for a swap, old
// answers the value that it found.
type store struct{ db *sql.DB }

// openStore opens the database, or makes it.
func openStore(path, synchronous string) (*store, error) {
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=journal_mode(WAL)&_pragma=synchronous("+synchronous+")&_txlock=immediate")
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	db.SetMaxOpenConns(1)
	_, err = db.Exec(`
		CREATE TABLE IF NOT EXISTS registers (key TEXT PRIMARY KEY, value INTEGER NOT NULL);
		CREATE TABLE IF NOT EXISTS requests (id TEXT PRIMARY KEY, found INTEGER NOT NULL)`)
	if err != nil {
		return nil, fmt.Errorf("make the tables: %w", err)
	}
	return &store{db}, nil
}

// ServeHTTP answers one request.
func (s *store) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var value int
	var err error
	switch key := r.URL.Path[1:]; r.Method {
	case http.MethodGet:
		value, err = get(r.Context(), s.db, key)
	case http.MethodPost:
		value, err = s.change(r, key)
	default:
		http.Error(w, "a register is read by GET and written by POST", http.StatusMethodNotAllowed)
		return
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	fmt.Fprint(w, value)
}

// change writes a register in a transaction, and returns the value that it found. A request that was done before is only answered again.
func (s *store) change(r *http.Request, key string) (found int, err error) {
	value, err := strconv.Atoi(r.FormValue("value"))
	if err != nil {
		return 0, fmt.Errorf("the value: %w", err)
	}
	tx, err := s.db.BeginTx(r.Context(), nil)
	if err != nil {
		return 0, err
	}
	defer tx.Rollback()
	id := r.Header.Get("Idempotency-Key")
	if id != "" {
		err := tx.QueryRow("SELECT found FROM requests WHERE id = ?", id).Scan(&found)
		if !errors.Is(err, sql.ErrNoRows) {
			return found, err
		}
	}
	if found, err = get(r.Context(), tx, key); err != nil {
		return 0, err
	}
	if old := r.FormValue("old"); old == "" || old == strconv.Itoa(found) {
		_, err := tx.Exec("INSERT INTO registers VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value", key, value)
		if err != nil {
			return 0, err
		}
	}
	if id != "" {
		if _, err := tx.Exec("INSERT INTO requests VALUES (?, ?)", id, found); err != nil {
			return 0, err
		}
	}
	return found, tx.Commit()
}

// get reads a register; one that was never written is 0.
func get(ctx context.Context, db interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}, key string) (value int, err error) {
	err = db.QueryRowContext(ctx, "SELECT value FROM registers WHERE key = ?", key).Scan(&value)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return value, err
}
