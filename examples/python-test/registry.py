"""The program that the tests are about: it pushes and pulls an image with one layer, as a user with a password."""

import base64
import hashlib
import json
import urllib.error
import urllib.parse
import urllib.request

MANIFEST = "application/vnd.oci.image.manifest.v1+json"


class Denied(Exception):
    """The registry denies the request, or does not accept the password."""


class Registry:
    def __init__(self, login_server, username, password, ssl_context=None):
        self._origin = f"https://{login_server}"
        self._login_server = login_server
        self._basic = "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()
        self._context = ssl_context
        self._tokens = {}

    def push(self, repository, tag, layer):
        """Pushes an image with this layer, and returns its digest."""
        config = self._push_blob(repository, b"{}")
        document = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": {**config, "mediaType": "application/vnd.oci.image.config.v1+json"},
            "layers": [{**self._push_blob(repository, layer), "mediaType": "application/vnd.oci.image.layer.v1.tar"}],
        }
        with self._send("PUT", repository, f"manifests/{tag}", json.dumps(document).encode(), MANIFEST) as response:
            return response.headers["Docker-Content-Digest"]

    def pull(self, repository, tag):
        """Returns the first layer of an image."""
        with self._send("GET", repository, f"manifests/{tag}") as response:
            digest = json.load(response)["layers"][0]["digest"]
        with self._send("GET", repository, f"blobs/{digest}") as response:
            return response.read()

    def _push_blob(self, repository, content):
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        with self._send("POST", repository, "blobs/uploads/") as response:
            location = urllib.parse.urljoin(self._origin, response.headers["Location"])
        separator = "&" if "?" in location else "?"
        self._send("PUT", repository, f"{location}{separator}digest={digest}", content, "application/octet-stream").close()
        return {"digest": digest, "size": len(content)}

    def _send(self, method, repository, path, body=None, content_type=None):
        """Sends a request, once more with a new token if the token has expired."""
        url = urllib.parse.urljoin(f"{self._origin}/v2/{repository}/", path)
        scope = f"repository:{repository}:{'pull' if method == 'GET' else 'pull,push'}"
        headers = {"Accept": MANIFEST, **({} if content_type is None else {"Content-Type": content_type})}
        for is_last in (False, True):
            known = scope in self._tokens
            authorization = {"Authorization": f"Bearer {self._token(scope)}"}
            request = urllib.request.Request(url, data=body, headers={**headers, **authorization}, method=method)
            try:
                return urllib.request.urlopen(request, context=self._context)
            except urllib.error.HTTPError as error:
                error.close()
                if error.code not in (401, 403):
                    raise
                del self._tokens[scope]
                if is_last or not known:
                    raise Denied(f"{method} {path}: {error.code}") from None

    def _token(self, scope):
        if scope not in self._tokens:
            query = urllib.parse.urlencode({"service": self._login_server, "scope": scope})
            request = urllib.request.Request(f"{self._origin}/oauth2/token?{query}", headers={"Authorization": self._basic})
            try:
                with urllib.request.urlopen(request, context=self._context) as response:
                    self._tokens[scope] = json.load(response)["access_token"]
            except urllib.error.HTTPError as error:
                error.close()
                raise Denied(f"sign-in: {error.code}") from None
        return self._tokens[scope]
