"""The frame of the project: its version, its lock and its layers."""

import re
from importlib import metadata
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

import ractheory

ROOT = Path(__file__).resolve().parents[1]


def test_installed_version_is_the_package_version() -> None:
    assert metadata.version("ractheory") == ractheory.__version__


def test_citation_names_the_package_version() -> None:
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\nversion: {ractheory.__version__}\n" in citation


def test_lock_holds_hashes_and_no_addresses() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert not re.search(r"://|^-|@|/", lock, flags=re.MULTILINE)
    for entry in re.findall(r"^[^\s#].*(?:\n[ \t]+--hash=.*)*", lock, flags=re.MULTILINE):
        assert "==" in entry
        assert "--hash=sha256:" in entry


def test_imports_go_down_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.syspath_prepend(str(ROOT))
    assert lint_imports(config_filename="pyproject.toml", no_cache=True, no_logo=True) == 0
