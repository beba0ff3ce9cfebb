"""The control API of the emulator."""

import json
import urllib.error
import urllib.parse
import urllib.request
from datetime import datetime
from typing import Any, Dict, List, Optional, Union


class ControlError(Exception):
    """The emulator rejected a request of a test."""

    def __init__(self, status: int, code: str, message: str):
        super().__init__(f"{code}: {message}")
        self.status = status
        self.code = code


class Control:
    """Sends requests to the control address, never through a proxy."""

    def __init__(self, origin: str, token: str):
        self._origin = origin
        self._token = token
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def call(self, method: str, path: str, body: Any = None, content_type: str = "application/json") -> Any:
        """Returns the document of the response, or None. Raises ControlError if the emulator rejects the request."""
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": content_type}
        request = urllib.request.Request(f"{self._origin}/_acrux/{path}", data=data, headers=headers, method=method)
        try:
            with self._opener.open(request) as response:
                content = response.read()
        except urllib.error.HTTPError as rejected:
            with rejected:
                raise _control_error(rejected.code, rejected.read()) from None
        return json.loads(content) if content else None


def _control_error(status: int, content: bytes) -> ControlError:
    try:
        error = json.loads(content)["error"]
        return ControlError(status, error["code"], error["message"])
    except (ValueError, KeyError, TypeError):
        return ControlError(status, str(status), content.decode(errors="replace"))


class Clock:
    """The clock of the emulator. The clock of the test does not change."""

    def __init__(self, control: Control):
        self._control = control

    def now(self) -> datetime:
        return _time(self._control.call("GET", "clock"))

    def advance(self, by: str) -> datetime:
        """Moves the clock forward by a duration such as ``3h`` or ``30d``, and returns its time."""
        return _time(self._control.call("POST", "clock/advance", {"by": by}))

    def set(self, to: datetime) -> datetime:
        return self._put(now=to.isoformat())

    def freeze(self) -> datetime:
        return self._put(frozen=True)

    def _put(self, **change: Any) -> datetime:
        clock = self._control.call("GET", "clock")
        return _time(self._control.call("PUT", "clock", {**clock, **change}) or self._control.call("GET", "clock"))


def _time(clock: Dict[str, Any]) -> datetime:
    return datetime.fromisoformat(clock["now"].replace("Z", "+00:00"))


class Faults:
    """Faults of the next requests at the public surfaces."""

    def __init__(self, control: Control):
        self._control = control

    def add(self, then: Dict[str, Any], match: Optional[Dict[str, str]] = None, times: Optional[int] = None) -> str:
        """Adds a fault such as ``{"status": 429, "retryAfterSeconds": 5}``, and returns its id."""
        fault = {"match": match, "times": times, "then": then}
        return self._control.call("POST", "faults", {k: v for k, v in fault.items() if v is not None})["id"]

    def list(self) -> List[Dict[str, Any]]:
        return self._control.call("GET", "faults")

    def remove(self, fault: str) -> None:
        self._control.call("DELETE", f"faults/{urllib.parse.quote(fault, safe='')}")

    def clear(self) -> None:
        for fault in self.list():
            self.remove(fault["id"])


def seed_body(document: Union[str, bytes, Dict[str, Any]]) -> bytes:
    """A seed as the body of a request: YAML or JSON as text, or a dictionary."""
    if isinstance(document, dict):
        return json.dumps(document).encode()
    return document.encode() if isinstance(document, str) else document
