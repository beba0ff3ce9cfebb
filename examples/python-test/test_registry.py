"""A test with a registry of its own: it starts Acrux, lists repositories with the password of a service principal, and holds
that a wrong password is denied. Run it with: python3 -m unittest"""

import base64
import json
import pathlib
import socket
import subprocess
import tempfile
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class RegistryTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        data = pathlib.Path(cls.folder.name, "data")
        port = free_port()
        cls.origin = f"http://localhost:{port}"
        settings = ["--dev", "--http", "--listen", f"127.0.0.1:{port}", "--data-dir", str(data), "--log-level", "error"]
        server = subprocess.Popen(["acrux", "serve", *settings], stdout=subprocess.DEVNULL)
        cls.addClassCleanup(server.wait)
        cls.addClassCleanup(server.terminate)
        while not cls.is_ready():
            if server.poll() is not None:
                raise RuntimeError(f"acrux serve ended with {server.returncode}")
            time.sleep(0.05)
        cls.first_run = json.loads(data.joinpath("first-run.json").read_text())

    @classmethod
    def is_ready(cls):
        try:
            return urllib.request.urlopen(f"{cls.origin}/readyz").status == 200
        except OSError:
            return False

    def access_token(self, password, scope):
        """A token of the first service principal."""
        query = urllib.parse.urlencode({"service": self.first_run["loginServer"], "scope": scope})
        user = f"{self.first_run['servicePrincipal']['appId']}:{password}".encode()
        headers = {"Authorization": f"Basic {base64.b64encode(user).decode()}"}
        request = urllib.request.Request(f"{self.origin}/oauth2/token?{query}", headers=headers)
        return json.load(urllib.request.urlopen(request))["access_token"]

    def test_lists_repositories(self):
        token = self.access_token(self.first_run["servicePrincipal"]["password"], "registry:catalog:*")
        headers = {"Authorization": f"Bearer {token}"}
        request = urllib.request.Request(f"{self.origin}/v2/_catalog", headers=headers)
        self.assertEqual(json.load(urllib.request.urlopen(request)), {"repositories": []})

    def test_denies_a_wrong_password(self):
        with self.assertRaises(urllib.error.HTTPError) as denied:
            self.access_token("wrong", "registry:catalog:*")
        self.assertEqual(denied.exception.code, 401)
        denied.exception.close()


if __name__ == "__main__":
    unittest.main()
