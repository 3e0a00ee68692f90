"""What is on somebody's head: hair, eyebrows, beard, hats and caps, glasses, a scarf."""

from dataclasses import dataclass

import numpy as np

from cleanplate.synth import textures
from cleanplate.synth.geometry.mesh import Mesh, Surface, box, grid
from cleanplate.synth.geometry.vectors import Bools, Floats, unit, vector
from cleanplate.synth.people import complexion
from cleanplate.synth.people.anatomy import Anatomy, Body, vertex_normals
from cleanplate.synth.people.wardrobe import Wardrobe, Worn

_WOMEN = {
    "bob01": 2,
    "bob02": 0.8,
    "long01": 2.5,
    "ponytail01": 2,
    "Braid01": 1.5,
    "short01": 0.5,
    "short03": 1,
    "afro01": 1,
}
_MEN = {"short01": 2, "short02": 2.5, "short03": 0.8, "short04": 2, "afro01": 1, "bob02": 0.15, "none": 1.2}
_UNDER_HATS = frozenset({"none", "short02", "short03", "short04"})
"""Hair that a hat goes over without holes."""


def headgear(rng: np.random.Generator, anatomy: Anatomy, wardrobe: Wardrobe, body: Body, tone: Floats) -> list[Worn]:
    """Everything on the head, fitted; `tone` (3,) is the hair's linear albedo."""
    skull = _Skull(anatomy, body)
    brow = wardrobe.item("eyebrows", str(rng.choice(wardrobe.names["eyebrows"])))
    out = [brow.worn_by(body, complexion.tinted(brow, tone * np.float32(0.7)))]
    styles = _WOMEN if body.male < 0.5 else _MEN
    share = np.array(list(styles.values()), float)
    style = str(rng.choice(list(styles), p=share / share.sum()))
    hat = rng.random()
    capped = hat < 0.13
    if capped:
        out += skull.cap(rng, peaked=hat > 0.07)
    elif hat < 0.18 and style in _UNDER_HATS:
        fedora = wardrobe.item("hat", str(rng.choice(wardrobe.names["hat"])))
        out.append(fedora.worn_by(body, complexion.recoloured(rng, fedora)))
    if style != "none":
        item = wardrobe.item("hair", style)
        hair = item.worn_by(body, complexion.tinted(item, tone))
        keep = skull.below_cap(hair) if capped else np.ones(len(hair.triangles), bool)
        out += [hair.trimmed(keep)] if keep.any() else []
    if body.male > 0.5 and body.years > 20 and rng.random() < 0.28:
        out.append(skull.beard(rng, tone))
    if body.years > 8 and rng.random() < 0.16:
        out += skull.glasses(rng)
    if rng.random() < 0.05:
        out.append(skull.scarf(rng))
    return out


@dataclass(frozen=True, eq=False)
class _Skull:
    """Measures of a head at rest."""

    anatomy: Anatomy
    body: Body

    @property
    def _skin(self) -> Floats:
        return self.body.vertices[: self.anatomy.ends[0]]

    @property
    def _eyes(self) -> Floats:
        """(2, 3) middles of the left (x > 0) and the right eye."""
        part, _ = self.anatomy.group("eyes")
        points: Floats = self.body.vertices[part]
        return np.stack([points[points[:, 0] > 0].mean(0), points[points[:, 0] <= 0].mean(0)])

    @property
    def _scale(self) -> float:
        """Size of the face against an average one's, by the distance of the eyes."""
        left, right = self._eyes
        return float(left[0] - right[0]) / 0.062

    def _rigid(self, mesh: Mesh) -> Worn:
        weights = np.zeros((len(mesh.vertices), len(self.anatomy.bones)), np.float32)
        weights[:, self.anatomy.index["head"]] = 1
        return Worn(mesh.vertices, weights, mesh.triangles, mesh.uv, mesh.surface)

    def _above_rim(self, points: Floats) -> Floats:
        """(n,) metres above the rim of a cap, which is lower behind."""
        eyes = self._eyes.mean(0)
        rim = eyes[2] + 0.034 * self._scale - 0.28 * np.maximum(points[:, 1] - eyes[1], 0)
        return points[:, 2] - rim

    def below_cap(self, hair: Worn) -> Bools:
        """(m,) which triangles of hair a cap leaves to be seen: those behind the face and under the rim."""
        under = (self._above_rim(hair.rest) < 0.01) & (hair.rest[:, 1] > self._eyes[0, 1] + 0.06 * self._scale)
        return under[hair.triangles].all(1)

    def cap(self, rng: np.random.Generator, peaked: bool) -> list[Worn]:
        """The skull above the rim, let out; with a peak, or knitted and a little higher."""
        skin, triangles = self._skin, self.anatomy.triangles
        above = self._above_rim(skin)
        keep = ((self.anatomy.part[: len(skin)] == self.anatomy.index["head"]) & (above > 0))[triangles].all(1)
        rise = np.clip(above / 0.1, 0, 1)[:, None] * float(rng.uniform(0, 0.012 if peaked else 0.03))
        rest = skin + vertex_normals(skin, triangles) * float(rng.uniform(0.016, 0.022)) + rise * vector(0, 0.3, 1)
        uv = (np.stack([rest[:, 0] + rest[:, 1], rest[:, 2]], -1) / np.float32(0.3))[triangles]
        cloth = complexion.cloth(rng)
        crown = Worn(rest.astype(np.float32), self.anatomy.skin[: len(skin)], triangles, uv.astype(np.float32), cloth)
        crown = crown.trimmed(keep)
        return [crown, self._peak(crown.rest, cloth)] if peaked else [crown]

    def _peak(self, crown: Floats, cloth: Surface) -> Worn:
        """What shades the eyes."""
        low, high = crown.min(0), crown.max(0)
        eyes = self._eyes.mean(0)
        middle, half = (low + high) / 2, (high - low) / 2
        angle = np.linspace(-1.05, 1.05, 9)[None]
        out = np.linspace(0, 1, 4)[:, None]
        reach = 1 + out * 0.085 * np.cos(angle) / half[1]
        z = eyes[2] + 0.036 * self._scale - 0.02 * out
        points = np.stack(
            np.broadcast_arrays(
                half[0] * 0.98 * np.sin(angle) * (1 + 0.06 * out), middle[1] - half[1] * 0.97 * np.cos(angle) * reach, z
            ),
            -1,
        )
        return self._rigid(grid(points, points[..., :2] / 0.3, cloth))

    def beard(self, rng: np.random.Generator, tone: Floats) -> Worn:
        """The skin of chin and jaw, let out a little and strewn with hair; the lips stay free."""
        skin, triangles = self._skin, self.anatomy.triangles
        local = (skin - self._eyes.mean(0)) / self._scale
        x, y, z = np.abs(local[:, 0]), local[:, 1], local[:, 2]
        jaw = (z < -0.052) & (z > -0.15) & (y < 0.075) & (z < -0.03 - 0.5 * np.maximum(0.05 - x, 0))
        lips = (x < 0.029) & (np.abs(z + 0.076) < 0.0125)
        chin_only = rng.random() < 0.35
        mine = jaw & ~lips & ((x < 0.035) | (not chin_only))
        keep = (mine & (self.anatomy.part[: len(skin)] == self.anatomy.index["head"]))[triangles].all(1)
        thick = float(rng.choice([0.0012, 0.004, 0.009]))
        rest = (skin + vertex_normals(skin, triangles) * thick).astype(np.float32)
        noise = textures.cloud(rng, 0.4) + 0.6 * textures.cloud(rng, 1.2)
        opacity = (noise > float(rng.uniform(-0.9, 0.1))).astype(np.float32)
        strands = np.clip(tone * np.exp(0.25 * noise)[..., None], 0.004, 0.7).astype(np.float32)
        uv = (np.stack([local[:, 0], local[:, 2]], -1) / np.float32(0.12))[triangles]
        surface = Surface(strands, opacity=opacity)
        return Worn(rest, self.anatomy.skin[: len(skin)], triangles, uv.astype(np.float32), surface).trimmed(keep)

    def glasses(self, rng: np.random.Generator) -> list[Worn]:
        """Two rims, a bridge and the sides; dark lenses for one in four."""
        s, eyes = self._scale, self._eyes
        frame = Surface(textures.plain(rng, textures.colour(rng, (0, 0.6), (0.03, 0.35))), gloss=0.04)
        dark = rng.random() < 0.25
        wide, high = rng.uniform(0.023, 0.028) * s, rng.uniform(0.016, 0.024) * s
        skin = self._skin
        front = float(eyes[:, 1].min()) - 0.022 * s
        ears = float(eyes[:, 1].mean()) + 0.085 * s
        angle = np.linspace(0, 2 * np.pi, 17)
        out: list[Mesh] = []
        for eye in eyes:
            centre = vector(eye[0], front, eye[2] - 0.002 * s)
            inner = np.stack([wide * np.cos(angle), 0 * angle, high * np.sin(angle)], -1)
            ring = np.stack([inner * 0.93, inner * 1.0 - vector(0, 0.003, 0), inner * 1.07], 0) + centre
            out.append(grid(ring, np.zeros((3, 17, 2)), frame))
            if dark:
                lens = np.stack([inner * 0.02, inner * 0.95], 0) + centre
                out.append(grid(lens, np.zeros((2, 17, 2)), Surface(np.full((4, 4, 3), 0.015, np.float32), gloss=0.08)))
            side = np.sign(eye[0])
            temple = float(
                np.abs(skin[(np.abs(skin[:, 2] - eye[2]) < 0.01) & (np.abs(skin[:, 1] - ears) < 0.02), 0]).max(
                    initial=0.07 * s
                )
            )
            hinge, behind = eye[0] + side * wide, side * min(temple, 0.082 * s) * 0.97
            arm = np.array([[[hinge, front, z], [behind, ears, z]] for z in (eye[2] + 0.004 * s, eye[2])], np.float32)
            out.append(grid(arm, np.zeros((2, 2, 2)), frame))
        gap = eyes[1, 0] + wide, eyes[0, 0] - wide
        height = float(eyes[0, 2])
        out.append(box((gap[0], front - 0.002, height), (gap[1], front + 0.001, height + 0.004 * s), frame))
        return [self._rigid(mesh) for mesh in out]

    def scarf(self, rng: np.random.Generator) -> Worn:
        """A roll of cloth around the neck."""
        names = self.anatomy.index
        low, high = self.body.heads[names["neck01"]], self.body.heads[names["neck03"]]
        axis = unit(high - low)
        centre = low + 0.35 * (high - low)
        offset = self._skin - centre
        along = offset @ axis
        near = offset[np.abs(along) < 0.03 * self._scale]
        radial = near - (near @ axis)[:, None] * axis
        radial = radial[np.linalg.norm(radial, axis=1) < 0.13]
        wide, deep = np.abs(radial[:, 0]).max(), np.abs(radial[:, 1]).max()
        thick = float(rng.uniform(0.02, 0.032)) * self._scale
        around, tube = np.linspace(0, 2 * np.pi, 25)[None], np.linspace(0, 2 * np.pi, 9)[:, None]
        bulge = thick * (1 + 0.2 * np.sin(5 * around + rng.uniform(0, 6)))
        reach = np.array([wide, deep])[:, None, None] + 0.8 * thick + bulge * np.cos(tube)
        ring = np.stack([reach[0] * np.sin(around), reach[1] * np.cos(around), 1.5 * bulge * np.sin(tube)], -1)
        back = unit(vector(0, 1, 0) - axis[1] * axis)
        frame = np.stack([np.cross(back, axis), back, axis], -1)
        points = ring @ frame.T + centre
        uv = np.stack(np.broadcast_arrays(2 * around / np.pi, tube / np.pi), -1)
        mesh = grid(points[:, ::-1], uv[:, ::-1], complexion.cloth(rng))
        weights = np.zeros((len(mesh.vertices), len(self.anatomy.bones)), np.float32)
        weights[:, names["neck01"]] = weights[:, names["spine01"]] = 0.5
        return Worn(mesh.vertices, weights, mesh.triangles, mesh.uv, mesh.surface)
