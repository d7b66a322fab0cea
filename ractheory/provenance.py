"""Where results come from: the version, the code, the packages, the kind of processor."""

from __future__ import annotations

import hashlib
import json
import platform
import subprocess
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import ractheory

PACKAGES = (
    "numpy", "scipy", "sympy", "numba", "llvmlite", "scikit-learn", "python-flint", "mpmath",
)  # fmt: skip
"""Those that numbers depend on."""

FEATURES = ("avx512f", "avx2", "avx", "sse4_2", "sve2", "sve", "asimd")
"""Vector instructions, the widest first: with the architecture they name a kind of processor."""

PACKAGE_FOLDER = Path(ractheory.__file__).resolve().parent


def provenance(seed: str) -> dict[str, Any]:
    """Return the provenance of results that are computed now, but for when and how long."""
    commit, dirty = checkout(PACKAGE_FOLDER.parent)
    return {
        "version": ractheory.__version__,
        "commit": commit,
        "dirty": dirty,
        "python": platform.python_version(),
        "packages": packages(),
        "machine": machine(),
        "seed": seed,
    }


def identity() -> dict[str, Any]:
    """Return all that numbers may depend on besides what is asked: code, packages, processor.

    Two processes with the same identity compute the same bits.
    """
    return {
        "version": ractheory.__version__,
        "code": code_digest(PACKAGE_FOLDER),
        "python": platform.python_version(),
        "packages": packages(),
        "machine": machine(),
    }


def difference(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> str:
    """Return in words the first difference of two identities, empty if there is none.

    >>> difference({"version": "1.0", "code": "ab"}, {"version": "0.9", "code": "cd"})
    'version 0.9, here 1.0'
    """
    for key, mine in ours.items():
        other = theirs.get(key)
        if other == mine:
            continue
        if isinstance(mine, Mapping) and isinstance(other, Mapping):
            return (
                difference({k: mine.get(k) for k in sorted({*mine, *other})}, other)
                or "other packages"
            )
        if key == "code":
            return "the same version with other code"
        return f"{key} {other or 'missing'}, here {mine or 'missing'}"
    return ""


def fingerprint(seed: str, error_rate: float) -> str:
    """Return a digest of all that a claim's numbers may depend on besides the claim itself.

    Two results with the same fingerprint may stand in one file.
    """
    parts = {**identity(), "seed": seed, "error_rate": error_rate}
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def checkout(folder: Path) -> tuple[str | None, bool | None]:
    """Return the commit checked out in `folder` and whether it has changes; None outside of git."""
    top = _git(folder, "rev-parse", "--show-toplevel")
    if top is None or Path(top) != folder:
        return None, None
    changes = _git(folder, "status", "--porcelain")
    return _git(folder, "rev-parse", "HEAD"), None if changes is None else changes != ""


def packages() -> dict[str, str]:
    """Return the installed versions of the packages that numbers depend on."""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def machine(cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    """Return the kind of processor: its architecture and, where known, its vector instructions."""
    try:
        lines = cpuinfo.read_text().splitlines()
    except OSError:
        return platform.machine()
    flags = next(
        (x.split(":", 1)[1].split() for x in lines if x.lower().startswith(("flags", "features"))),
        [],
    )
    return " ".join([platform.machine(), *[f for f in FEATURES if f in flags][:1]])


def code_digest(folder: Path) -> str:
    """Return a digest of the names and texts of all Python files in `folder`."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        text = path.read_bytes()
        digest.update(f"{path.relative_to(folder).as_posix()} {len(text)}\n".encode())
        digest.update(text)
    return digest.hexdigest()


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments], capture_output=True, text=True, timeout=30
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
