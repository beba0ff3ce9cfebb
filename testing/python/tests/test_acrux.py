import base64
import json
import os
import urllib.error
import urllib.request
from datetime import timedelta

import pytest

from acrux_testing import Acrux, AcruxStartError, ControlError, start

MANIFEST = "application/vnd.oci.image.manifest.v1+json"

SEED = {
    "version": 1,
    "scopeMaps": [{"registry": "acrux", "name": "app-read", "actions": ["repositories/app/content/read"]}],
    "tokens": [{"registry": "acrux", "name": "device", "scopeMap": "app-read", "passwords": ["device-password"]}],
    "images": [{"ref": "acrux/app:1"}],
}


@pytest.fixture(scope="session")
def acrux_options():
    return {"seed": SEED}


def status(acrux: Acrux, path: str, password: str) -> int:
    user = base64.b64encode(f"device:{password}".encode()).decode()
    request = urllib.request.Request(f"{acrux.url}{path}", headers={"Authorization": f"Basic {user}", "Accept": MANIFEST})
    try:
        with urllib.request.urlopen(request, context=acrux.ssl_context()) as response:
            return response.status
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def pull(acrux: Acrux, password: str = "device-password") -> int:
    return status(acrux, "/v2/app/manifests/1", password)


def test_the_seed_is_applied(acrux: Acrux):
    assert pull(acrux) == 200


def test_a_wrong_password_is_rejected(acrux: Acrux):
    assert pull(acrux, "wrong") == 401


def test_a_denial_is_recorded(acrux: Acrux):
    assert status(acrux, "/v2/other/manifests/1", "device-password") in (401, 403)
    denial = acrux.last_denial()
    assert denial is not None and denial["repository"] == "other"


def test_the_clock_moves_and_a_reset_restores_it(acrux: Acrux):
    before = acrux.clock.now()
    assert acrux.clock.advance("3h") - before >= timedelta(hours=3)
    frozen = acrux.clock.freeze()
    assert acrux.clock.now() == frozen
    acrux.clock.set(before + timedelta(days=2))
    assert acrux.clock.now() == before + timedelta(days=2)
    acrux.reset()
    assert acrux.clock.now() - before < timedelta(hours=1)


def test_a_fault_happens_as_often_as_it_says(acrux: Acrux):
    acrux.faults.add({"status": 503}, match={"surface": "registry"}, times=1)
    assert [pull(acrux), pull(acrux)] == [503, 200]
    acrux.faults.add({"status": 429})
    acrux.faults.clear()
    assert acrux.faults.list() == []
    assert any(each["status"] == 503 for each in acrux.requests())


def test_a_seed_is_gone_after_a_reset_and_a_snapshot_is_not(acrux: Acrux):
    acrux.seed("version: 1\nimages: [{ ref: acrux/app:2 }]")
    assert status(acrux, "/v2/app/manifests/2", "device-password") == 200
    acrux.snapshot("second")
    acrux.reset()
    assert status(acrux, "/v2/app/manifests/2", "device-password") == 404
    acrux.restore("second")
    assert status(acrux, "/v2/app/manifests/2", "device-password") == 200


def test_a_rejected_request_has_its_status_and_code(acrux: Acrux):
    with pytest.raises(ControlError) as rejected:
        acrux.seed("version: 1\nunknown: true")
    assert rejected.value.status == 400


def test_the_variables_of_clients_name_the_emulator(acrux: Acrux):
    env = acrux.env()
    assert env["AZURE_AUTHORITY_HOST"] == acrux.url
    assert env["ACRUX_LOGIN_SERVER"] == acrux.login_server
    assert env["SSL_CERT_FILE"] and os.path.exists(env["SSL_CERT_FILE"])
    assert json.dumps(env)


def test_a_wrong_option_fails_the_start_with_its_output():
    with pytest.raises(AcruxStartError, match="--no-such-option") as failed:
        start(options=["--no-such-option"])
    assert failed.value.exit_code == 2
