"""Who wears what: everything about somebody that stays the same from pose to pose."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from cleanplate.synth.geometry.mesh import Surface
from cleanplate.synth.geometry.vectors import Bools, Floats, Ints
from cleanplate.synth.people import complexion
from cleanplate.synth.people.anatomy import Anatomy, Body, vertex_normals, without
from cleanplate.synth.people.headgear import headgear
from cleanplate.synth.people.tailoring import Fit, Tailor, Top, Trousers
from cleanplate.synth.people.wardrobe import Item, Wardrobe, Worn


def dress(rng: np.random.Generator, anatomy: Anatomy, wardrobe: Wardrobe, under: Ints, body: Body) -> list[Worn]:
    """Skin, eyes, hair and clothes of somebody, fitted; skin is the first and the eyes are the second of them.

    `under` (num_body_vertices,) is the pack's nearest vertex of the tights.
    """
    races = [float(share) for share in body.races]
    darkness = float(np.clip(rng.normal(0.1 + 0.75 * races[0] + 0.3 * races[1], 0.14), 0, 1))
    dressing = _Dressing(rng, wardrobe, Tailor(anatomy, under, body), body, np.zeros(anatomy.ends[0], bool))
    if not dressing.below():
        dressing.above()
    dressing.shoes()
    tone = complexion.hair_tone(rng, body.years, darkness)
    on_head = headgear(rng, anatomy, wardrobe, body, tone)
    bare = _bare(rng, anatomy, wardrobe, body, darkness=darkness, hidden=dressing.hidden)
    return [*bare, *dressing.worn, *on_head]


@dataclass
class _Dressing:
    """Clothes put on so far, and which of the body's vertices they hide."""

    rng: np.random.Generator
    wardrobe: Wardrobe
    tailor: Tailor
    body: Body
    hidden: Bools
    worn: list[Worn] = field(default_factory=list[Worn])

    @property
    def _female(self) -> bool:
        return self.body.male < 0.5

    def below(self) -> bool:
        """Trousers, a skirt, or what covers everything at once, in which case the answer is yes."""
        rng = self.rng
        kind = rng.random()
        if self._female and kind < 0.26:
            surface = complexion.cloth(rng)
            flare = Fit(0.013, float(rng.uniform(0.0, 0.14)), float(rng.uniform(0.002, 0.008)))
            self._put_on(self.tailor.skirt(float(rng.uniform(0.75, 1.9)), flare, surface, rng))
            if rng.random() < 0.5:
                self._put_on(self.tailor.top(self._cut(0.12), Fit(0.006, 0.006, 0.002), surface, rng))
                return True
            return False
        if kind < 0.6:
            cut = Trousers(waist=float(rng.uniform(0.27, 0.36)), leg=_leg(rng))
            fit = Fit(0.006, float(rng.choice([0.004, 0.012, 0.03, 0.055])), float(rng.uniform(0.002, 0.006)))
            self._put_on(self.tailor.trousers(cut, fit, complexion.cloth(rng), rng))
            return False
        item = self.wardrobe.item("suit", self._suit(lambda _: True))
        whole = 2 if (item.piece == 2).any() else 1
        self._wear(item, whole)
        return whole == 2

    def above(self) -> None:
        """A top, and sometimes something over it."""
        rng = self.rng
        if rng.random() < 0.36:
            self._wear(self.wardrobe.item("suit", self._suit(lambda item: bool((item.piece == 0).any()))), 0)
            return
        loose = float(rng.choice([0.004, 0.012, 0.025, 0.045]))
        fit = Fit(0.013, loose, float(rng.uniform(0.002, 0.007)))
        self._put_on(self.tailor.top(self._cut(float(rng.uniform(0.05, 0.26))), fit, complexion.cloth(rng), rng))
        if rng.random() < 0.3:
            coat = complexion.cloth(rng)
            cut = Top(
                float(rng.uniform(0.03, 0.2)), float(rng.choice([0.0, 1.9, 1.97], p=[0.15, 0.25, 0.6])), 0.012, 0.7
            )
            over = Fit(0.024 + 0.6 * loose, float(rng.uniform(0.005, 0.03)), float(rng.uniform(0.003, 0.009)))
            self._put_on(self.tailor.top(cut, over, coat, rng))
            if rng.random() < 0.45:
                tails = Fit(0.024 + 0.6 * loose, float(rng.uniform(0.03, 0.07)), 0.006)
                self._put_on(self.tailor.skirt(float(rng.uniform(0.15, 1.4)), tails, coat, rng))

    def shoes(self) -> None:
        """One of sixteen goes barefoot."""
        if self.rng.random() < 0.94:
            self._wear(self.wardrobe.item("shoes", str(self.rng.choice(self.wardrobe.names["shoes"]))), 0)

    def _suit(self, wanted: Callable[[Item], bool]) -> str:
        sex = "female" if self._female else "male"
        names = [n for n in self.wardrobe.names["suit"] if n.startswith(sex) and wanted(self.wardrobe.item("suit", n))]
        return str(self.rng.choice(names))

    def _wear(self, item: Item, piece: int) -> None:
        """Put on one piece of something from the pack."""
        worn = item.worn_by(self.body, complexion.recoloured(self.rng, item))
        covered = item.hidden == piece + 1 if item.hidden is not None else np.zeros_like(self.hidden)
        self._put_on((worn.trimmed(item.piece == piece), covered))

    def _put_on(self, sewn: tuple[Worn, Bools]) -> None:
        self.worn.append(sewn[0])
        self.hidden = self.hidden | sewn[1]

    def _cut(self, hem: float) -> Top:
        rng = self.rng
        sleeve = float(
            rng.choice([0.0, rng.uniform(0.35, 0.95), rng.uniform(1.2, 1.7), 1.96], p=[0.1, 0.38, 0.1, 0.42])
        )
        collar = float(rng.choice([-0.04, 0.0, 0.012, 0.03], p=[0.12, 0.4, 0.3, 0.18]))
        return Top(hem, sleeve, collar, float(rng.uniform(0.0, 0.9)) if collar >= 0 else 0.0)


def _leg(rng: np.random.Generator) -> float:
    """How long trousers are: mostly to the ankle."""
    return float(rng.choice([rng.uniform(0.4, 0.95), rng.uniform(1.2, 1.7), 1.95], p=[0.16, 0.08, 0.76]))


def _bare(
    rng: np.random.Generator, anatomy: Anatomy, wardrobe: Wardrobe, body: Body, *, darkness: float, hidden: Bools
) -> list[Worn]:
    """The skin that shows, the eyes, and gloves for one in 25."""
    shade = darkness + rng.normal(0, 0.1)
    kind = "african" if darkness > 0.6 else "asian" if 0.2 < shade < 0.5 else "caucasian"
    age = "old" if body.years > 58 else "middleage" if body.years > 38 else "young"
    photographs = wardrobe.skins(f"{age}_{kind}_{'female' if body.male < 0.5 else 'male'}")
    photograph = wardrobe.photograph(str(rng.choice(photographs)))
    num = anatomy.ends[0]
    tone = complexion.skin_tone(rng, darkness)
    skin = Surface(complexion.toned(photograph, tone, anatomy.cheeks), gloss=0.015)
    bare = Worn(body.vertices[:num], anatomy.skin[:num], anatomy.triangles, anatomy.uv, skin)
    keep = without(anatomy.triangles, hidden)
    part, triangles = anatomy.group("eyes")
    points: Floats = body.vertices[part]
    eyes = Worn(points, anatomy.skin[part], triangles, _eye_uv(points)[triangles], complexion.eyes(rng))
    if rng.random() >= 0.04:
        return [bare.trimmed(keep), eyes]
    hand = np.array([name.startswith(("wrist", "finger", "metacarpal")) for name in anatomy.bones])
    glove = hand[anatomy.part[:num]][anatomy.triangles].all(1)
    rest = bare.rest + np.float32(0.0025) * vertex_normals(bare.rest, anatomy.triangles)
    leather = Worn(rest, bare.weights, bare.triangles, bare.uv, complexion.cloth(rng))
    return [bare.trimmed(keep & ~glove), eyes, leather.trimmed(glove & keep)]


def _eye_uv(points: Floats) -> Floats:
    """(n, 2) texture coordinates: each eyeball seen from the front fills the texture."""
    uv = np.empty((len(points), 2), np.float32)
    for side in (points[:, 0] >= 0, points[:, 0] < 0):
        eye = points[side]
        low, high = eye.min(0), eye.max(0)
        uv[side] = ((eye - low) / (high - low))[:, [0, 2]]
    return uv
