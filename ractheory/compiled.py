"""How kernels are compiled and where they are kept.

Numba looks for a change of a kernel's own file only; a kernel that calls a changed one from another file
would stay stale. So the cache of every version of their sources is a folder of its own, named by their
hash, beside the sources or, where those cannot be written, in the user's cache.
"""

from __future__ import annotations

import gc
import hashlib
import os
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any


@contextmanager
def kept_for_good() -> Iterator[None]:
    """Do not look for garbage within the block, nor ever again in what it makes.

    A compiler is a million objects that live as long as the process: searching them again and again takes a third of
    the time of a short run, most of it at its end.
    """
    looking = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if looking:
            gc.enable()


with kept_for_good():
    import numba
    from numba import config
    from numba.core.compiler_lock import global_compiler_lock
    from numba.core.registry import cpu_target

if sys.platform != "win32":  # There each process compiles for itself.
    import fcntl

SOURCES = ("compiled.py", "vectors.py", "engine/*.py", "exact/curve.py", "objectives/structure.py")


def sources_hash() -> str:
    """Return a hash of everything that enters a kernel."""
    package = Path(__file__).resolve().parent
    digest = hashlib.blake2b(digest_size=8)
    for path in sorted(p for pattern in SOURCES for p in package.glob(pattern)):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


def _writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK)


def cache_folder() -> Path:
    """Return the folder that holds the compiled kernels of these sources."""
    given = os.environ.get("NUMBA_CACHE_DIR")
    beside = Path(__file__).resolve().parent / "__pycache__"
    personal = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser() / "ractheory"
    last = Path(tempfile.gettempdir()) / f"ractheory-{os.getuid() if hasattr(os, 'getuid') else 0}"
    for root in (Path(given),) if given else (beside, personal, last):
        folder = root / f"kernels-{sources_hash()}"
        if _writable(folder):
            return folder
    return last


_FOLDER = str(cache_folder())

KERNEL = {"cache": True, "nogil": True, "error_model": "numpy"}
"""How every kernel is compiled: cached on disk, without the lock of the interpreter, IEEE arithmetic."""

INNER = {**KERNEL, "inline": "always"}
"""How a part of one kernel is compiled: into its caller, once, instead of by itself and again with it."""

LOOP = {**KERNEL, "_nrt": False}
"""How the loop over the links of one seed is compiled where its steps are short: it allocates nothing, and counts
no references, which at every call of an `INNER` part would take as long as the part."""


_in_the_folder = threading.Lock()
"""Two threads that define kernels at once would restore the setting of Numba to each other's."""


def njit(**options: Any) -> Callable[[Callable[..., Any]], Any]:
    """Return `numba.njit` with these options, its cache in the folder of these sources."""

    def compiled(function: Callable[..., Any]) -> Any:
        with _in_the_folder:  # which Numba reads while the kernel is defined
            elsewhere, config.CACHE_DIR = config.CACHE_DIR, _FOLDER
            try:
                kernel = numba.njit(**options)(function)
            finally:
                config.CACHE_DIR = elsewhere
        return _kept(kernel, function)

    return compiled


def _kept(kernel: Any, function: Callable[..., Any]) -> Any:
    """Return `kernel`, compiled by one process at a time, and run by all where it cannot be kept.

    Who waits for another process finds in the cache what that one has compiled. A full disk or a limit on
    the size of files keeps no kernel from running: it is compiled again.
    """
    compile_here, keep = kernel.compile, kernel._cache.save_overload
    lock = Path(_FOLDER) / f"{function.__module__}.{function.__qualname__}.lock"

    def compile_alone(signature: Any) -> Any:
        # Numba's own lock first, as for the kernels that this one calls: threads cannot wait in a circle.
        with global_compiler_lock, _held(lock):
            _load_registries()
            return compile_here(signature)

    def save_overload(*compiled: Any) -> None:
        with suppress(OSError):
            keep(*compiled)

    kernel.compile, kernel._cache.save_overload = compile_alone, save_overload
    return kernel


@cache
def _load_registries() -> None:
    """Load what the compiler knows of Python and NumPy, as the first kernel of a process would."""
    with kept_for_good():
        cpu_target.typing_context.refresh()
        cpu_target.target_context.refresh()


@contextmanager
def _held(path: Path) -> Iterator[None]:
    """Hold the lock at `path`, where there are such locks; the system frees those of a process that ends."""
    if sys.platform == "win32":
        yield
        return
    try:
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError:
        yield
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
    finally:
        os.close(file)
