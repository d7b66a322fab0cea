"""Bad inputs of the command line: options, names, and files that are not what they should be."""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ractheory.trust.bad_inputs import Case, Main, each, spelled, told

LONG = "x" * 10_000
NOT_WHOLE = (
    "",
    "x",
    "1.5",
    "nan",
    "inf",
    "-1",
    "1e3",
    "0x10",
    "9" * 30,
    "1 2",
    "\u0661",
    "1_0",
    "None",
)
NOT_POSITIVE = (*NOT_WHOLE, "0", "+0")
NOT_NUMBERS = ("", "x", "nan", "inf", "-inf", "-1", "1e999", "0x1p3", "1,5,", "one", "1/0", "True")
NOT_NAMES = ("", "nope", "a\nb", "../../etc/passwd", "\u2603", "NOPE", LONG)
NOT_VECTORS = (
    "",
    ",",
    "x",
    "1,x",
    "nan",
    "1,inf",
    "-1",
    "0,0",
    "1/0",
    "1/2/3",
    "1e400",
    "1;2",
    LONG,
)

REPRO = ("repro", "--only", "smoothness-loss/pair")
CHECK = (
    "check",
    "descent",
    "--objective",
    "isotropic",
    "--method",
    "rac-lora",
    "--seeds",
    "2",
    "--steps",
    "2",
)
EXACT = (
    "exact",
    "--spectrum",
    "3,1",
    "--columns",
    "2",
    "--rank",
    "1",
    "--step",
    "0.3",
    "--steps",
    "3",
)
PREDICT = ("predict", "--rows", "8", "--columns", "4", "--rank", "2")
DECAY = (*PREDICT, "--decay", "2")


@dataclass(frozen=True)
class Payload:
    """What a hostile pickle would do: make a file that shows that it ran."""

    path: str

    def __reduce__(self) -> tuple[Any, tuple[str, ...]]:
        return Path.touch, (Path(self.path),)  # type: ignore[return-value]


def command_cases(main: Main, folder: Path) -> Iterator[Case]:
    """Yield the cases; files are made in `folder`."""
    marker = folder / "a-pickle-was-executed"
    files = bad_files(folder / "files", marker)
    for words in _words(folder, files):
        end = " ".join(words)
        reason = next((why for part, why in ACCEPTED.items() if part in end), "")
        yield Case(spelled(words), told(main, words), reason)
    yield Case("no pickle in any of the files was executed", lambda: unless(marker.exists()))
    yield Case(
        "no file outside the folder was written",
        lambda: unless((folder.parent / OUTSIDE).exists()),
    )


ACCEPTED = {
    "--start-energy 0,0": "energies of zero are a start at the minimiser: E f stays 0",
    "declares2.py:step": "rank and side have defaults",
}
"""What may be accepted, by a part of its words, and why."""

OUTSIDE = "ractheory-trust-escaped"


def unless(happened: bool) -> str:
    if happened:
        raise RuntimeError("it happened")
    return "it did not happen"


def _words(folder: Path, files: Sequence[Path]) -> Iterator[list[str]]:
    yield from ([], [""], ["nope"], ["--nope"], ["repro --quick"], ["exact", "exact"], [LONG])
    yield from _repro(folder)
    yield from _names()
    yield from _check()
    yield from _exact()
    yield from _predict(files)
    yield from _conform(folder)
    yield from _report(folder)
    yield from _sweep(folder)


def _repro(folder: Path) -> Iterator[list[str]]:
    file = folder / "file"
    file.write_text("a file\n")
    at = [*REPRO, "--out", str(folder / "out")]
    yield from each(NOT_POSITIVE, at, "--workers")
    yield from each((*NOT_NUMBERS, "0", "0.9", "1e-400"), at, "--error-rate")
    yield from each(("", "a\nb", LONG, "a\0b"), at, "--seed")
    yield from each(NOT_NAMES, at, "--only")
    yield from each(("", "a\0b", str(file), str(file / "x"), "/proc/nope", LONG), [*REPRO], "--out")
    yield from each(("", "nowhere", "tcp://", "tcp://localhost", "http://localhost:1", "tcp://localhost:x"),
                    at, "--scheduler")  # fmt: skip
    for flags in (["--quick", "--full"], ["--quick=1"], ["--resume=yes"], ["--json=1"], ["--nope"],
                  ["extra"], ["--workers"], ["--out"], ["--only"], ["--seed"], ["--error-rate"]):  # fmt: skip
        yield [*at, *flags]


def _names() -> Iterator[list[str]]:
    for name in NOT_NAMES:
        yield ["list", name]
        yield ["explain", name]
        yield ["proofs", name]
        yield ["check", name, *CHECK[2:]]
        yield [*CHECK, "--objective", name]
        yield [*CHECK, "--method", name]
    yield from (["list", "theorems", "claims"], ["list", "--json=1"], ["explain"], ["proofs", "--json=1"],
                ["explain", "descent", "gd-pl"], ["check", "descent"], ["check"])  # fmt: skip


SETTINGS: dict[str, Sequence[str]] = {
    "step": ("0", "-1", "nan", "inf", "x", "1e999", "1,2"),
    "rank": ("0", "-1", "1.5", "nan", "x", "99", "1,2", "9" * 30),
    "side": ("up", "1", "left,right"),
    "law": ("har", "1", "importance", "identity", "hadamard"),
    "unit": ("1/kg", "1"),
    "start": ("x", "normal:x", "normal:-1", "normal:nan", "far:inf", "pretrained:x", "pretrained:-1", "1"),
    "statement": ("x", "1"),
    "horizon": ("0", "-1", "1.5", "x", "99"),
    "bound_factor": ("0", "-1", "nan", "inf", "x"),
    "inner": ("guess", "1"),
    "inner_steps": ("0", "-1", "1.5", "x", "nan"),
    "method.scale": ("0", "-1", "nan", "x"),
    "left_probability": ("2", "-1", "x", "nan"),
    "probabilities": ("1", "x", "0.5,x"),
    "m": ("0", "-1", "1.5", "x", "nan", "1000000000000000", "9" * 30, "2,2"),
    "n": ("0", "-1", "1.5", "x", "inf"),
    "L": ("0", "-1", "nan", "inf", "x"),
    "seed": ("-1", "1.5", "x"),
    "colour": ("red",),
    "method.colour": ("red",),
}  # fmt: skip
"""Bad values of every setting of a comparison on the objective `isotropic`."""


def _check() -> Iterator[list[str]]:
    yield from each(NOT_POSITIVE, CHECK, "--seeds")
    yield from each(NOT_POSITIVE, CHECK, "--steps")
    yield from each(("", "rank", "=1", "rank=", "rank==1", "rank=1=2", LONG), CHECK, "--set")
    for key, values in SETTINGS.items():
        yield from each([f"{key}={value}" for value in values], CHECK, "--set")
    yield from ([*CHECK, "--set", "rank=1", "rank=2"], [*CHECK, "--set"], [*CHECK, "--json=1"])


def _exact() -> Iterator[list[str]]:
    yield from each(NOT_VECTORS, EXACT, "--spectrum")
    yield from each((*NOT_VECTORS, "1", "1,2,3"), EXACT, "--start-energy")
    yield from each(NOT_POSITIVE, EXACT, "--columns")
    yield from each((*NOT_POSITIVE, "3"), EXACT, "--rank")
    yield from each(NOT_WHOLE, EXACT, "--steps")
    yield from each((*NOT_NUMBERS, "0"), EXACT, "--step")
    for option in ("--side", "--sketch", "--arithmetic"):
        yield from each(NOT_NAMES, EXACT, option)
    yield from (
        [*EXACT, "--steps", "1000001"],
        [*EXACT, "--arithmetic", "rational", "--steps", "100000"],
    )


def _predict(files: Sequence[Path]) -> Iterator[list[str]]:
    for option in ("--rows", "--columns", "--rank"):
        yield from each((*NOT_POSITIVE, "10000000"), DECAY, option)
    yield from each((*NOT_NUMBERS, "1e5"), PREDICT, "--decay")
    yield from each((*NOT_NUMBERS, "0", "9"), PREDICT, "--effective-dimension")
    yield from each((*NOT_NUMBERS, "0", "1"), DECAY, "--accuracy")
    yield from each(NOT_NAMES, DECAY, "--side")
    paths = [str(path) for path in files] + ["", "nope.txt", "a\0b", "/dev/zero", LONG]
    yield from each(paths, PREDICT, "--spectrum")
    yield from each(paths, DECAY, "--shift")
    yield from (list(PREDICT), [*DECAY, "--effective-dimension", "2"], [*DECAY, "extra"])


def bad_files(folder: Path, marker: Path) -> list[Path]:
    """Write files that are no vector of eigenvalues of a layer with 8 rows; return their paths."""
    folder.mkdir()
    whole, hostile = folder / "whole.npy", np.empty(1, dtype=object)
    np.save(whole, np.ones(8))
    hostile[0] = Payload(str(marker))
    content = {
        "empty.txt": b"", "empty.npy": b"", "blank.txt": b" \n\n", "comment.txt": b"# 1 2 3\n",
        "words.txt": b"one two", "nan.txt": b"nan " * 8, "inf.csv": b"inf," * 8,
        "negative.txt": b"-1 " * 8, "zero.txt": b"0 " * 8, "latin.txt": b"\xff\xfe\x00\x31",
        "truncated.npy": whole.read_bytes()[:100], "header.npy": whole.read_bytes()[:9],
        "magic.npy": b"\x93NUMPY", "pickle.npy": pickle.dumps(Payload(str(marker))),
        "text.npy": b"1 2 3 4 5 6 7 8", "zip.npy": b"PK\x03\x04", "huge.txt": b"1e400 " * 8,
    }  # fmt: skip
    for name, data in content.items():
        (folder / name).write_bytes(data)
    np.save(folder / "objects.npy", hostile, allow_pickle=True)
    arrays = {
        "matrix.npy": np.ones((4, 2)), "complex.npy": np.ones(8) * 1j, "strings.npy": np.array(["1"] * 8),
        "nans.npy": np.full(8, np.nan), "none.npy": np.ones(0), "negatives.npy": -np.ones(8),
        "bools.npy": np.ones(8, bool), "too-many.npy": np.ones(9), "infinite.npy": np.full(8, np.inf),
    }  # fmt: skip
    for name, array in arrays.items():
        np.save(folder / name, array)
    with (folder / "sparse.txt").open("wb") as file:
        file.truncate(2**30)
    (folder / "directory.txt").mkdir()
    (folder / "dangling.txt").symlink_to(folder / "nowhere")
    return sorted(path for path in folder.iterdir() if path != whole)


RULES = {
    "no_function.py": "DECLARES = {'gammaL': 1.0, 'rank': 1, 'side': 'left'}\n",
    "syntax.py": "def step(:\n",
    "raises.py": "raise ValueError('at import')\n",
    "exits.py": "raise SystemExit(0)\n",
    "not_callable.py": "step = 1\nDECLARES = {'gammaL': 1.0, 'rank': 1, 'side': 'left'}\n",
    "undeclared.py": "def step(W, gradient, rng, state):\n    return W\n",
}
DECLARED = (
    "1", "{}", "{'gammaL': 1.0}", "{'gammaL': 'x', 'rank': 1, 'side': 'left'}",
    "{'gammaL': 0.0, 'rank': 1, 'side': 'left'}", "{'gammaL': float('nan'), 'rank': 1, 'side': 'left'}",
    "{'gammaL': 1.0, 'rank': 0, 'side': 'left'}", "{'gammaL': 1.0, 'rank': 1.5, 'side': 'left'}",
    "{'gammaL': 1.0, 'rank': 1, 'side': 'up'}", "{'gammaL': 1.0, 'rank': 1, 'side': 'left', 'x': 1}",
)  # fmt: skip
BODIES = ("None", "W[:1]", "'x'", "1 / 0", "[[1j] * W.shape[1]] * W.shape[0]", "gradient(W[:0])")


def _conform(folder: Path) -> Iterator[list[str]]:
    sound = "DECLARES = {'gammaL': 1.0, 'rank': 1, 'side': 'left'}\ndef step(W, gradient, rng, state):\n"
    rules = folder / "rules"
    rules.mkdir()
    texts = dict(RULES)
    for k, declared in enumerate(DECLARED):
        texts[f"declares{k}.py"] = (
            f"DECLARES = {declared}\ndef step(W, gradient, rng, state):\n    return W\n"
        )
    for k, body in enumerate(BODIES):
        texts[f"body{k}.py"] = f"{sound}    return {body}\n"
    few = ["--theorem", "descent", "--seeds", "2", "--steps", "2", "--out", str(folder / "found")]
    for name, text in texts.items():
        (rules / name).write_text(text)
        yield ["conform", f"{rules / name}:step", *few]
    (rules / "good.py").write_text(f"{sound}    return W\n")
    (rules / "latin.py").write_bytes(b"\xff\xfe")
    good = f"{rules / 'good.py'}:step"
    for rule in ("", "x", ":", ":step", "nope.py:step", f"{rules}:step", f"{rules / 'good.py'}",
                 f"{rules / 'good.py'}:", f"{rules / 'latin.py'}:step", f"{good}:step", "a\0b:step"):  # fmt: skip
        yield ["conform", rule, *few]
    for option in ("--theorem", "--instance"):
        yield from each(NOT_NAMES, ["conform", good, *few], option)
    yield from each(NOT_POSITIVE, ["conform", good, *few], "--seeds")
    yield from each(NOT_POSITIVE, ["conform", good, *few], "--steps")
    yield from each(("", "a\nb", LONG), ["conform", good, *few], "--seed")
    yield from (["conform", good], ["conform", *few], ["conform", good, *few, "--json=1"])


CLAIM = (
    '{"id": "%s", "theorem": "%s", "verdict": "confirmed", "expected": "confirmed", "seconds": 1, '
    '"source": "", "objective": "", "method": "", "sketch": "", "parameters": {}, "hypotheses": [], '
    '"observed": 1, "bound": 1, "ratio": 1, "evidence": {"kind": "exact"}}'
)
DOCUMENTS = (
    "", "{", "[]", "1", "null", "{}", '{"schema": 2, "claims": []}', '{"schema": 1}',
    '{"schema": 1, "claims": 3}', '{"schema": 1, "claims": [{}]}', '{"schema": 1, "claims": ["x"]}',
    '{"schema": 1, "claims": [%s]}' % (CLAIM % (f"../../../{OUTSIDE}", "gd-pl")),
    '{"schema": 1, "provenance": {}, "claims": [%s]}' % (CLAIM % ("gd-pl/x", "../nope")),
    "\\ud800", "[" * 100_000,
)  # fmt: skip


def _report(folder: Path) -> Iterator[list[str]]:
    for k, text in enumerate(DOCUMENTS):
        results = folder / f"results{k}"
        results.mkdir()
        (results / "claims.json").write_text(text)
        yield ["report", "--no-proofs", "--out", str(results)]
    yield from each(("", "nope", "a\0b", str(folder / "file"), LONG), ["report"], "--out")
    yield from (["report", "--no-proofs=1"], ["report", "extra"])


SWEEP = "[sweep]\ntheorem = 'gd-pl'\n[objective]\nname = 'isotropic'\n[method]\nname = 'rac-lora'\n"
SWEEPS = (
    "", "x", "[sweep", "[sweep]\n", "sweep = 1\n", SWEEP.replace("gd-pl", "gd-lp"),
    SWEEP.replace("isotropic", "nope"), SWEEP.replace("rac-lora", "nope"), SWEEP.replace("'gd-pl'", "1"),
    SWEEP.replace("'gd-pl'", "[]"), SWEEP.replace("'gd-pl'", "nan"), f"{SWEEP}rank = 0\n",
    f"{SWEEP}rank = 99\n", f"{SWEEP}rank = 'x'\n", f"{SWEEP}step = nan\n", f"{SWEEP}step = [[1, 2]]\n",
    f"{SWEEP}colour = 'red'\n", f"{SWEEP}side = 'up'\n", f"{SWEEP}rank = {list(range(1, 20_000))}\n",
    *(SWEEP.replace("'gd-pl'", f"'gd-pl'\n{line}") for line in (
        "seeds = 0", "seeds = 'x'", "seeds = 1.5", "seeds = -1", "steps = 0", "steps = inf", "points = 0",
        "block = 0", "seed = ''", "seed = 1", "start = 'x'", "statement = 'x'", "colour = 1",
        "seeds = 99999999999999999999",
    )),
    f"{SWEEP}[more]\nx = 1\n", "[sweep]\ntheorem = 'gd-pl'\n", f"{SWEEP}\u0000",
)  # fmt: skip


def _sweep(folder: Path) -> Iterator[list[str]]:
    sweeps = folder / "sweeps"
    sweeps.mkdir()
    ask = ["--plan", "--out", str(folder / "swept")]
    for k, text in enumerate(SWEEPS):
        (sweeps / f"sweep{k}.toml").write_text(text)
        yield ["sweep", str(sweeps / f"sweep{k}.toml"), *ask]
    (sweeps / "good.toml").write_text(SWEEP)
    (sweeps / "latin.toml").write_bytes(b"\xff\xfe")
    for path in (
        "",
        "nope.toml",
        str(sweeps),
        str(sweeps / "latin.toml"),
        "a\0b",
        "/dev/zero",
        LONG,
    ):
        yield ["sweep", path, *ask]
    good = ["sweep", str(sweeps / "good.toml"), "--plan"]
    yield from each(NOT_POSITIVE, good, "--workers")
    yield from each(("", "a\0b"), good, "--out")
    yield from (["sweep"], [*good, "extra"], [*good, "--resume=1"], [*good, "--json=1"])
