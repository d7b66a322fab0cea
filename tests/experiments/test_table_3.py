"""The paper's Table 3 in small: every question is answered, and what breaks it is seen."""

import numpy as np
import pytest

from ractheory.engine.mlp.training import METHODS
from ractheory.errors import UsageError
from ractheory.experiments import Asked, family
from ractheory.experiments.digits import CLASSES, task
from ractheory.experiments.table_3 import MEASURES, RATE, setting

SHORT = {"seeds": 2, "epochs": 2}


def ask(name, **parameters):
    return family("table-3").measure(Asked("table-3/test", name, parameters, seed="test"))


@pytest.mark.parametrize("name", [n for n in MEASURES if n != "trained-parameters"])
def test_every_question_is_answered_with_a_table(name):
    found = ask(name, **SHORT, decay=0.0)
    assert found.decision.verdict in ("confirmed", "refuted", "undecided")
    assert found.seeds == 2
    for row in found.parameters["table"]:
        assert row["method"] in METHODS
        assert 0 <= row["mean"] <= 100
        assert row["low"] is None  # two seeds are too few for an interval
        assert found.curves[f"accuracy {row['method']}"].shape == (2, len(found.curves["epoch"]))


def test_two_seeds_confirm_nothing():
    assert ask("order", **SHORT).decision.verdict != "confirmed"


def test_methods_start_from_the_same_network_and_no_redraw_is_asymlora():
    found = ask("no-redraw", **SHORT, decay=0.0, double=True)
    assert found.decision.verdict == "confirmed"
    assert found.parameters["epochs"] == 2
    begins = [found.curves[f"accuracy {m}"][:, 0] for m in ("rac-lora", "asymlora")]
    assert np.array_equal(*begins)


def test_the_same_seed_gives_the_same_numbers_and_another_others():
    def table(seed):
        asked = Asked("x", "tie", SHORT, seed=seed)
        return family("table-3").measure(asked).curves["accuracy cola"]

    assert np.array_equal(table("test"), table("test"))
    assert not np.array_equal(table("test"), table("test 2"))


def test_the_rate_keeps_rate_times_steps():
    one = setting(Asked("x", "order"))
    rows = task("digits", 5, range(1), "x", np.float64).train.shape[1]
    steps = -(-rows // one.how.batch)
    assert one.how.rate * steps == pytest.approx(RATE * 230, rel=1e-12)
    assert setting(Asked("x", "order", {"rate": 0.5})).how.rate == 0.5


@pytest.mark.parametrize("first", [0, 5])
def test_the_two_tasks_share_no_image_and_no_class(first):
    found = task("digits", first, range(3), "x", np.float32)
    assert set(found.y[found.train[0]]) == set(range(CLASSES))
    for k in range(3):
        assert not set(found.train[k]) & set(found.test[k])
    other = task("digits", 5 - first, range(3), "x", np.float32)
    assert not set(found.train.ravel()) & set(other.train.ravel())
    assert not np.array_equal(found.train[0], found.train[1])


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"seeds": 0}, "seeds"), ({"data": 3}, "data"), ({"lr": 0.1}, "lr"), ({"margin": 0.1}, "margin"),
        ({"train": "C"}, "train"), ({"double": 1}, "double"), ({"data": "no-such-folder"}, "no-such-folder"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_named(wrong, says):
    with pytest.raises(UsageError, match=says):
        ask("order", **wrong)


def test_images_of_the_users_folder_are_trained_on(tmp_path):
    """Blank images of all classes: accuracies are those of guessing one class."""
    rng = np.random.default_rng(0)
    for part, count in (("train", 40), ("t10k", 20)):
        images = rng.integers(0, 256, (count, 28, 28), dtype=np.uint8)
        labels = np.arange(count, dtype=np.uint8) % 10
        for kind, array in (("images-idx3", images), ("labels-idx1", labels)):
            head = bytes((0, 0, 8, array.ndim)) + b"".join(
                n.to_bytes(4, "big") for n in array.shape
            )
            (tmp_path / f"{part}-{kind}-ubyte").write_bytes(head + array.tobytes())
    found = ask("tie", data=str(tmp_path), **SHORT)
    assert found.parameters["widths"] == (784, 64, 64, 5)
    assert str(tmp_path) not in str(found.parameters)
    assert found.parameters["rate"] == RATE
    np.savez(tmp_path / "x.npz", **found.curves)


def test_a_folder_with_half_of_the_classes_is_refused(tmp_path):
    for part in ("train", "t10k"):
        images, labels = np.zeros((3, 28, 28), np.uint8), np.zeros(3, np.uint8)
        for kind, array in (("images-idx3", images), ("labels-idx1", labels)):
            head = bytes((0, 0, 8, array.ndim)) + b"".join(
                n.to_bytes(4, "big") for n in array.shape
            )
            (tmp_path / f"{part}-{kind}-ubyte").write_bytes(head + array.tobytes())
    with pytest.raises(UsageError, match="5 to 9"):
        ask("tie", data=str(tmp_path), **SHORT)
