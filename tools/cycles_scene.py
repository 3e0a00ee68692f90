"""Renders scenes that `compare_with_cycles.py` wrote down; runs in a Python that has Blender's module bpy 4.2.

Run as `python cycles_scene.py FOLDER NUM_SCENES SAMPLES`: NN-scene.npz becomes NN-cycles.npz.
"""

import sys
import time
from pathlib import Path
from typing import Any

import bpy
import numpy as np
from mathutils import Matrix

_MIRROR_ROUGHNESS = 0.15
"""Of glossy surfaces: Blender squares it, which makes about our mirrors' blur of 0.03."""


def image(name: str, pixels: Any) -> Any:
    """A linear picture (h, w, 3) inside Blender, whose first row is the lowest."""
    h, w, _ = pixels.shape
    out = bpy.data.images.new(name, w, h, alpha=False, float_buffer=True)
    out.colorspace_settings.name = "Linear Rec.709"
    rgba = np.ones((h, w, 4), np.float32)
    rgba[..., :3] = pixels[::-1]
    out.pixels.foreach_set(rgba.ravel())
    return out


def empty_material(name: str) -> tuple[Any, Any, Any]:
    """A material without nodes, its nodes, and what links two sockets."""
    out = bpy.data.materials.new(name)
    out.use_nodes = True
    out.node_tree.nodes.clear()
    return out, out.node_tree.nodes, out.node_tree.links.new


def material(data: Any, k: int) -> Any:
    """A surface as shader nodes: diffuse with a Fresnel reflection, or emission; mixed with transparency."""
    out, nodes, link = empty_material(f"surface{k}")
    gloss, *emission = data[f"facts{k}"]
    texture = nodes.new("ShaderNodeTexImage")
    texture.image = image(f"texture{k}", data[f"texture{k}"])
    if max(emission) > 0:
        shader, scale = nodes.new("ShaderNodeEmission"), nodes.new("ShaderNodeVectorMath")
        scale.operation = "MULTIPLY"
        scale.inputs[1].default_value = emission
        link(texture.outputs["Color"], scale.inputs[0])
        link(scale.outputs[0], shader.inputs["Color"])
        out.cycles.emission_sampling = "NONE"  # only the camera and mirrors see it
    else:
        shader, root = nodes.new("ShaderNodeBsdfPrincipled"), float(np.sqrt(gloss))
        shader.inputs["Roughness"].default_value = _MIRROR_ROUGHNESS if gloss else 1.0
        shader.inputs["Specular IOR Level"].default_value = 0.5 if gloss else 0.0
        shader.inputs["IOR"].default_value = (1 + root) / (1 - root)  # reflects `gloss` at normal incidence
        link(texture.outputs["Color"], shader.inputs["Base Color"])
    result = shader.outputs[0]
    if f"opacity{k}" in data:
        alpha, clear = nodes.new("ShaderNodeTexImage"), nodes.new("ShaderNodeBsdfTransparent")
        alpha.image = image(f"opacity{k}", np.repeat(data[f"opacity{k}"][..., None], 3, 2))
        alpha.interpolation = "Closest"
        mix = nodes.new("ShaderNodeMixShader")
        for source, socket in zip((alpha.outputs["Color"], clear.outputs[0], result), mix.inputs, strict=True):
            link(source, socket)
        result = mix.outputs[0]
    link(result, nodes.new("ShaderNodeOutputMaterial").inputs["Surface"])
    return out


def lamp_material(radiance: Any) -> Any:
    """Shines from its front only, and hides nothing."""
    out, nodes, link = empty_material("lamp")
    shine, dark, clear = (nodes.new(f"Shader{x}") for x in ("NodeEmission", "NodeEmission", "NodeBsdfTransparent"))
    level = max(float(np.max(radiance)), 1e-6)
    shine.inputs["Color"].default_value = (*(radiance / level), 1)
    shine.inputs["Strength"].default_value, dark.inputs["Strength"].default_value = level, 0
    mix, side = nodes.new("ShaderNodeMixShader"), nodes.new("ShaderNodeNewGeometry")
    both = nodes.new("ShaderNodeAddShader")
    for source, socket in zip((side.outputs["Backfacing"], shine.outputs[0], dark.outputs[0]), mix.inputs, strict=True):
        link(source, socket)
    link(mix.outputs[0], both.inputs[0])
    link(clear.outputs[0], both.inputs[1])
    link(both.outputs[0], nodes.new("ShaderNodeOutputMaterial").inputs["Surface"])
    return out


def add_mesh(looks: Any, vertices: Any, triangles: Any, *, uv: Any = None, smooth: bool = False) -> Any:
    """Triangles as an object of the scene."""
    mesh = bpy.data.meshes.new("mesh")
    mesh.vertices.add(len(vertices))
    mesh.vertices.foreach_set("co", np.asarray(vertices, np.float32).ravel())
    mesh.loops.add(3 * len(triangles))
    mesh.loops.foreach_set("vertex_index", np.asarray(triangles, np.int32).ravel())
    mesh.polygons.add(len(triangles))
    mesh.polygons.foreach_set("loop_start", np.arange(0, 3 * len(triangles), 3, dtype=np.int32))
    mesh.polygons.foreach_set("use_smooth", np.full(len(triangles), smooth))
    if uv is not None:
        mesh.uv_layers.new().data.foreach_set("uv", np.asarray(uv, np.float32).ravel())
    mesh.materials.append(looks)
    mesh.update(calc_edges=True)
    out = bpy.data.objects.new("mesh", mesh)
    bpy.context.scene.collection.objects.link(out)
    return out


def build(data: Any) -> None:
    """Everything of a scene, in an empty file."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    looks = [material(data, k) for k in range(sum(name.startswith("facts") for name in data))]
    for k in range(sum(name.startswith("vertices") for name in data)):
        number, smooth = data[f"looks{k}"]
        uv = data[f"uv{k}"]
        thing = add_mesh(looks[number], data[f"vertices{k}"], data[f"triangles{k}"], uv=uv, smooth=bool(smooth))
        thing.visible_diffuse = not max(data[f"facts{number}"][1:]) > 0  # what glows has a lamp of its own
    for origin, u, v, radiance in data["lights"]:
        corners = np.stack([origin, origin + u, origin + u + v, origin + v])
        lamp = add_mesh(lamp_material(radiance), corners, [[0, 1, 2], [0, 2, 3]])
        lamp.visible_camera = lamp.visible_glossy = lamp.visible_shadow = False
    add_camera(data)
    add_sky(data["sky"])


def add_camera(data: Any) -> None:
    """The view; Blender's cameras look backward along their z axis, as ours do."""
    camera = bpy.data.cameras.new("camera")
    camera.sensor_fit, camera.angle = "HORIZONTAL", float(np.radians(data["fov_deg"]))
    camera.clip_start, camera.clip_end = 0.01, 1000
    pose = np.eye(4)
    pose[:3, :3], pose[:3, 3] = data["axes"], data["eye"]
    view = bpy.data.objects.new("camera", camera)
    view.matrix_world = Matrix(pose.tolist())  # a plain list would be taken column by column
    bpy.context.scene.collection.objects.link(view)
    bpy.context.scene.camera = view


def add_sky(radiance: Any) -> None:
    """One colour (3,), or a panorama (h, w, 3) whose middle lies toward +y; the middle of Blender's toward +x."""
    world = bpy.context.scene.world = bpy.data.worlds.new("sky")
    world.use_nodes = True
    nodes, link = world.node_tree.nodes, world.node_tree.links.new
    if radiance.ndim == 1:
        nodes["Background"].inputs["Color"].default_value = (*radiance, 1)
        return
    panorama, turn, where = (nodes.new(f"ShaderNode{x}") for x in ("TexEnvironment", "Mapping", "TexCoord"))
    panorama.image = image("sky", radiance)
    turn.inputs["Rotation"].default_value = (0, 0, -np.pi / 2)
    link(where.outputs["Generated"], turn.inputs["Vector"])
    link(turn.outputs["Vector"], panorama.inputs["Vector"])
    link(panorama.outputs["Color"], nodes["Background"].inputs["Color"])


def set_up(folder: Path, size_hw: Any) -> None:
    """One thread; picture.exr and depth-0001.exr go to the folder."""
    scene = bpy.context.scene
    scene.render.engine, scene.cycles.device = "CYCLES", "CPU"
    scene.cycles.use_adaptive_sampling = scene.cycles.caustics_reflective = False
    scene.cycles.pixel_filter_type = "BLACKMAN_HARRIS"
    scene.cycles.max_bounces = scene.cycles.diffuse_bounces = 12
    scene.cycles.transparent_max_bounces = 32
    scene.render.threads_mode, scene.render.threads = "FIXED", 1
    scene.render.resolution_y, scene.render.resolution_x = (int(x) for x in size_hw)
    scene.render.image_settings.file_format, scene.render.image_settings.color_depth = "OPEN_EXR", "32"
    scene.render.filepath = str(folder / "picture.exr")
    scene.view_settings.view_transform = "Raw"
    scene.view_layers[0].use_pass_z = True
    scene.use_nodes = True
    nodes, link = scene.node_tree.nodes, scene.node_tree.links.new
    nodes.clear()
    layers, keep = nodes.new("CompositorNodeRLayers"), nodes.new("CompositorNodeOutputFile")
    keep.base_path, keep.format.file_format, keep.format.color_depth = str(folder), "OPEN_EXR", "32"
    keep.file_slots[0].path = "depth-"
    link(layers.outputs["Depth"], keep.inputs[0])
    link(layers.outputs["Image"], nodes.new("CompositorNodeComposite").inputs[0])


def render(samples: int, filter_px: float) -> float:
    """Render the scene, smoothed if there are many samples a pixel; return the CPU seconds."""
    cycles = bpy.context.scene.cycles
    cycles.samples, cycles.filter_width, cycles.use_denoising = samples, filter_px, samples > 1
    start = time.process_time()
    bpy.ops.render.render(write_still=True)
    return time.process_time() - start


def read(path: Path) -> Any:
    """Pixels (h, w, 3) of an OpenEXR file, first row on top."""
    picture = bpy.data.images.load(str(path))
    picture.colorspace_settings.name = "Non-Color"
    w, h = picture.size
    pixels = np.empty(w * h * 4, np.float32)
    picture.pixels.foreach_get(pixels)
    bpy.data.images.remove(picture)
    return pixels.reshape(h, w, 4)[::-1, :, :3]


def main() -> None:
    """Render scene after scene."""
    folder, num_scenes, samples = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    for number in range(num_scenes):
        data = dict(np.load(folder / f"{number:02d}-scene.npz"))
        build(data)
        set_up(folder, data["size_hw"])
        render(1, 0.01)  # one ray through the middle of every pixel
        depth_m = read(folder / "depth-0001.exr")[..., 0]
        seconds = render(samples, 1.5)
        radiance = read(folder / "picture.exr")
        np.savez(folder / f"{number:02d}-cycles.npz", radiance=radiance, depth_m=depth_m, seconds=seconds)


if __name__ == "__main__":
    main()
