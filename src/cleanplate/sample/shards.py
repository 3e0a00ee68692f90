"""Data sets as a folder of WebDataset tars and a manifest; the format is described in docs/formats.md."""

import hashlib
import io
import json
import tarfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from cleanplate.errors import InputError
from cleanplate.imaging import Image
from cleanplate.imaging.files import decode_png, encode_png, prepare_folder, replace_file
from cleanplate.sample.record import Sample

FORMAT = "cleanplate-shards"
VERSION = 1
MANIFEST = "manifest.json"

_COLOURS = ("plate", "shot")
_DEPTHS = ("plate_depth", "shot_depth")
_MANIFEST_KEYS = {"fingerprint", "size_hw", "scenes", "people", "shards", "num_samples"}
_MILLIMETRES = 1000.0


def write_shards(folder: Path, samples: Iterable[Sample], about: dict[str, Any], samples_per_shard: int = 256) -> str:
    """Write samples into tars of `samples_per_shard` and, last, the manifest; return the data set's fingerprint.

    `about` (JSON values) goes into the manifest: who made the samples and how.

    Raises:
        InputError: the folder already holds a data set, or cannot be written.
    """
    if (folder / MANIFEST).exists():
        raise InputError(f"{folder}: already holds a data set; choose another folder or delete it first")
    prepare_folder(folder)
    shards: list[dict[str, Any]] = []
    scenes: set[str] = set()
    people: set[str] = set()
    size_hw: tuple[int, int] | None = None
    batch: list[Sample] = []

    def close_batch() -> None:
        if batch:
            shards.append(_write_tar(folder / f"{len(shards):05d}.tar", batch))
            batch.clear()

    for sample in samples:
        size_hw = size_hw or (sample.alpha.shape[0], sample.alpha.shape[1])
        scenes.add(sample.scene)
        people.update(sample.people)
        batch.append(sample)
        if len(batch) == samples_per_shard:
            close_batch()
    close_batch()
    if size_hw is None:
        raise InputError(f"{folder}: there are no samples to write")
    fingerprint = _digest("".join(shard["sha256"] for shard in shards).encode())
    manifest = {
        "format": FORMAT,
        "version": VERSION,
        "fingerprint": fingerprint,
        "num_samples": sum(shard["num_samples"] for shard in shards),
        "size_hw": size_hw,
        "about": about,
        "shards": shards,
        "scenes": sorted(scenes),
        "people": sorted(people),
    }
    with replace_file(folder / MANIFEST) as temporary:
        temporary.write_text(json.dumps(manifest, indent=1), encoding="utf-8")
    return fingerprint


class ShardReader:
    """Random access to a data set: `len(reader)` samples, `reader[i]` is a Sample.

    It can be sent to another process; every process opens the tars for itself.

    Attributes:
        folder: where the data set lies.
        fingerprint: "sha256:..." over the data, as the manifest has it.
        size_hw: of every picture, in pixels.
        scenes, people: the names of all there are.

    Raises:
        InputError: no data set there, a format this version does not know, or a tar that is missing or cut off.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        manifest = _read_manifest(folder)
        self.fingerprint: str = manifest["fingerprint"]
        self.size_hw: tuple[int, int] = (int(manifest["size_hw"][0]), int(manifest["size_hw"][1]))
        self.scenes: frozenset[str] = frozenset(manifest["scenes"])
        self.people: frozenset[str] = frozenset(manifest["people"])
        self._entries: list[tuple[Path, dict[str, tuple[int, int]]]] = []
        for shard in manifest["shards"]:
            self._entries += _index(folder / shard["file"])
        if len(self._entries) != manifest["num_samples"]:
            raise InputError(
                f"{folder}: holds {len(self._entries)} samples, its manifest promises {manifest['num_samples']}"
            )
        self._files: dict[Path, BinaryIO] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def __getitem__(self, index: int) -> Sample:
        path, members = self._entries[index]
        file = self._files.get(path)
        if file is None:
            file = self._files[path] = path.open("rb")

        def content(name: str) -> bytes:
            offset, size = members[name]
            file.seek(offset)
            return file.read(size)

        facts = json.loads(content("json"))
        colours = [_unit(decode_png(content(f"{name}.png"))) for name in _COLOURS]
        depths = [
            (decode_png(content(f"{name}.png")) / np.float32(_MILLIMETRES)).astype(np.float32) for name in _DEPTHS
        ]
        alpha = _unit(decode_png(content("alpha.png")))
        return Sample(
            facts["key"], facts["scene"], tuple(facts["people"]), colours[0], colours[1], alpha, depths[0], depths[1]
        )

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_files": {}}


def _write_tar(path: Path, samples: list[Sample]) -> dict[str, Any]:
    with replace_file(path) as temporary:
        with tarfile.open(temporary, "w", format=tarfile.USTAR_FORMAT) as tar:
            for sample in samples:
                for name, data in _members(sample).items():
                    entry = tarfile.TarInfo(f"{sample.key}.{name}")
                    entry.size = len(data)
                    tar.addfile(entry, io.BytesIO(data))
        digest = _digest(temporary.read_bytes())
    return {"file": path.name, "num_samples": len(samples), "sha256": digest}


def _members(sample: Sample) -> dict[str, bytes]:
    facts = {"key": sample.key, "scene": sample.scene, "people": sample.people}
    return {
        "json": json.dumps(facts).encode(),
        "plate.png": encode_png(_bytes(sample.plate)),
        "shot.png": encode_png(_bytes(sample.shot)),
        "alpha.png": encode_png(_bytes(sample.alpha)),
        "plate_depth.png": encode_png(_millimetres(sample.plate_depth_m)),
        "shot_depth.png": encode_png(_millimetres(sample.shot_depth_m)),
    }


def _bytes(unit: Image) -> NDArray[np.uint8]:
    return np.rint(np.clip(unit, 0, 1) * 255).astype(np.uint8)


def _unit(stored: NDArray[Any]) -> Image:
    return stored.astype(np.float32) / np.float32(255)


def _millimetres(depth_m: Image) -> NDArray[np.uint16]:
    return np.rint(np.clip(depth_m * _MILLIMETRES, 0, 65535)).astype(np.uint16)


def _digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def _read_manifest(folder: Path) -> dict[str, Any]:
    path = folder / MANIFEST
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise InputError(
            f"{folder}: no data set there (no {MANIFEST}); make one with  cleanplate synth --out {folder}"
        ) from error
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read ({error}); make the data set again") from error
    if not isinstance(manifest, dict) or cast(dict[str, Any], manifest).get("format") != FORMAT:
        raise InputError(f"{path}: is not the manifest of a cleanplate data set")
    manifest = cast(dict[str, Any], manifest)
    if manifest.get("version") != VERSION:
        raise InputError(
            f"{path}: is version {manifest.get('version')}, this cleanplate reads {VERSION}; make the data set again"
        )
    if missing := _MANIFEST_KEYS - manifest.keys():
        raise InputError(f"{path}: lacks {', '.join(sorted(missing))}; make the data set again")
    return manifest


def _index(path: Path) -> list[tuple[Path, dict[str, tuple[int, int]]]]:
    """For every sample of a tar, where in the file its members lie: name -> (offset, size)."""
    samples: dict[str, dict[str, tuple[int, int]]] = {}
    try:
        with tarfile.open(path, "r:") as tar:
            for entry in tar:
                key, _, name = entry.name.partition(".")
                samples.setdefault(key, {})[name] = (entry.offset_data, entry.size)
    except (OSError, tarfile.TarError) as error:
        raise InputError(f"{path}: cannot be read ({error}); make the data set again") from error
    wanted = {"json", "alpha.png", *(f"{name}.png" for name in (*_COLOURS, *_DEPTHS))}
    for key, members in samples.items():
        if missing := wanted - members.keys():
            raise InputError(f"{path}: its sample {key} lacks {', '.join(sorted(missing))}; make the data set again")
    return [(path, members) for members in samples.values()]
