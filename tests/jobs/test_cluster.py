"""A Ray cluster makes what one machine makes."""

import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cleanplate.errors import InputError
from cleanplate.imaging.files import encode_png
from cleanplate.jobs.cluster import map_on_cluster
from cleanplate.jobs.units import Crew
from cleanplate.synth.compose.composing import Layout, compose
from cleanplate.synth.generate import generate
from cleanplate.synth.shooting import Plan

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(find_spec("ray") is None, reason="needs the extra `ray`: make test-long installs it"),
]

TINY = Plan(3, (48, 64), 2, "procedural")


@pytest.fixture
def cluster(toys: Any) -> Iterator[Any]:
    """A cluster of two machines with one core each, on this one."""
    del toys  # its path must be in the environment before the machines start
    machines: Any = import_module("ray.cluster_utils").Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    machines.add_node(num_cpus=1)
    yield machines
    machines.shutdown()


def _contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("layout", ["shards", "folders"])
def test_two_machines_make_the_bytes_of_one_process(cluster: Any, tmp_path: Path, layout: str) -> None:
    generate(tmp_path / "here", 6, TINY, layout=layout, unit=2)
    generate(tmp_path / "there", 6, TINY, layout=layout, unit=2, crew=Crew(cluster=cluster.address))
    assert _contents(tmp_path / "there") == _contents(tmp_path / "here")


def test_two_machines_compose_the_bytes_of_one_process(cluster: Any, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    for name, shape in (("bg", (48, 64, 3)), ("fg", (20, 16, 4))):
        (tmp_path / name).mkdir()
        for number in range(2):
            picture = rng.integers(0, 255, shape).astype(np.uint8)
            (tmp_path / name / f"{number}.png").write_bytes(encode_png(picture))
    how = Layout(places=40, size_hw=(48, 64))
    compose(tmp_path / "here", tmp_path / "bg", tmp_path / "fg", how)
    compose(tmp_path / "there", tmp_path / "bg", tmp_path / "fg", how, crew=Crew(cluster=cluster.address))
    assert _contents(tmp_path / "there") == _contents(tmp_path / "here")


def test_a_cluster_of_its_own_is_there_for_local(toys: Any) -> None:
    results = dict(map_on_cluster(toys.square, range(5), "local", 2))
    assert results == {item: item * item for item in range(5)}


def test_what_a_machine_tells_the_user_is_told(toys: Any, cluster: Any) -> None:
    with pytest.raises(InputError, match=r"^three\.png: is not wanted; leave it out$"):
        list(map_on_cluster(toys.refuse_at_three, range(6), cluster.address, 2))


def test_the_work_of_a_machine_that_goes_away_is_done_by_another(toys: Any, cluster: Any) -> None:
    working = map_on_cluster(toys.slow_square, range(8), cluster.address, 4)
    results = dict([next(working)])
    cluster.remove_node(cluster.worker_nodes.copy().pop(), allow_graceful=False)
    results |= dict(working)
    assert results == {item: item * item for item in range(8)}


def test_no_cluster_at_the_address_is_one_sentence(tmp_path: Path) -> None:
    options = ["--count", "2", "--size", "48", "--assets", "procedural", "--ray", "127.0.0.1:9"]
    command = [sys.executable, "-m", "cleanplate", "synth", "--out", str(tmp_path / "d"), *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 1
    assert done.stderr.startswith("cleanplate: --ray 127.0.0.1:9: no Ray cluster answers")
    assert done.stderr.count("\n") == 1
