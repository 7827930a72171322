"""A machine without any Google login, and a server in Google's place."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.connect.loopback import Loopback, Running, private_key, write_service_account


@pytest.fixture(scope="session")
def pem() -> str:
    return private_key()


@pytest.fixture
def google() -> Iterator[Loopback]:
    with Running() as loopback:
        yield loopback


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home, and no variable through which the developer's own login could leak in."""
    folder = tmp_path / "home"
    folder.mkdir()
    for name in (
        "GOOGLE_APPLICATION_CREDENTIALS",
        "CLOUDSDK_CONFIG",
        "GOOGLE_CLOUD_PROJECT",
        "GCLOUD_PROJECT",
        "GOOGLE_CLOUD_QUOTA_PROJECT",
        "GSHEET_ML_TOKEN",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    # google-auth looks up more than it was asked for: whatever leaves this machine is cut off here
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    return folder


@pytest.fixture
def key_file(google: Loopback, pem: str, tmp_path: Path) -> str:
    return str(write_service_account(tmp_path / "trainer.json", google, pem))
