"""The page of a finished run, and the proofs that it reports.

Neither can lose results: they are on disk before, and what fails here is a line to read.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ractheory.commands.options import note

PROOFS_FILE = "proofs.json"

Status = dict[str, Any]


def draw_page(folder: Path, check_proofs: bool) -> list[str]:
    """Draw the page of the finished run in `folder`; return what to say. The results stand without it."""
    from ractheory.report.page import PAGE

    (folder / PAGE).unlink(missing_ok=True)  # one of other results would be worse than none
    try:
        return [f"report: {write_page(folder, check_proofs)}"]
    except Exception as error:  # whatever it is, the results are there and matter more
        reason = f"{type(error).__name__}: {error}"
        return [
            f"report: not drawn, {reason}; draw it again with 'ractheory report --out {folder}'"
        ]


def write_page(folder: Path, check_proofs: bool) -> Path:
    """Write the page of the finished run in `folder`, and beside it the one on what reproduces.

    Where asked, proofs are checked that the folder has no result for.
    """
    from ractheory.records import CLAIMS, read_claims, write_whole
    from ractheory.report.page import write_report
    from ractheory.report.reproduction import PAGE, reproduction

    document = read_claims(folder / CLAIMS)
    write_whole(folder / PAGE, reproduction(document).encode())
    names = list(dict.fromkeys(claim["theorem"] for claim in document["claims"]))
    return write_report(folder, proof_statuses(folder, names, check_proofs))


def proof_statuses(folder: Path, theorems: Iterable[str], check_proofs: bool) -> dict[str, Status]:
    """Return the status of the proof of each theorem that has one, from `folder` or checked now."""
    from ractheory.commands.proofs import available

    if not available():
        return {}
    from proofs_check import PROOFS, check

    code = _digest()
    known = _read(folder / PROOFS_FILE, code)
    names = [name for name in theorems if name in PROOFS]
    missing = [name for name in names if name not in known]
    if missing and check_proofs:
        from ractheory.report.table import count_words

        note(f"checking the proofs of {count_words(len(missing), 'theorem')}")
        known |= {name: check(name).to_json() for name in missing}
        _write(folder / PROOFS_FILE, code, known)
    return {name: known.get(name, {"status": "unchecked"}) for name in names}


def _read(path: Path, code: str) -> dict[str, Status]:
    """Return the proofs in `path` if they were checked with the code at hand, else none."""
    try:
        found = json.loads(path.read_bytes())
        return dict(found["proofs"]) if found["code"] == code else {}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _write(path: Path, code: str, proofs: Mapping[str, Status]) -> None:
    from ractheory.records import dumps, write_whole

    write_whole(path, dumps({"code": code, "proofs": proofs}).encode())


def _digest() -> str:
    """Return a digest of the code that a proof depends on: the proofs, and what they are about."""
    import proofs_check
    from ractheory.provenance import PACKAGE_FOLDER, code_digest

    folders = [Path(proofs_check.__file__).parent, PACKAGE_FOLDER / "theorems"]
    files = [PACKAGE_FOLDER / "laws.py", PACKAGE_FOLDER / "assumptions.py"]
    parts = [code_digest(folder) for folder in folders]
    parts += [hashlib.sha256(file.read_bytes()).hexdigest() for file in files]
    return hashlib.sha256(" ".join(parts).encode()).hexdigest()
