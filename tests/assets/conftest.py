"""Tiny libraries of furniture, as the real ones are built."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from cleanplate.assets.sweethome import Entry, read_libraries

CHAIR = """mtllib chair.mtl
v 0 0 0
v 1 0 0
v 1 0 1
v 0 0 1
v 0 2 0
v 1 2 0
vt 0 0
vt 1 0
vt 1 1
vt 0 1
usemtl cloth
f 1/1 2/2 3/3 4/4
usemtl wood
f 1/1 2/2 6/3 5/4
"""
"""In the file's axes (y up, front toward +z): a seat at y = 0 and a back that rises from its edge at z = 0."""

MATERIALS = "newmtl cloth\nKd 0.8 0.1 0.1\nmap_Kd cloth.png\nnewmtl wood\nKd 0.4 0.3 0.2\nKs 0.9 0.9 0.9\n"

CATALOGUE = r"""id=x
id#1=Lib#chair
name#1=Chai\u0073e
creator#1=Ann
model#1=/lib/chair/chair.obj
width#1=50
depth#1=40
height#1=90
"""

MakeLibraries = Callable[..., dict[str, Entry]]


@pytest.fixture
def libraries(tmp_path: Path) -> MakeLibraries:
    """Call it with the licence files' contents by path (beside the model) to get the entries."""

    def make(licences: dict[str, str], picture: str = "cloth.png") -> dict[str, Entry]:
        folder = tmp_path / "usr/share/sweethome3d/furniture"
        folder.mkdir(parents=True)
        for library in ("BlendSwap-CC-0", "BlendSwap-CC-BY", "KatorLegaz", "Scopia"):
            data = io.BytesIO()
            with zipfile.ZipFile(data, "w") as archive:
                archive.writestr("PluginFurnitureCatalog.properties", CATALOGUE)
                archive.writestr("lib/chair/chair.obj", CHAIR)
                archive.writestr("lib/chair/chair.mtl", MATERIALS.replace("cloth.png", picture))
                pixels = np.full((8, 8, 3), (40, 80, 200), np.uint8)
                archive.writestr(f"lib/chair/{picture}", cv2.imencode(".png", pixels)[1].tobytes())
                for path, text in licences.items():
                    archive.writestr(f"lib/chair/{path}", text)
            (folder / f"{library}.sh3f").write_bytes(data.getvalue())
        return read_libraries(tmp_path)

    return make
