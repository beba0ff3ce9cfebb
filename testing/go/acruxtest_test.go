package acruxtest_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"acrux.example.com/acruxtest"
)

const seed = `
version: 1
scopeMaps: [{ registry: acrux, name: app-read, actions: [repositories/app/content/read] }]
tokens: [{ registry: acrux, name: device, scopeMap: app-read, passwords: [device-password] }]
images: [{ ref: 'acrux/app:1' }]
`

func pull(t *testing.T, acrux *acruxtest.Acrux, path, password string) int {
	t.Helper()
	request, err := http.NewRequest(http.MethodGet, acrux.URL+"/v2/"+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.SetBasicAuth("device", password)
	request.Header.Set("Accept", "application/vnd.oci.image.manifest.v1+json")
	response, err := acrux.Client(t).Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	return response.StatusCode
}

func expect(t *testing.T, what string, got, expected any) {
	t.Helper()
	if got != expected {
		t.Fatalf("%s: got %v, expected %v", what, got, expected)
	}
}

func TestEmulator(t *testing.T) {
	file := filepath.Join(t.TempDir(), "acrux.seed.yaml")
	if err := os.WriteFile(file, []byte(seed), 0o600); err != nil {
		t.Fatal(err)
	}
	acrux := acruxtest.Start(t, acruxtest.Options{Seed: file})

	t.Run("the seed is applied, and a wrong password is rejected", func(t *testing.T) {
		expect(t, "pull", pull(t, acrux, "app/manifests/1", "device-password"), 200)
		expect(t, "pull with a wrong password", pull(t, acrux, "app/manifests/1", "wrong"), 401)
	})

	t.Run("a denial is recorded", func(t *testing.T) {
		pull(t, acrux, "other/manifests/1", "device-password")
		denials := acrux.Decisions(t, 1)
		expect(t, "denials", len(denials), 1)
		expect(t, "repository", denials[0].Repository, "other")
	})

	t.Run("the clock moves, and a reset restores it", func(t *testing.T) {
		before := acrux.Clock(t).Now
		if moved := acrux.Advance(t, 3*time.Hour).Now.Sub(before); moved < 3*time.Hour {
			t.Fatalf("the clock moved by %v", moved)
		}
		later := before.Add(48 * time.Hour).Truncate(time.Millisecond)
		acrux.SetClock(t, acruxtest.Clock{Now: later, Frozen: true})
		expect(t, "frozen clock", acrux.Clock(t).Now.Equal(later), true)
		acrux.Reset(t)
		expect(t, "reset clock", acrux.Clock(t).Now.Sub(before) < time.Hour, true)
	})

	t.Run("a fault happens as often as it says", func(t *testing.T) {
		match := &acruxtest.Match{Surface: "registry"}
		acrux.AddFault(t, acruxtest.Fault{Match: match, Times: 1, Then: map[string]any{"status": 503}})
		expect(t, "first pull", pull(t, acrux, "app/manifests/1", "device-password"), 503)
		expect(t, "second pull", pull(t, acrux, "app/manifests/1", "device-password"), 200)
		acrux.RemoveFault(t, acrux.AddFault(t, acruxtest.Fault{Then: map[string]any{"status": 429}}))
		expect(t, "requests", len(acrux.Requests(t)), 2)
	})

	t.Run("a seed is gone after a reset, and a snapshot is not", func(t *testing.T) {
		acrux.Seed(t, "version: 1\nimages: [{ ref: 'acrux/app:2' }]")
		acrux.Snapshot(t, "second")
		acrux.Reset(t)
		expect(t, "after the reset", pull(t, acrux, "app/manifests/2", "device-password"), 404)
		acrux.Restore(t, "second")
		expect(t, "after the restore", pull(t, acrux, "app/manifests/2", "device-password"), 200)
	})

	t.Run("the variables of clients name the emulator", func(t *testing.T) {
		env := acrux.Env()
		expect(t, "AZURE_AUTHORITY_HOST", env["AZURE_AUTHORITY_HOST"], acrux.URL)
		if _, err := os.Stat(env["SSL_CERT_FILE"]); err != nil {
			t.Fatal(err)
		}
	})
}

// failing records a failure of Start, and stops its goroutine as testing.T does.
type failing struct {
	testing.TB
	message string
}

func (f *failing) Helper()        {}
func (f *failing) Cleanup(func()) {}
func (f *failing) Fatalf(format string, args ...any) {
	f.message = fmt.Sprintf(format, args...)
	panic(f)
}

func TestWrongOption(t *testing.T) {
	fake := &failing{TB: t}
	defer func() {
		if recover() != fake {
			t.Fatal("the start did not fail")
		}
		if want := "--no-such-option"; !strings.Contains(fake.message, want) {
			t.Fatalf("the message does not have the output: %s", fake.message)
		}
	}()
	acruxtest.Start(fake, acruxtest.Options{Args: []string{"--no-such-option"}})
}
