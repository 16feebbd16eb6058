package nameservice_test

import (
	"fmt"

	"github.com/capsize-go/capsize/cluster/internal/nameservice"
)

// A name moves from one node to another, and one machine does not hear of it.
func Example() {
	records := nameservice.Records{}
	records.Set("db", nameservice.Record{Hosts: []string{"n1"}})
	stale := &nameservice.Fault{What: nameservice.Stale, Old: map[string]nameservice.Record{"db": records["db"]}}
	records.Set("db", nameservice.Record{Hosts: []string{"n2"}})
	fmt.Println(records.Query("db", nil, nil))
	fmt.Println(records.Query("db", []*nameservice.Fault{stale}, nil))
	records.Set("db", nameservice.Record{})
	fmt.Println(records.Query("db", nil, nil))
	// Output:
	// {[n2] 5s} <nil>
	// {[n1] 5s} <nil>
	// {[] 0s} lookup db: no such host
}
