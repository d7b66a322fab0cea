"""What the runs of this folder came to: their hashes, shown as a table at the end of the tests."""

import pytest

from tests.faults.jobs import KINDS
from tests.faults.processes import Processes

HASHES = {}
"""By situation and kind of work."""


@pytest.fixture(scope="session")
def straight(tmp_path_factory):
    """The results of each kind of work where nothing happens: one worker on this machine."""
    found = {}
    for name, kind in KINDS.items():
        folder = tmp_path_factory.mktemp("straight")
        found[name] = folder / "out"
        kind.start(found[name], folder)
        HASHES["1 worker", name] = kind.digest(found[name])
    return found


@pytest.fixture
def same(straight):
    """Compare the results in a folder with those of the straight run, and keep their hash for the table."""

    def compare(kind, situation, out):
        found = HASHES[situation, kind.name] = kind.digest(out)
        assert found == kind.digest(straight[kind.name]), situation

    return compare


@pytest.fixture(params=KINDS.values(), ids=[name.replace(" ", "-") for name in KINDS])
def kind(request):
    return request.param


@pytest.fixture
def cluster(tmp_path):
    pytest.importorskip("distributed", reason="the extra 'cluster' is not installed")
    folder = tmp_path / "cluster"
    folder.mkdir()
    processes = Processes(folder)
    try:
        yield processes
    finally:
        processes.end()


@pytest.fixture
def gate(tmp_path):
    """The folder where tasks say that they have begun, and where one waits for the file "go"."""
    folder = tmp_path / "gate"
    folder.mkdir()
    return folder


def pytest_terminal_summary(terminalreporter):
    if not HASHES:
        return
    situations = sorted({situation for situation, _ in HASHES})
    width = max(map(len, situations))
    terminalreporter.section("hashes of the results")
    terminalreporter.write_line(f"{'':{width}}  " + "  ".join(f"{name:16}" for name in KINDS))
    for situation in situations:
        row = (HASHES.get((situation, name), "")[:16] for name in KINDS)
        terminalreporter.write_line(f"{situation:{width}}  " + "  ".join(f"{h:16}" for h in row))
