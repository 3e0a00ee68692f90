"""What a file or folder is, in JSON values: what `cleanplate inspect` tells."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cleanplate.errors import InputError, UsageError

Facts = dict[str, Any]

_CHECKPOINT_KEYS = {"format", "step", "recipe"}
_DEPTH_KEYS = {"quantity", "lo", "hi", "model", "version"}


def describe(path: Path, pairs: Sequence[str] = (), depth_is: str | None = None) -> Facts:
    """What a file or folder is, as JSON values.

    Args:
        path: the file or folder.
        pairs: the rule for the names in a folder set of somebody else.
        depth_is: what the depth images of such a set show, if that was told.

    Returns:
        "file", and as "kind" one of: picture, model, depth map, checkpoint, shards, folders, shard, pack; the others
        depend on it. Of a run, its newest checkpoint.

    Raises:
        InputError: it is none of these, or damaged.
        UsageError: the rule is none, or `depth_is` is told of a set that says it itself or has no depth.

    """
    from cleanplate.imaging.files import file_identity, is_folder
    from cleanplate.sample.manifest import MANIFEST
    from cleanplate.sample.opening import is_folder_set
    from cleanplate.train.runs import ABOUT

    folder = path.parent if path.name in {ABOUT, MANIFEST} else path
    if path.name != ABOUT and is_folder_set(folder):
        return _folder_set(folder, pairs, depth_is)
    for name, description in ((ABOUT, _checkpoint), (MANIFEST, _by_manifest)):
        if path.name == name or file_identity(path / name):
            return description(folder)
    if is_folder(path):
        return _checkpoint(_newest_of_run(path))
    by_suffix = {".onnx": _model, ".tar": _shard, ".json": _depth_sidecar, ".npy": _depth_values}
    return by_suffix.get(path.suffix.lower(), _picture)(path)


def _newest_of_run(folder: Path) -> Path:
    """The newest checkpoint of a run; of any other folder, why nothing can be said of it."""
    from cleanplate.jobs.ledger import refuse_unfinished
    from cleanplate.sample.manifest import MANIFEST
    from cleanplate.train.runs import ABOUT, newest_checkpoint

    newest = newest_checkpoint(folder)
    if newest is not None:
        return newest
    refuse_unfinished(folder)
    raise InputError(
        f"{folder}: holds neither {ABOUT} nor {MANIFEST} nor fg_bg/; name a file, run, checkpoint, data set or pack"
    )


def _picture(path: Path) -> Facts:
    from cleanplate.imaging.colour import profile_effect, profile_name
    from cleanplate.imaging.decoding import read_header
    from cleanplate.imaging.files import OTHER_SUFFIXES, PICTURE_SUFFIXES, is_file

    try:
        header = read_header(path)
    except InputError:
        if is_file(path) and path.suffix.lower() not in {*PICTURE_SUFFIXES, *OTHER_SUFFIXES}:
            raise InputError(
                f"{path}: is nothing that inspect knows; name a picture, model (.onnx), depth map, shard, run, "
                "checkpoint, data set or pack"
            ) from None
        raise
    profile = None
    if header.profile is not None:
        effect = profile_effect(header.profile, header.channels)
        remark = {"converts": "converted to sRGB", "is sRGB": "the same as sRGB", "unusable": "ignored, sRGB assumed"}
        profile = f"{profile_name(header.profile)} ({remark[effect]})"
    return {
        "file": str(path),
        "kind": "picture",
        "format": header.file_format,
        "width": header.size_hw[1],
        "height": header.size_hw[0],
        "bits": header.bits,
        "colour": {1: "grey", 3: "RGB", 4: "CMYK"}[header.channels],
        "transparency": header.has_alpha,
        "profile": profile,
        "orientation": header.orientation,
    }


def _model(path: Path) -> Facts:
    from cleanplate.runtime.model_file import read_model_file

    model = read_model_file(path)
    return {
        "file": str(path),
        "kind": "model",
        "bytes": len(model.data),
        "sha256": model.sha256,
        "opset": model.opset,
        "producer": model.producer,
        "contract": json.loads(model.contract.to_json()),
    }


def _depth_sidecar(path: Path) -> Facts:
    fields = _fields(path)
    if missing := _DEPTH_KEYS - fields.keys():
        raise InputError(f"{path}: lacks {', '.join(sorted(missing))}; this describes no depth map of cleanplate")
    return {"file": str(path), "kind": "depth map", **fields}


def _depth_values(path: Path) -> Facts:
    """The shape and range of a map, and what its sidecar says where there is one."""
    import numpy as np

    from cleanplate.imaging.depthfile import read_npy
    from cleanplate.imaging.files import file_identity

    values = read_npy(path)
    if values.ndim != 2 or values.dtype.kind != "f" or not values.size:
        raise InputError(f"{path}: holds {values.dtype} of shape {values.shape}; a depth map is floats (height, width)")
    finite = values[np.isfinite(values)]
    facts: Facts = {
        "file": str(path),
        "kind": "depth map",
        "shape": list(values.shape),
        "dtype": str(values.dtype),
        "range": [float(finite.min()), float(finite.max())] if finite.size else None,
        **({} if finite.size == values.size else {"no_numbers": int(values.size - finite.size)}),
    }
    sidecar = path.with_suffix(".json")
    return {**_depth_sidecar(sidecar), **facts} if file_identity(sidecar) else facts


def _shard(path: Path) -> Facts:
    from cleanplate.sample.contents import Contents, read_sample
    from cleanplate.sample.members import decode_members

    contents = Contents(path)
    if not len(contents):
        raise InputError(f"{path}: holds no samples; make the data set again")
    try:
        size_hw = decode_members(read_sample(path, int(contents.starts[0])), layers=False).alpha.shape
    except (OSError, InputError) as error:
        raise InputError(f"{path}: its first sample cannot be read ({error}); make the data set again") from error
    return {
        "file": str(path),
        "kind": "shard",
        "bytes": path.stat().st_size,
        "num_samples": len(contents),
        "members": list(contents.names),
        "size_hw": list(size_hw),
    }


def _folder_set(folder: Path, pairs: Sequence[str], depth_is: str | None) -> Facts:
    from cleanplate.sample.folder_reader import open_folder_set

    opened = open_folder_set(folder, pairs)
    told = opened.manifest
    if told is not None and depth_is:
        raise UsageError(f"{folder}: its manifest says what its depth is; leave --depth-is out")
    facts: Facts = {
        "file": str(folder),
        "kind": "folders",
        "num_samples": len(opened.pairs),
        "num_pictures": {kind: len(listing.files) for kind, listing in opened.listings.items()},
        "pairs": dict(opened.rule.templates),
    }
    if not opened.has_depth and depth_is:
        raise UsageError(f"{folder}: has no depth images; leave --depth-is out")
    if told is None:
        depth = (depth_is or "give --depth-is to read it") if opened.has_depth else None
        return facts | {"manifest": None, "depth": depth}
    depth = None if told.depth is None else told.depth.as_json()
    size = None if told.size_hw is None else list(told.size_hw)
    return facts | {"fingerprint": told.fingerprint, "size_hw": size, "depth": depth, "about": dict(told.about)}


def _checkpoint(folder: Path) -> Facts:
    from cleanplate.train.runs import ABOUT

    path = folder / ABOUT
    fields = _fields(path)
    if missing := _CHECKPOINT_KEYS - fields.keys():
        raise InputError(f"{path}: lacks {', '.join(sorted(missing))}; this is no checkpoint of cleanplate")
    return {"file": str(folder), "kind": "checkpoint", **fields}


def _by_manifest(folder: Path) -> Facts:
    """A data set in shards or a pack: whichever its manifest says, and whole."""
    from cleanplate.sample.manifest import MANIFEST
    from cleanplate.sample.shards import FORMAT, ShardReader
    from cleanplate.synth.pack import is_pack, open_pack

    path = folder / MANIFEST
    fields = _fields(path)
    if is_pack(fields):
        return {"file": str(folder), "kind": "pack", **open_pack(folder).manifest}
    if fields.get("format") == FORMAT:
        ShardReader(folder)  # refuses another version, and tars that are missing or cut off
        return {"file": str(folder), "kind": "shards", **fields}
    raise InputError(f"{path}: is no manifest of a cleanplate data set or pack; name one of these")


def _fields(path: Path) -> Facts:
    """The JSON object in a file."""
    from cleanplate.imaging.jsonfile import read_object

    fields = read_object(path, "copy it again from where it came")
    if fields is None:
        raise InputError(f"{path}: there is no such file; check the name")
    return fields
