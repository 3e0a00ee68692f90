"""One run on many processes, and one that is killed: the same result as one process that never stopped."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file  # pyright: ignore[reportUnknownVariableType] - its path type is left open

STEPS = 4


def _train(recipe: Path, data: Path, out: Path, *changes: str) -> list[str]:
    words = ["-m", "cleanplate", "train", str(recipe), "--data", str(data), "--out", str(out)]
    for change in (f"optim.steps={STEPS}", "run.validate_every=99", *changes):
        words += ["--set", change]
    return words


def _last(run: Path) -> Path:
    return max((run / "checkpoints").glob("step_*"))


def _files(run: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(_last(run).glob("*.safetensors"))}


@pytest.mark.long
@pytest.mark.skipif(not hasattr(os, "killpg"), reason="needs POSIX process groups")
def test_two_nodes_of_one_process_end_where_one_process_ends_that_accumulates_their_batches(
    recipe_file: Path, data: Path, tmp_path: Path
) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    both, one = tmp_path / "both", tmp_path / "one"
    nodes = [
        subprocess.Popen(
            [
                sys.executable, "-m", "torch.distributed.run", "--nnodes", "2", "--node-rank", str(rank),
                "--nproc-per-node", "1", "--master-addr", "127.0.0.1", "--master-port", str(port),
                *_train(recipe_file, data, both, "optim.batch_size=2"),
            ],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
        )
        for rank in range(2)
    ]  # fmt: skip
    try:
        said = [node.communicate(timeout=300)[0] for node in nodes]
    finally:
        for node in nodes:
            if node.poll() is None:
                os.killpg(node.pid, signal.SIGKILL)
    assert [node.returncode for node in nodes] == [0, 0], said
    subprocess.run(
        [sys.executable, *_train(recipe_file, data, one, "optim.batch_size=2", "optim.accumulate=2")],
        check=True, capture_output=True, timeout=300,
    )  # fmt: skip
    mine, theirs = (load_file(_last(run) / "model.safetensors") for run in (both, one))
    assert _last(both).name == _last(one).name == f"step_{STEPS:08d}"
    weights = {name for name in mine if not name.endswith(("running_mean", "running_var", "num_batches_tracked"))}
    for name in weights:
        # A step moves a weight by about 2e-3; a batch seen twice or left out would show at that size.
        torch.testing.assert_close(
            mine[name], theirs[name], rtol=1e-3, atol=1e-4, msg=lambda said, name=name: name + said
        )
    assert (both / "train.csv").read_text().count("\n") == 1 + STEPS // 2


@pytest.mark.long
@pytest.mark.skipif(not hasattr(os, "killpg"), reason="needs POSIX process groups")
def test_a_run_killed_and_resumed_ends_with_the_bytes_of_one_that_never_stopped(
    recipe_file: Path, data: Path, tmp_path: Path
) -> None:
    many = ("optim.steps=60", "run.checkpoint_every=5", "run.workers=1")
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    subprocess.run([sys.executable, *_train(recipe_file, data, whole, *many)], check=True, capture_output=True)
    victim = subprocess.Popen([sys.executable, *_train(recipe_file, data, killed, *many)], start_new_session=True)
    deadline = time.monotonic() + 120
    while not list((killed / "checkpoints").glob("step_*")) and time.monotonic() < deadline:
        time.sleep(0.02)
    os.killpg(victim.pid, signal.SIGKILL)
    victim.wait(30)
    assert _last(killed).name < "step_00000060"
    resumed = [*_train(recipe_file, data, killed, *many), "--resume"]
    subprocess.run([sys.executable, *resumed], check=True, capture_output=True)
    assert _last(killed).name == "step_00000060"
    assert _files(killed) == _files(whole)
