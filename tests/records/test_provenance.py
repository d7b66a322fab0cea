import subprocess

from ractheory import provenance


def test_a_checkout_and_its_changes_are_told(tmp_path):
    def git(*arguments):
        identity = ["-c", "user.name=a", "-c", "user.email=a@b"]
        subprocess.run(
            ["git", *identity, "-C", str(tmp_path), *arguments], check=True, capture_output=True
        )

    assert provenance.checkout(tmp_path) == (None, None)
    git("init")
    (tmp_path / "a.py").write_text("1")
    git("add", "a.py")
    git("commit", "-m", "a")
    commit, dirty = provenance.checkout(tmp_path)
    assert len(commit) == 40
    assert dirty is False
    (tmp_path / "a.py").write_text("2")
    assert provenance.checkout(tmp_path) == (commit, True)
    (tmp_path / "inner").mkdir()
    assert provenance.checkout(tmp_path / "inner") == (None, None)


def test_the_machine_is_a_kind_of_processor(tmp_path):
    info = tmp_path / "cpuinfo"
    info.write_text("processor : 0\nflags : fpu sse4_2 avx avx2\n")
    assert provenance.machine(info).endswith(" avx2")
    assert " " not in provenance.machine(tmp_path / "missing")


def test_the_code_digest_sees_every_file(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.py").write_text("1")
    first = provenance.code_digest(tmp_path)
    assert provenance.code_digest(tmp_path) == first
    (tmp_path / "sub" / "a.py").rename(tmp_path / "sub" / "b.py")
    second = provenance.code_digest(tmp_path)
    (tmp_path / "sub" / "b.py").write_text("2")
    assert len({first, second, provenance.code_digest(tmp_path)}) == 3


def test_the_fingerprint_depends_on_seed_and_error_rate():
    marks = {provenance.fingerprint(s, e) for s in ("a", "b") for e in (1e-6, 1e-7)}
    assert len(marks) == 4
