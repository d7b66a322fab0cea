"""Result files: what a run leaves in its folder, written whole or not at all.

A finished folder holds `claims.json` and, for each claim, `records/NAME.json` (the claim object) and
`records/NAME.npz` (its curves, for the figures), where NAME is the claim's id with "/" as "+".
A run works in the hidden folder `.partial` beside them and replaces them once it has finished.
Every record is sealed by a digest of its content, so that a file that was cut short or edited is
found, and carries the fingerprint of the code and seed that made it.
"""

from __future__ import annotations

import fcntl
import hashlib
import io
import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import numpy as np
from numpy.typing import NDArray

from ractheory.errors import UsageError

SCHEMA = 1
"""Version of the layout of `claims.json` and of the records."""

CLAIMS = "claims.json"
RECORDS = "records"
PARTIAL = ".partial"
LOCK = ".lock"

Curves = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class Record:
    """A claim object as in `claims.json`, and its curves by name."""

    claim: dict[str, Any]
    curves: Curves


class Damaged(Exception):
    """A record that cannot be used, and why."""


# Names and single files.


def file_stem(claim_id: str) -> str:
    """Return the file name of a claim's record, without its ending; different ids differ.

    >>> file_stem("gd-pl/ridge/haar-r2")
    'gd-pl+ridge+haar-r2'
    """
    return quote(claim_id, safe="/").replace("/", "+")


def claim_id(stem: str) -> str:
    """Return the id whose `file_stem` is `stem`."""
    return unquote(stem.replace("+", "/"))


def dumps(value: Any) -> str:
    """Return `value` as strict JSON, after `plain`.

    >>> dumps({"ratio": float("inf")})
    '{"ratio": null}'
    """
    return json.dumps(plain(value), ensure_ascii=False, allow_nan=False)


def plain(value: Any) -> Any:
    """Return `value` as what JSON can hold: NumPy values as numbers, infinities and NaN as None."""
    if isinstance(value, Mapping):
        return {str(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(entry) for entry in value]
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float):
        return value if np.isfinite(value) else None
    return value


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that `path` holds all of `content` or what it held before."""
    partial = path.with_name(f".{path.name}.new")
    with partial.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(partial, path)


# Records.


def write_record(folder: Path, record: Record, fingerprint: str) -> None:
    """Write the record of one claim into `folder`, the curves before the object that seals them."""
    stem = file_stem(record.claim["id"])
    buffer = io.BytesIO()
    arrays: dict[str, Any] = dict(record.curves)
    np.savez(buffer, **arrays)
    curves = buffer.getvalue()
    body = {
        "schema": SCHEMA,
        "fingerprint": fingerprint,
        "curves": hashlib.sha256(curves).hexdigest(),
        "claim": plain(record.claim),
    }
    write_whole(folder / f"{stem}.npz", curves)
    write_whole(folder / f"{stem}.json", dumps({**body, "seal": _seal(body)}).encode())


def _seal(body: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


def read_record(folder: Path, name: str, fingerprint: str | None = None) -> Record:
    """Read the record of the claim with id `name`.

    Raises Damaged when it is cut short, edited, not that claim's, or, where `fingerprint` is given, made
    by other code or with another seed.
    """
    stem = file_stem(name)
    try:
        body = json.loads((folder / f"{stem}.json").read_bytes())
        curves = (folder / f"{stem}.npz").read_bytes()
        seal = body.pop("seal")
        whole = seal == _seal(body) and body["curves"] == hashlib.sha256(curves).hexdigest()
        if not whole or body["schema"] != SCHEMA or body["claim"]["id"] != name:
            raise Damaged("its file is damaged")
        if fingerprint not in (None, body["fingerprint"]):
            raise Damaged("it was computed by other code, or with another seed or error rate")
        with np.load(io.BytesIO(curves), allow_pickle=False) as arrays:
            return Record(body["claim"], dict(arrays))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise Damaged("its file is damaged") from error


def has_record(folder: Path, name: str) -> bool:
    """Return whether there is a file for the claim with id `name`, damaged or not."""
    return (folder / f"{file_stem(name)}.json").exists()


def copy_record(source: Path, target: Path, name: str) -> None:
    """Copy the record of the claim with id `name` from folder to folder, without change."""
    for ending in ("npz", "json"):
        file = f"{file_stem(name)}.{ending}"
        write_whole(target / file, (source / file).read_bytes())


def read_records(folder: Path) -> list[Record]:
    """Read all records of a finished run, in the order of their ids; for figures and the report."""
    if not folder.is_dir():
        raise UsageError.of(
            "records", str(folder), "a folder that a run wrote", "make it by 'ractheory repro'"
        )
    names = sorted(claim_id(path.stem) for path in folder.glob("*.json") if path.name[0] != ".")
    try:
        return [read_record(folder, name) for name in names]
    except Damaged as reason:
        raise UsageError.of(
            "records",
            str(folder),
            f"whole files, but of one {reason}",
            "run 'ractheory repro' again",
        ) from reason


def read_claims(path: Path) -> dict[str, Any]:
    """Read a `claims.json`; raises UsageError for one that no run wrote."""
    allowed = f"a whole {CLAIMS} of schema {SCHEMA}"
    try:
        document = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError.of("results", str(path), allowed, "run 'ractheory repro' again") from error
    if not _is_document(document):
        raise UsageError.of("results", str(path), allowed, "run 'ractheory repro' again")
    return document


CLAIM_FIELDS: dict[str, type | tuple[type, ...]] = {
    "id": str, "theorem": str, "source": str, "objective": str, "method": str, "sketch": str,
    "parameters": dict, "hypotheses": list, "verdict": str, "expected": str, "evidence": dict,
    "seconds": (int, float), "real_data": bool, "note": str,
}  # fmt: skip
"""What every claim of a `claims.json` has, and of which type; `observed`, `bound`, `ratio` are there too."""


def _is_document(document: Any) -> bool:
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        return False
    claims = document.get("claims")
    return (
        isinstance(document.get("provenance"), dict)
        and isinstance(claims, list)
        and all(map(_is_claim, claims))
    )


def _is_claim(claim: Any) -> bool:
    return (
        isinstance(claim, dict)
        and all(isinstance(claim.get(key), kind) for key, kind in CLAIM_FIELDS.items())
        and {"observed", "bound", "ratio"} <= set(claim)
        and "kind" in claim["evidence"]
        and all(
            isinstance(h, dict) and {"name", "holds", "reason"} <= set(h)
            for h in claim["hypotheses"]
        )
    )


# Folders.


@contextmanager
def hold(folder: Path) -> Iterator[None]:
    """Make `folder` if need be and hold it for one run; refused when another run holds it.

    The lock is the operating system's, so it ends with the process that holds it, however that ends. The
    lock file says who holds it.
    """
    file = _lock(folder)
    try:
        yield
    finally:
        (folder / LOCK).unlink(missing_ok=True)
        os.close(file)


def _lock(folder: Path) -> int:
    path = folder / LOCK
    while True:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise UsageError.of(
                "--out", str(folder), f"a folder that can be written ({reason})", "choose another"
            ) from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # The run that held the lock may have removed the file after it was opened here.
            if os.fstat(file).st_ino == path.stat().st_ino:
                os.truncate(file, 0)
                os.write(file, json.dumps(_this_process()).encode())
                return file
        except BlockingIOError:
            holder = _holder(file)
            os.close(file)
            raise UsageError.of(
                "--out", str(folder), f"a folder that no other run uses (in use by {holder})",
                "wait for that run or choose another folder",
            ) from None  # fmt: skip
        except FileNotFoundError:
            pass
        except OSError as error:
            os.close(file)
            raise UsageError.of(
                "--out",
                str(folder),
                f"on a file system with locks ({error.strerror})",
                "choose another",
            ) from error
        os.close(file)


def _this_process() -> dict[str, Any]:
    """Return the process id, and its start in the kernel's ticks where the system tells."""
    try:
        start = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19])
    except (OSError, ValueError, IndexError):
        return {"pid": os.getpid()}
    return {"pid": os.getpid(), "start": start}


def _holder(file: int) -> str:
    try:
        return f"process {int(json.loads(os.pread(file, 1000, 0))['pid'])}"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"


def open_partial(folder: Path, resume: bool) -> Path:
    """Return the folder for the records of the run at work; empty unless it resumes another one."""
    partial = folder / PARTIAL
    if not resume:
        _remove(partial)
    records = partial / RECORDS
    records.mkdir(parents=True, exist_ok=True)
    return records


def publish(folder: Path, document: Mapping[str, Any], names: Sequence[str]) -> None:
    """Replace the results in `folder` by those of the finished run: `document`, and its records."""
    partial = folder / PARTIAL
    wanted = {f"{file_stem(name)}.{ending}" for name in names for ending in ("json", "npz")}
    for path in (partial / RECORDS).iterdir():
        if path.name not in wanted:
            path.unlink()
    write_whole(partial / CLAIMS, dumps(document).encode())
    _replace(folder / RECORDS, partial / RECORDS)
    os.replace(partial / CLAIMS, folder / CLAIMS)
    _remove(partial)


@contextmanager
def renewed(folder: Path) -> Iterator[Path]:
    """Yield an empty folder that takes the place of `folder` at the end, unless it is still empty."""
    new = folder.with_name(f".{folder.name}.new")
    _remove(new)
    new.mkdir()
    try:
        yield new
        _replace(folder, new)
        if not any(folder.iterdir()):
            folder.rmdir()
    finally:
        _remove(new)


def _replace(target: Path, new: Path) -> None:
    """Put the folder `new` in the place of `target`."""
    aside = target.with_name(f".{target.name}.old")
    _remove(aside)
    if target.exists():
        os.replace(target, aside)
    os.replace(new, target)
    _remove(aside)


def _remove(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)
