// Tests with a local Azure Container Registry. Install acrux, and run: go test
package registry_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"acrux.example.com/acruxtest"
	"example.com/registry"
)

func client(t *testing.T, acrux *acruxtest.Acrux, name string) *registry.Registry {
	return registry.New(acrux.Client(t), acrux.LoginServer, name, name+"-password")
}

// deleteToken deletes a scoped token as the owner does, with a request of Azure Resource Manager.
func deleteToken(t *testing.T, acrux *acruxtest.Acrux, name string) {
	t.Helper()
	form := url.Values{
		"grant_type":    {"client_credentials"},
		"client_id":     {acrux.Owner.AppID},
		"client_secret": {acrux.Owner.Secret},
		"scope":         {"https://management.core.windows.net//.default"},
	}
	response, err := acrux.Client(t).PostForm(acrux.URL+"/"+acrux.TenantID+"/oauth2/v2.0/token", form)
	must(t, err)
	defer response.Body.Close()
	var issued struct {
		AccessToken string `json:"access_token"`
	}
	must(t, json.NewDecoder(response.Body).Decode(&issued))
	address := fmt.Sprintf("%s/subscriptions/%s/resourceGroups/%s/providers/Microsoft.ContainerRegistry/registries/%s/tokens/%s?api-version=2025-11-01",
		acrux.URL, acrux.SubscriptionID, acrux.ResourceGroup, acrux.Registry, name)
	request, err := http.NewRequest(http.MethodDelete, address, nil)
	must(t, err)
	request.Header.Set("Authorization", "Bearer "+issued.AccessToken)
	deleted, err := acrux.Client(t).Do(request)
	must(t, err)
	deleted.Body.Close()
	if deleted.StatusCode >= 300 {
		t.Fatalf("the token was not deleted: %s", deleted.Status)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func mustBeDenied(t *testing.T, err error) {
	t.Helper()
	if !errors.Is(err, registry.ErrDenied) {
		t.Fatalf("expected a denial, got %v", err)
	}
}

func TestRegistry(t *testing.T) {
	acrux := acruxtest.Start(t, acruxtest.Options{Seed: "acrux.seed.yaml"})
	tests := map[string]func(*testing.T){
		"push and pull": func(t *testing.T) {
			digest, err := client(t, acrux, "publisher").Push("team/app", "1", []byte("layer"))
			must(t, err)
			layer, err := client(t, acrux, "deployer").Pull("team/app", "1")
			must(t, err)
			if !strings.HasPrefix(digest, "sha256:") || string(layer) != "layer" {
				t.Fatalf("got %s %q", digest, layer)
			}
		},
		"deny": func(t *testing.T) {
			_, err := client(t, acrux, "deployer").Push("team/app", "1", []byte("layer"))
			mustBeDenied(t, err)
			if denial := acrux.Decisions(t, 1)[0]; denial.Repository != "team/app" || denial.Action != "push" {
				t.Fatalf("got %+v", denial)
			}
		},
		"expire": func(t *testing.T) {
			deployer := client(t, acrux, "deployer")
			_, err := deployer.Pull("team/app", "base")
			must(t, err)
			acrux.Advance(t, 3*time.Hour)
			_, err = deployer.Pull("team/app", "base") // The access token has expired, and the program gets a new one.
			must(t, err)
			acrux.Advance(t, 30*24*time.Hour)
			_, err = deployer.Pull("team/app", "base") // The password has expired.
			mustBeDenied(t, err)
		},
		"revoke": func(t *testing.T) {
			deployer := client(t, acrux, "deployer")
			_, err := deployer.Pull("team/app", "base")
			must(t, err)
			deleteToken(t, acrux, "deployer")
			_, err = deployer.Pull("team/app", "base")
			mustBeDenied(t, err)
		},
		"reset": func(t *testing.T) {
			publisher := client(t, acrux, "publisher")
			_, err := publisher.Push("team/app", "2", []byte("layer"))
			must(t, err)
			acrux.Reset(t) // As before each test.
			if _, err := client(t, acrux, "publisher").Pull("team/app", "2"); err == nil || !strings.Contains(err.Error(), "404") {
				t.Fatalf("expected 404, got %v", err)
			}
		},
	}
	for name, run := range tests {
		acrux.Reset(t)
		t.Run(name, run)
	}
}
