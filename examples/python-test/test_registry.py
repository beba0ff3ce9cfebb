"""Tests with a local Azure Container Registry. Install acrux and the package testing/python of Acrux, and run: pytest"""

import json
import urllib.parse
import urllib.request

import pytest

from registry import Denied, Registry


def client(acrux, name):
    return Registry(acrux.login_server, name, f"{name}-password", acrux.ssl_context())


def delete_token(acrux, name):
    """Deletes a scoped token as the owner does, with a request of Azure Resource Manager."""
    form = {
        "grant_type": "client_credentials",
        "client_id": acrux.owner["appId"],
        "client_secret": acrux.owner["secret"],
        "scope": "https://management.core.windows.net//.default",
    }
    body = urllib.parse.urlencode(form).encode()
    with urllib.request.urlopen(f"{acrux.url}/{acrux.tenant_id}/oauth2/v2.0/token", body, context=acrux.ssl_context()) as response:
        bearer = json.load(response)["access_token"]
    group = f"/subscriptions/{acrux.subscription_id}/resourceGroups/{acrux.resource_group}"
    path = f"{group}/providers/Microsoft.ContainerRegistry/registries/{acrux.registry}/tokens/{name}?api-version=2025-11-01"
    request = urllib.request.Request(acrux.url + path, headers={"Authorization": f"Bearer {bearer}"}, method="DELETE")
    urllib.request.urlopen(request, context=acrux.ssl_context()).close()


def test_push_and_pull(acrux):
    digest = client(acrux, "publisher").push("team/app", "1", b"layer")
    assert digest.startswith("sha256:")
    assert client(acrux, "deployer").pull("team/app", "1") == b"layer"


def test_deny(acrux):
    with pytest.raises(Denied):
        client(acrux, "deployer").push("team/app", "1", b"layer")
    denial = acrux.last_denial()
    assert (denial["repository"], denial["action"]) == ("team/app", "push")


def test_expire(acrux):
    deployer = client(acrux, "deployer")
    deployer.pull("team/app", "base")
    acrux.clock.advance("3h")
    deployer.pull("team/app", "base")  # The access token has expired, and the program gets a new one.
    acrux.clock.advance("30d")
    with pytest.raises(Denied):
        deployer.pull("team/app", "base")  # The password has expired.


def test_revoke(acrux):
    deployer = client(acrux, "deployer")
    deployer.pull("team/app", "base")
    delete_token(acrux, "deployer")
    with pytest.raises(Denied):
        deployer.pull("team/app", "base")


def test_reset(acrux):
    publisher = client(acrux, "publisher")
    publisher.push("team/app", "2", b"layer")
    acrux.reset()  # As before each test.
    with pytest.raises(Exception, match="404"):
        client(acrux, "publisher").pull("team/app", "2")
