"""Renders some of our scenes, with actors, also with Blender Cycles, and compares depth and looks.

    python3.11 -m venv .venv-blender && .venv-blender/bin/pip install bpy==4.2.0
    .venv/bin/python tools/compare_with_cycles.py --blender-python .venv-blender/bin/python --work out/cycles \
        --picture docs/renderer.jpg

Takes some six minutes of one core; our CPU seconds are right from the second time on, when all loops are compiled.
Blender is GPL software that runs as a program of its own here (`tools/cycles_scene.py`); the package never meets it.
"""

import argparse
import json
import subprocess
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from cleanplate.imaging import Image
from cleanplate.imaging.colour import linear_to_srgb
from cleanplate.synth.geometry.mesh import Mesh
from cleanplate.synth.places.rooms import make_scene
from cleanplate.synth.render.render import render_plate, render_shot
from cleanplate.synth.scene import Scene
from cleanplate.synth.shooting import ASSETS, load_parts
from cleanplate.synth.staging import Cast, stage

SIZE_HW = (240, 320)


def make(folder: Path, number: int, assets: str) -> None:
    """Render one scene with actors in it, and write it down for Blender."""
    parts = load_parts(assets)
    for attempt in range(20):
        rng = np.random.default_rng([31, number, attempt])
        scene = make_scene(rng, SIZE_HW, parts)
        actors = stage(rng, scene, Cast({"a": parts.person(rng), "b": parts.person(rng)}), parts)
        start = time.process_time()
        shot = render_shot(render_plate(scene, 1), actors, 2)
        seconds = time.process_time() - start
        if 0.02 < shot.alpha.mean() < 0.5:
            break
    else:
        raise SystemExit(f"scene {number}: nobody came into view")
    found = {"radiance": shot.radiance, "depth_m": shot.depth_m, "alpha": shot.alpha, "seconds": seconds}
    np.savez(folder / f"{number:02d}-ours.npz", **found)
    meshes = [*scene.meshes, *(mesh for actor in actors for mesh in actor.meshes)]
    np.savez(folder / f"{number:02d}-scene.npz", **_written(scene, meshes))


def _written(scene: Scene, meshes: list[Mesh]) -> dict[str, Any]:
    """The scene as plain arrays."""
    camera = scene.camera
    out: dict[str, Any] = {
        "eye": camera.eye,
        "axes": camera.axes,
        "fov_deg": camera.fov_deg,
        "size_hw": camera.size_hw,
        "sky": scene.sky,
        "lights": np.array([[x.origin, x.side_u, x.side_v, x.radiance] for x in scene.lights]).reshape(-1, 4, 3),
    }
    surfaces = list({id(m.surface): m.surface for m in meshes}.values())
    for k, surface in enumerate(surfaces):
        out[f"texture{k}"] = surface.texture
        out[f"facts{k}"] = [surface.gloss, *(surface.emission or (0, 0, 0))]
        if surface.opacity is not None:
            out[f"opacity{k}"] = surface.opacity
    number = {id(surface): k for k, surface in enumerate(surfaces)}
    for k, mesh in enumerate(meshes):
        out[f"vertices{k}"], out[f"triangles{k}"], out[f"uv{k}"] = mesh.vertices, mesh.triangles, mesh.uv
        out[f"looks{k}"] = [number[id(mesh.surface)], int(mesh.smooth)]
    return out


def compare(folder: Path, number: int) -> tuple[dict[str, float], Image]:
    """Depth errors, light and CPU seconds of one scene, and ours beside Cycles', (h, 2 w, 3) sRGB."""
    ours, cycles = (dict(np.load(folder / f"{number:02d}-{who}.npz")) for who in ("ours", "cycles"))
    solid = cycles["depth_m"] < 1e4  # the sky is at 1e10
    both = (ours["depth_m"] > 0) & solid
    error = np.abs(ours["depth_m"] / np.where(both, cycles["depth_m"], 1) - 1)
    ratio = np.log2(np.maximum(ours["radiance"].mean(-1), 1e-4) / np.maximum(cycles["radiance"].mean(-1), 1e-4))
    facts = {
        "depth_error": float(np.median(error[both])),
        "actor_depth_error": float(np.median(error[both & (ours["alpha"] == 1)])),
        "depth_off_by_1_percent": float(np.mean(error[both] > 0.01)),
        "sky_differs": float(np.mean((ours["depth_m"] > 0) != solid)),
        "brightness": float(2 ** np.median(ratio)),
        "uneven_stops": float(np.median(np.abs(ratio - np.median(ratio)))),
        "our_cpu_s": float(ours["seconds"]),
        "cycles_cpu_s": float(cycles["seconds"]),
    }
    both_bright = [np.percentile(radiance.mean(-1), 75) for radiance in (ours["radiance"], cycles["radiance"])]
    x = np.hstack([ours["radiance"], cycles["radiance"]]) * (0.6 / max(both_bright))  # one exposure for both
    shoulder = np.where(x < 0.7, x, 1 - 0.3 * np.exp(-(np.maximum(x, 0.7) - 0.7) / 0.3))
    return facts, linear_to_srgb(shoulder.astype(np.float32))


def draw(pairs: list[Image], path: Path) -> None:
    """All pairs as one JPEG, four in a row."""
    h, w = SIZE_HW[0] * 5 // 8, SIZE_HW[1] * 5 // 4
    small = [cv2.resize(pair, (w, h), interpolation=cv2.INTER_AREA) for pair in pairs]
    small += [np.ones((h, w, 3), np.float32)] * (-len(small) % 4)
    sheet = np.vstack([np.hstack(small[k : k + 4]) for k in range(0, len(small), 4)])
    cv2.imwrite(str(path), (sheet * 255 + 0.5).astype(np.uint8)[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 76])


def main() -> None:
    """Make the scenes, have Blender render them, print the figures, draw the pictures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--blender-python", required=True, help="a Python that can import bpy")
    parser.add_argument("--work", type=Path, required=True, help="folder for what is in between")
    parser.add_argument("--scenes", type=int, default=20)
    parser.add_argument("--samples", type=int, default=32, help="of Cycles, a pixel")
    parser.add_argument("--assets", choices=ASSETS, default="pack")
    parser.add_argument("--picture", type=Path, help="JPEG of all pairs, ours on the left")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    cv2.setNumThreads(1)
    for number in range(options.scenes):
        make(options.work, number, options.assets)
    script = Path(__file__).with_name("cycles_scene.py")
    command = [options.blender_python, script, options.work, str(options.scenes), str(options.samples)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    rows = [compare(options.work, number) for number in range(options.scenes)]
    for number, (facts, _) in enumerate(rows):
        print(number, json.dumps({name: float(f"{value:.3g}") for name, value in facts.items()}))
    for name in rows[0][0]:
        values = [facts[name] for facts, _ in rows]
        print(f"{name}: median {np.median(values):.3g}, {np.min(values):.3g} to {np.max(values):.3g}")
    if options.picture:
        draw([pair for _, pair in rows], options.picture)


if __name__ == "__main__":
    main()
