"""One run on many processes, one that is killed, one on many samples: the same as one process and few samples."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file  # pyright: ignore[reportUnknownVariableType] - its path type is left open

from cleanplate.sample.shards import write_manifest, write_shard
from cleanplate.train.sets import Samples

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


def _set_of(folder: Path, num_tars: int, samples: Samples) -> None:
    """Write a set of one tar under many names, each with scenes and people of its own."""
    folder.mkdir(parents=True)
    entry = write_shard(folder / "00000.tar", map(samples.__getitem__, range(len(samples))))
    for number in range(1, num_tars):
        os.link(folder / "00000.tar", folder / f"{number:05d}.tar")
    entries = [
        {
            **entry,
            "file": f"{number:05d}.tar",
            "scenes": [f"{number}-{scene}" for scene in range(len(samples) // 4)],
            "people": [f"{number}-{person}-person" for person in range(len(samples) // 2)],
        }
        for number in range(num_tars)
    ]
    write_manifest(folder, entries, {})


def _greatest_mib(words: list[str]) -> tuple[float, float]:
    """The most memory that a command had: its own process, and the largest of those that it started.

    The kernel is asked while it runs: `getrusage` counts what the process that started it had before.
    """
    greatest: dict[int, float] = {}
    with subprocess.Popen([sys.executable, *words], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as command:
        while command.poll() is None:
            with suppress(OSError, StopIteration):  # of a process that has just ended
                children = Path(f"/proc/{command.pid}/task/{command.pid}/children").read_text().split()
                for process in (command.pid, *map(int, children)):
                    lines = Path(f"/proc/{process}/status").read_text().splitlines()
                    said = next(line for line in lines if line.startswith("VmHWM:"))
                    greatest[process] = int(said.split()[1]) / 1024
            time.sleep(0.02)
        assert command.returncode == 0, command.stderr and command.stderr.read()
    return greatest.pop(command.pid), max(greatest.values())


@pytest.mark.long
@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="asks Linux how much memory a process had")
def test_a_set_of_many_samples_takes_the_memory_of_one_of_few(
    recipe_file: Path, data: Path, make_samples: Callable[[str, int], Samples], tmp_path: Path
) -> None:
    samples = make_samples("train", 256)
    found: list[tuple[float, float]] = []
    for num_tars in (2, 400):
        folder = tmp_path / str(num_tars)
        _set_of(folder / "train", num_tars, samples)
        (folder / "validation").symlink_to(data / "validation")
        changes = ("optim.steps=30", "optim.batch_size=32", "optim.ema_decay=0", "run.workers=1", "run.threads=1")
        found.append(_greatest_mib(_train(recipe_file, folder, tmp_path / f"run {num_tars}", *changes)))
    few, many = found
    # 16 bytes for each member of a sample, and every name, once made this 12 and 24
    assert many[0] - few[0] < 6
    assert many[1] - few[1] < 6
