package acruxtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"testing"
	"time"
)

// Clock is the time of the emulator.
type Clock struct {
	Now    time.Time `json:"now"`
	Frozen bool      `json:"frozen"`
}

// Match selects requests. Empty members match all.
type Match struct {
	Surface    string `json:"surface,omitempty"`
	Method     string `json:"method,omitempty"`
	Path       string `json:"path,omitempty"`
	Repository string `json:"repository,omitempty"`
	Principal  string `json:"principal,omitempty"`
}

// Fault says what happens to the next requests that match. Then is a document such as {"status": 429, "retryAfterSeconds": 5}.
type Fault struct {
	Match *Match         `json:"match,omitempty"`
	Times int            `json:"times,omitempty"`
	Then  map[string]any `json:"then"`
}

// Request is a request that the emulator received.
type Request struct {
	ID        any    `json:"id"`
	Method    string `json:"method"`
	Path      string `json:"path"`
	Status    int    `json:"status"`
	Principal string `json:"principal"`
	Fault     string `json:"fault"`
}

// Decision is a denial, with its reason and what allows the request.
type Decision struct {
	ID         any    `json:"id"`
	At         string `json:"at"`
	Principal  string `json:"principal"`
	Action     string `json:"action"`
	Repository string `json:"repository"`
	Reason     string `json:"reason"`
	Remedy     any    `json:"remedy"`
}

// Reset restores the state after the seed, with its clock and without faults.
func (a *Acrux) Reset(t testing.TB) {
	t.Helper()
	a.must(t, http.MethodPost, "state/reset", nil, nil)
}

// Snapshot stores the state under a name.
func (a *Acrux) Snapshot(t testing.TB, name string) {
	t.Helper()
	a.must(t, http.MethodPost, "state/snapshots/"+url.PathEscape(name), nil, nil)
}

// Restore restores the state of a snapshot.
func (a *Acrux) Restore(t testing.TB, name string) {
	t.Helper()
	a.must(t, http.MethodPost, "state/snapshots/"+url.PathEscape(name)+"/restore", nil, nil)
}

// Seed applies a seed, as YAML or JSON, and returns its outputs.
func (a *Acrux) Seed(t testing.TB, document string) map[string]any {
	t.Helper()
	var result struct {
		Outputs map[string]any `json:"outputs"`
	}
	a.must(t, http.MethodPost, "seed", []byte(document), &result)
	return result.Outputs
}

// SeedFile applies a seed file, and returns its outputs.
func (a *Acrux) SeedFile(t testing.TB, path string) map[string]any {
	t.Helper()
	document, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("acruxtest: %v", err)
	}
	return a.Seed(t, string(document))
}

// Clock returns the time of the emulator.
func (a *Acrux) Clock(t testing.TB) Clock {
	t.Helper()
	var clock Clock
	a.must(t, http.MethodGet, "clock", nil, &clock)
	return clock
}

// SetClock sets the time of the emulator, and whether it stands still.
func (a *Acrux) SetClock(t testing.TB, clock Clock) {
	t.Helper()
	a.must(t, http.MethodPut, "clock", clock, nil)
}

// Advance moves the clock of the emulator forward. The clock of the test does not change.
func (a *Acrux) Advance(t testing.TB, by time.Duration) Clock {
	t.Helper()
	var clock Clock
	a.must(t, http.MethodPost, "clock/advance", map[string]string{"by": fmt.Sprintf("%ds", int64(by.Seconds()))}, &clock)
	return clock
}

// AddFault adds a fault, and returns its id.
func (a *Acrux) AddFault(t testing.TB, fault Fault) string {
	t.Helper()
	var added struct {
		ID string `json:"id"`
	}
	a.must(t, http.MethodPost, "faults", fault, &added)
	return added.ID
}

// RemoveFault removes a fault.
func (a *Acrux) RemoveFault(t testing.TB, id string) {
	t.Helper()
	a.must(t, http.MethodDelete, "faults/"+url.PathEscape(id), nil, nil)
}

// Requests returns the requests that the emulator received.
func (a *Acrux) Requests(t testing.TB) []Request {
	t.Helper()
	var requests []Request
	a.must(t, http.MethodGet, "requests", nil, &requests)
	return requests
}

// Decisions returns the last denials.
func (a *Acrux) Decisions(t testing.TB, last int) []Decision {
	t.Helper()
	decisions, err := a.decisions(last)
	if err != nil {
		t.Fatalf("acruxtest: %v", err)
	}
	return decisions
}

func (a *Acrux) decisions(last int) ([]Decision, error) {
	var decisions []Decision
	err := a.call(http.MethodGet, fmt.Sprintf("decisions?last=%d", last), nil, &decisions)
	return decisions, err
}

func (a *Acrux) must(t testing.TB, method, path string, body, result any) {
	t.Helper()
	if err := a.call(method, path, body, result); err != nil {
		t.Fatalf("acruxtest: %v", err)
	}
}

// call sends a request to the control address. A body of bytes is sent as YAML, any other one as JSON.
func (a *Acrux) call(method, path string, body, result any) error {
	contentType := "application/json"
	content, isText := body.([]byte)
	if isText {
		contentType = "application/yaml"
	} else if body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			return err
		}
		content = encoded
	}
	request, err := http.NewRequest(method, a.Control+"/_acrux/"+path, bytes.NewReader(content))
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+a.ControlToken)
	request.Header.Set("Content-Type", contentType)
	response, err := a.direct.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode >= 300 {
		return fmt.Errorf("%s /_acrux/%s: status %d: %s", method, path, response.StatusCode, answer)
	}
	if result == nil || len(answer) == 0 {
		return nil
	}
	return json.Unmarshal(answer, result)
}
