package gosource

// Only a test itself knows the type of its inputs. So a program that writes a test has the one that saved a failure
// spell the inputs of that failure: it starts the test with a [Request] in the environment, and reads its [Answer].

// RequestVariable is the variable of the environment that names the file with the request.
const RequestVariable = "CAPSIZE_AS_TEST"

// A Request is what a test is to spell.
type Request struct {
	Test     string            `json:"test"`     // the name of the Go test
	Run      string            `json:"run"`      // which capsize.Run of it
	Failure  string            `json:"failure"`  // the file of the failure
	Answer   string            `json:"answer"`   // the file to write
	Reserved map[string]string `json:"reserved"` // how the file to be written calls packages, if it needs them: names by import paths
}

// An Answer has the inputs of the operations of a failure as Go expressions, in order. One is empty if Go has no expression of it.
type Answer struct {
	Texts   []string          `json:"texts"`
	Imports map[string]string `json:"imports"` // that they need: names by import paths
}
