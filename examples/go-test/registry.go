// Package registry is the program that the tests are about: it pushes and pulls an image with one layer, as a user with a password.
package registry

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

const manifestType = "application/vnd.oci.image.manifest.v1+json"

// ErrDenied says that the registry denies the request, or does not accept the password.
var ErrDenied = errors.New("denied")

// Registry is a client of one registry.
type Registry struct {
	loginServer, username, password string
	client                          *http.Client
	tokens                          map[string]string
}

type descriptor struct {
	MediaType string `json:"mediaType"`
	Digest    string `json:"digest"`
	Size      int    `json:"size"`
}

type manifest struct {
	SchemaVersion int          `json:"schemaVersion"`
	MediaType     string       `json:"mediaType"`
	Config        descriptor   `json:"config"`
	Layers        []descriptor `json:"layers"`
}

// New returns a client. It sends no request.
func New(client *http.Client, loginServer, username, password string) *Registry {
	return &Registry{loginServer, username, password, client, map[string]string{}}
}

// Push pushes an image with this layer, and returns its digest.
func (r *Registry) Push(repository, tag string, layer []byte) (string, error) {
	document := manifest{SchemaVersion: 2, MediaType: manifestType}
	var err error
	if document.Config, err = r.pushBlob(repository, "application/vnd.oci.image.config.v1+json", []byte("{}")); err != nil {
		return "", err
	}
	blob, err := r.pushBlob(repository, "application/vnd.oci.image.layer.v1.tar", layer)
	if err != nil {
		return "", err
	}
	document.Layers = []descriptor{blob}
	body, err := json.Marshal(document)
	if err != nil {
		return "", err
	}
	header, _, err := r.send(http.MethodPut, repository, "manifests/"+tag, manifestType, body)
	return header.Get("Docker-Content-Digest"), err
}

// Pull returns the first layer of an image.
func (r *Registry) Pull(repository, tag string) ([]byte, error) {
	_, content, err := r.send(http.MethodGet, repository, "manifests/"+tag, "", nil)
	if err != nil {
		return nil, err
	}
	var document manifest
	if err := json.Unmarshal(content, &document); err != nil {
		return nil, err
	}
	_, layer, err := r.send(http.MethodGet, repository, "blobs/"+document.Layers[0].Digest, "", nil)
	return layer, err
}

func (r *Registry) pushBlob(repository, mediaType string, content []byte) (descriptor, error) {
	blob := descriptor{mediaType, fmt.Sprintf("sha256:%x", sha256.Sum256(content)), len(content)}
	header, _, err := r.send(http.MethodPost, repository, "blobs/uploads/", "", nil)
	if err != nil {
		return blob, err
	}
	location, err := url.Parse(header.Get("Location"))
	if err != nil {
		return blob, err
	}
	query := location.Query()
	query.Set("digest", blob.Digest)
	location.RawQuery = query.Encode()
	_, _, err = r.send(http.MethodPut, repository, location.String(), "application/octet-stream", content)
	return blob, err
}

// send sends a request, once more with a new token if the token has expired.
func (r *Registry) send(method, repository, path, contentType string, body []byte) (http.Header, []byte, error) {
	base := &url.URL{Scheme: "https", Host: r.loginServer, Path: "/v2/" + repository + "/"}
	target, err := base.Parse(path)
	if err != nil {
		return nil, nil, err
	}
	scope := "repository:" + repository + ":pull,push"
	if method == http.MethodGet {
		scope = "repository:" + repository + ":pull"
	}
	for {
		token, isKnown := r.tokens[scope]
		if !isKnown {
			if token, err = r.signIn(scope); err != nil {
				return nil, nil, err
			}
		}
		request, err := http.NewRequest(method, target.String(), bytes.NewReader(body))
		if err != nil {
			return nil, nil, err
		}
		request.Header.Set("Authorization", "Bearer "+token)
		request.Header.Set("Accept", manifestType)
		if contentType != "" {
			request.Header.Set("Content-Type", contentType)
		}
		status, header, content, err := r.do(request)
		switch {
		case err != nil:
			return nil, nil, err
		case status == http.StatusUnauthorized && isKnown:
			delete(r.tokens, scope)
		case status == http.StatusUnauthorized || status == http.StatusForbidden:
			return nil, nil, fmt.Errorf("%s %s: status %d: %w", method, path, status, ErrDenied)
		case status >= 300:
			return nil, nil, fmt.Errorf("%s %s: status %d", method, path, status)
		default:
			r.tokens[scope] = token
			return header, content, nil
		}
	}
}

func (r *Registry) signIn(scope string) (string, error) {
	query := url.Values{"service": {r.loginServer}, "scope": {scope}}
	request, err := http.NewRequest(http.MethodGet, "https://"+r.loginServer+"/oauth2/token?"+query.Encode(), nil)
	if err != nil {
		return "", err
	}
	request.SetBasicAuth(r.username, r.password)
	status, _, content, err := r.do(request)
	if err != nil {
		return "", err
	}
	if status != http.StatusOK {
		return "", fmt.Errorf("sign-in: status %d: %w", status, ErrDenied)
	}
	var issued struct {
		AccessToken string `json:"access_token"`
	}
	err = json.Unmarshal(content, &issued)
	return issued.AccessToken, err
}

func (r *Registry) do(request *http.Request) (int, http.Header, []byte, error) {
	response, err := r.client.Do(request)
	if err != nil {
		return 0, nil, nil, err
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	return response.StatusCode, response.Header, content, err
}
