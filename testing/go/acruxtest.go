// Package acruxtest starts a local Azure Container Registry for a test. It needs the program acrux, and nothing but the
// standard library.
package acruxtest

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// Options of Start. The zero value is an emulator without a seed.
type Options struct {
	// Seed is the path of a seed file.
	Seed string
	// Args are further options of acrux emulator.
	Args []string
	// Program is the program and its first arguments, by default acrux.
	Program []string
	// StartTimeout is 30 seconds by default.
	StartTimeout time.Duration
}

// Owner is the service principal that may do everything.
type Owner struct {
	AppID  string `json:"appId"`
	Secret string `json:"secret"`
}

// Acrux is a running emulator.
type Acrux struct {
	URL            string `json:"url"`
	LoginServer    string `json:"loginServer"`
	Registry       string `json:"registry"`
	ResourceGroup  string `json:"resourceGroup"`
	TenantID       string `json:"tenantId"`
	SubscriptionID string `json:"subscriptionId"`
	Owner          Owner  `json:"owner"`
	// CAFile is the authority of the emulator, in PEM; empty if it serves HTTP.
	CAFile string `json:"caFile"`
	// CABundleFile has the authorities that the machine trusts, and the emulator's.
	CABundleFile string `json:"caBundleFile"`

	Control      string `json:"control"`
	ControlToken string `json:"controlToken"`

	direct *http.Client
	output *output
}

// Start starts an emulator, which ends with the test, or uses that of acrux run if there is one and no options are given. A test
// that fails logs the last denials.
func Start(t testing.TB, options ...Options) *Acrux {
	t.Helper()
	var chosen Options
	if len(options) > 0 {
		chosen = options[0]
	}
	acrux := &Acrux{direct: &http.Client{Transport: &http.Transport{}}, output: &output{}}
	if given := os.Getenv("ACRUX_READY_FILE"); given != "" && len(options) == 0 {
		acrux.mustRead(t, given)
	} else {
		acrux.start(t, chosen)
	}
	// The last function that is registered is called first, so the emulator is still running.
	t.Cleanup(func() {
		if t.Failed() {
			acrux.logDenials(t)
		}
		acrux.direct.CloseIdleConnections()
	})
	return acrux
}

func (a *Acrux) start(t testing.TB, options Options) {
	t.Helper()
	readyFile := filepath.Join(t.TempDir(), "ready.json")
	command := options.Program
	if len(command) == 0 {
		command = []string{"acrux"}
	}
	args := append([]string{}, command[1:]...)
	args = append(args, "emulator", "--until-stdin-closes", "--ready-file", readyFile)
	args = append(args, options.Args...)
	if options.Seed != "" {
		args = append(args, "--seed", options.Seed)
	}
	process := exec.Command(command[0], args...)
	process.Stdout, process.Stderr = a.output, a.output
	stdin, err := process.StdinPipe()
	if err != nil {
		t.Fatalf("acruxtest: %v", err)
	}
	if err := process.Start(); err != nil {
		t.Fatalf("acruxtest: acrux emulator did not start: %v", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- process.Wait() }()
	t.Cleanup(func() {
		_ = stdin.Close()
		select {
		case <-ended:
		case <-time.After(10 * time.Second):
			_ = process.Process.Kill()
			<-ended
		}
	})
	timeout := options.StartTimeout
	if timeout == 0 {
		timeout = 30 * time.Second
	}
	deadline := time.After(timeout)
	for {
		if _, err := os.Stat(readyFile); err == nil {
			break
		}
		select {
		case err := <-ended:
			ended <- err
			t.Fatalf("acruxtest: acrux emulator did not start: %v\n%s", err, a.Logs())
		case <-deadline:
			t.Fatalf("acruxtest: acrux emulator did not become ready in %v\n%s", timeout, a.Logs())
		case <-time.After(10 * time.Millisecond):
		}
	}
	a.mustRead(t, readyFile)
}

func (a *Acrux) mustRead(t testing.TB, readyFile string) {
	t.Helper()
	content, err := os.ReadFile(readyFile)
	if err == nil {
		err = json.Unmarshal(content, a)
	}
	if err != nil {
		t.Fatalf("acruxtest: %v", err)
	}
}

func (a *Acrux) logDenials(t testing.TB) {
	t.Helper()
	decisions, err := a.decisions(10)
	if err != nil {
		t.Logf("acruxtest: the denials are not available: %v\n%s", err, a.Logs())
	}
	for _, denial := range decisions {
		t.Logf("acrux denied %s: %s %s: %s", denial.Principal, denial.Action, denial.Repository, denial.Reason)
	}
}

// Env returns the variables that make the Azure SDKs and other clients use the emulator and trust it.
func (a *Acrux) Env() map[string]string {
	env := map[string]string{
		"ACRUX_LOGIN_SERVER":    a.LoginServer,
		"AZURE_AUTHORITY_HOST":  a.URL,
		"AZURE_TENANT_ID":       a.TenantID,
		"AZURE_CLIENT_ID":       a.Owner.AppID,
		"AZURE_CLIENT_SECRET":   a.Owner.Secret,
		"AZURE_SUBSCRIPTION_ID": a.SubscriptionID,
	}
	if address, err := url.Parse(a.URL); err == nil {
		env["ARM_METADATA_HOSTNAME"] = address.Host
	}
	if a.CABundleFile != "" {
		env["REQUESTS_CA_BUNDLE"], env["SSL_CERT_FILE"] = a.CABundleFile, a.CABundleFile
	}
	if a.CAFile != "" {
		env["NODE_EXTRA_CA_CERTS"] = a.CAFile
	}
	return env
}

// Client returns a client that trusts the emulator alone and uses no proxy. Its connections are closed when the test ends.
func (a *Acrux) Client(t testing.TB) *http.Client {
	t.Helper()
	roots := x509.NewCertPool()
	if a.CAFile != "" {
		pem, err := os.ReadFile(a.CAFile)
		if err != nil || !roots.AppendCertsFromPEM(pem) {
			t.Fatalf("acruxtest: %s has no certificate: %v", a.CAFile, err)
		}
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}}
	t.Cleanup(client.CloseIdleConnections)
	return client
}

// Logs returns what the emulator printed; nothing if acrux run started it.
func (a *Acrux) Logs() string { return a.output.String() }

// output is a buffer that the process and the test use at the same time.
type output struct {
	lock   sync.Mutex
	buffer bytes.Buffer
}

var _ io.Writer = (*output)(nil)

func (o *output) Write(content []byte) (int, error) {
	o.lock.Lock()
	defer o.lock.Unlock()
	return o.buffer.Write(content)
}

func (o *output) String() string {
	o.lock.Lock()
	defer o.lock.Unlock()
	return o.buffer.String()
}

var _ fmt.Stringer = (*output)(nil)
