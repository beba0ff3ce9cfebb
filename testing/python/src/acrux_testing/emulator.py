"""The process of the emulator."""

import json
import os
import pathlib
import ssl
import subprocess
import tempfile
import time
import urllib.parse
from typing import Any, Dict, IO, List, Optional, Sequence, Union

from .control import Clock, Control, Faults, seed_body

Seed = Union[str, "os.PathLike[str]", Dict[str, Any]]


class AcruxStartError(Exception):
    """The emulator did not start. ``exit_code`` is None if it did not become ready in time."""

    def __init__(self, exit_code: Optional[int], output: str):
        reason = "it did not become ready in time" if exit_code is None else f"it ended with exit code {exit_code}"
        super().__init__(f"acrux emulator did not start: {reason}\n{output}")
        self.exit_code = exit_code
        self.output = output


class Acrux:
    """A running emulator."""

    def __init__(
        self, ready: Dict[str, Any], process: Optional["subprocess.Popen[bytes]"] = None, log: Optional[IO[bytes]] = None
    ):
        self.url: str = ready["url"]
        self.login_server: str = ready["loginServer"]
        self.registry: str = ready["registry"]
        self.resource_group: str = ready["resourceGroup"]
        self.tenant_id: str = ready["tenantId"]
        self.subscription_id: str = ready["subscriptionId"]
        self.owner: Dict[str, str] = ready["owner"]
        """The service principal that may do everything: ``appId`` and ``secret``."""
        self.ca_file: Optional[str] = ready.get("caFile")
        """The authority of the emulator, in PEM. None if it serves HTTP."""
        self.ca_bundle_file: Optional[str] = ready.get("caBundleFile")
        """The authorities that the machine trusts, and the emulator's."""
        self.control = Control(ready["control"], ready["controlToken"])
        self.clock = Clock(self.control)
        self.faults = Faults(self.control)
        self._process = process
        self._log = log

    def env(self) -> Dict[str, str]:
        """The variables that make the Azure SDKs and other clients use the emulator and trust it."""
        trust = {
            "REQUESTS_CA_BUNDLE": self.ca_bundle_file,
            "SSL_CERT_FILE": self.ca_bundle_file,
            "NODE_EXTRA_CA_CERTS": self.ca_file,
        }
        return {
            "ACRUX_LOGIN_SERVER": self.login_server,
            "AZURE_AUTHORITY_HOST": self.url,
            "AZURE_TENANT_ID": self.tenant_id,
            "AZURE_CLIENT_ID": self.owner["appId"],
            "AZURE_CLIENT_SECRET": self.owner["secret"],
            "AZURE_SUBSCRIPTION_ID": self.subscription_id,
            "ARM_METADATA_HOSTNAME": urllib.parse.urlsplit(self.url).netloc,
            **{name: value for name, value in trust.items() if value is not None},
        }

    def ssl_context(self) -> ssl.SSLContext:
        """Trusts the emulator alone, for ``urllib`` and ``http.client``."""
        return ssl.create_default_context(cafile=self.ca_file)

    def reset(self) -> None:
        """Restores the state after the seed, with its clock and without faults."""
        self.control.call("POST", "state/reset")

    def snapshot(self, name: str) -> None:
        self.control.call("POST", f"state/snapshots/{urllib.parse.quote(name, safe='')}")

    def restore(self, name: str) -> None:
        self.control.call("POST", f"state/snapshots/{urllib.parse.quote(name, safe='')}/restore")

    def seed(self, document: Union[str, bytes, Dict[str, Any]]) -> Dict[str, Any]:
        """Applies a seed, as YAML, JSON or a dictionary, and returns its outputs."""
        return self.control.call("POST", "seed", seed_body(document), "application/yaml")["outputs"]

    def requests(self, after: Optional[str] = None) -> List[Dict[str, Any]]:
        return self.control.call("GET", "requests" if after is None else f"requests?after={after}")

    def decisions(self, last: int = 10) -> List[Dict[str, Any]]:
        """The last denials, each with its reason and what allows the request."""
        return self.control.call("GET", f"decisions?last={last}")

    def last_denial(self) -> Optional[Dict[str, Any]]:
        decisions = self.decisions(1)
        return decisions[-1] if decisions else None

    def logs(self) -> str:
        """What the emulator printed. Empty if ``acrux run`` started it."""
        if self._log is None:
            return ""
        self._log.seek(0)
        return self._log.read().decode(errors="replace")

    def stop(self) -> None:
        """Stops the emulator, unless ``acrux run`` started it."""
        if self._process is None:
            return
        _stop(self._process)
        self._process = None
        if self._log is not None:
            self._log.close()
            self._log = None

    def __enter__(self) -> "Acrux":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def start(
    seed: Optional[Seed] = None,
    options: Sequence[str] = (),
    program: Union[str, Sequence[str]] = "acrux",
    start_timeout: float = 30,
) -> Acrux:
    """Starts an emulator. It ends with this process at the latest.

    ``seed`` is a file or a dictionary, and ``options`` are further options of ``acrux emulator``. Without both, the emulator of
    ``acrux run`` is used if there is one. Raises AcruxStartError if the emulator does not start.
    """
    given = os.environ.get("ACRUX_READY_FILE")
    if given is not None and seed is None and not options:
        return Acrux(json.loads(pathlib.Path(given).read_text()))
    with tempfile.TemporaryDirectory(prefix="acrux-") as folder:
        ready_file = pathlib.Path(folder, "ready.json")
        command = [program] if isinstance(program, str) else list(program)
        command += ["emulator", "--until-stdin-closes", "--ready-file", str(ready_file), *options]
        if seed is not None:
            command += ["--seed", _seed_file(seed, folder)]
        # The file has no name, so nothing is left of it.
        log = tempfile.TemporaryFile()
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=log, stderr=subprocess.STDOUT)
        deadline = time.monotonic() + start_timeout
        while not ready_file.exists():
            exit_code = process.poll()
            if exit_code is not None or time.monotonic() > deadline:
                _stop(process)
                log.seek(0)
                with log:
                    raise AcruxStartError(exit_code, log.read().decode(errors="replace"))
            time.sleep(0.01)
        return Acrux(json.loads(ready_file.read_text()), process, log)


def _seed_file(seed: Seed, folder: str) -> str:
    if not isinstance(seed, dict):
        return os.fspath(seed)
    file = pathlib.Path(folder, "seed.json")
    file.write_text(json.dumps(seed))
    return str(file)


def _stop(process: "subprocess.Popen[bytes]") -> None:
    if process.stdin is not None:
        process.stdin.close()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
