"""Parametric furniture and objects at metric size.

Every builder takes a generator and returns meshes around the origin: standing on z = 0, its back toward +y, its front
toward -y.
"""

from collections.abc import Callable

import numpy as np

from cleanplate.synth import textures
from cleanplate.synth.geometry.mesh import Mesh, Surface, box, grid, merged, quad, revolved, turn_z

Builder = Callable[[np.random.Generator], list[Mesh]]


def material(rng: np.random.Generator) -> Surface:
    """Wood, paint, plastic or metal for a piece of furniture."""
    kind = rng.choice(3, p=[0.45, 0.4, 0.15])
    if kind == 0:
        return Surface(textures.planks(rng), gloss=float(rng.choice([0.0, 0.03])))
    if kind == 1:
        return Surface(textures.plain(rng, textures.natural(rng, (0, 0.35), (0.1, 0.95))))
    return Surface(textures.plain(rng, textures.colour(rng, (0, 0.75), (0.15, 0.85))))


def upholstery(rng: np.random.Generator) -> Surface:
    """Cloth or leather."""
    return Surface(textures.cloth(rng))


def table(rng: np.random.Generator) -> list[Mesh]:
    """A table or desk, low or high, with four legs or side panels."""
    w, d = rng.uniform(0.5, 2.0), rng.uniform(0.45, 0.95)
    h = rng.uniform(0.38, 0.5) if rng.random() < 0.25 else rng.uniform(0.68, 0.8)
    top, frame = material(rng), material(rng)
    t = rng.uniform(0.02, 0.05)
    out = [box((-w / 2, -d / 2, h - t), (w / 2, d / 2, h), top)]
    if rng.random() < 0.7:
        leg = rng.uniform(0.015, 0.04)
        for sx in (-1, 1):
            for sy in (-1, 1):
                x, y = sx * (w / 2 - leg - 0.03), sy * (d / 2 - leg - 0.03)
                out.append(box((x - leg, y - leg, 0), (x + leg, y + leg, h - t), frame))
    else:
        out += [
            box((x - 0.02, -d / 2 + 0.03, 0), (x + 0.02, d / 2 - 0.03, h - t), frame)
            for x in (-w / 2 + 0.05, w / 2 - 0.05)
        ]
    return out


def chair(rng: np.random.Generator) -> list[Mesh]:
    """A chair with four legs or an office chair on a column; the seat's front edge is at y = -0.22."""
    h, w = rng.uniform(0.42, 0.48), rng.uniform(0.2, 0.25)
    frame = material(rng)
    cover = upholstery(rng) if rng.random() < 0.5 else frame
    back = h + rng.uniform(0.3, 0.55)
    out = [
        box((-w, -0.22, h - 0.05), (w, 0.22, h), cover),
        box((-w, 0.19, h + rng.uniform(0.05, 0.2)), (w, 0.22, back), cover),
    ]
    if rng.random() < 0.65:
        for x in (-w + 0.02, w - 0.02):
            out += [box((x - 0.018, -0.21, 0), (x + 0.018, -0.175, h - 0.05), frame)]
            out += [box((x - 0.018, 0.185, 0), (x + 0.018, 0.22, back), frame)]
    else:
        out += [
            revolved([(0.025, 0.06), (0.025, h - 0.05)], frame),
            revolved([(0.28, 0), (0.28, 0.03), (0.05, 0.09)], frame),
        ]
        out += [box((-0.025, 0.15, h), (0.025, 0.19, back - 0.1), frame)]
    return out


def sofa(rng: np.random.Generator) -> list[Mesh]:
    """An armchair, bench seat or sofa."""
    w, d = float(rng.choice([0.45, 0.75, 1.05])) + rng.uniform(-0.05, 0.1), rng.uniform(0.38, 0.48)
    seat, back, arm = rng.uniform(0.38, 0.46), rng.uniform(0.7, 0.95), rng.uniform(0.5, 0.65)
    cover = upholstery(rng)
    out = [box((-w, -d, 0.1), (w, d, seat), cover, 0.6), box((-w, d - 0.22, 0.1), (w, d, back), cover, 0.6)]
    out += [box((sx * w - 0.09, -d, 0), (sx * w + 0.09, d, arm), cover, 0.6) for sx in (-1, 1)]
    for _ in range(int(rng.integers(0, 3))):
        x, cushion = rng.uniform(-w + 0.25, w - 0.25), upholstery(rng)
        out.append(box((x - 0.2, d - 0.34, seat), (x + 0.2, d - 0.22, seat + 0.38), cushion, 0.5))
    return out


def cabinet(rng: np.random.Generator) -> list[Mesh]:
    """A cupboard, chest of drawers or filing cabinet with visible fronts and handles."""
    w, d, h = rng.uniform(0.4, 1.6), rng.uniform(0.35, 0.6), rng.choice([0.75, 1.1, 1.9]) * rng.uniform(0.85, 1.1)
    body, front, knob = material(rng), material(rng), material(rng)
    out = [box((-w / 2, -d / 2 + 0.02, 0), (w / 2, d / 2, h), body)]
    columns, rows = max(1, round(w / 0.5)), int(rng.integers(1, 5))
    for i in range(columns):
        for j in range(rows):
            x0, x1 = -w / 2 + w * i / columns + 0.01, -w / 2 + w * (i + 1) / columns - 0.01
            z0, z1 = 0.06 + (h - 0.08) * j / rows + 0.008, 0.06 + (h - 0.08) * (j + 1) / rows - 0.008
            out.append(box((x0, -d / 2, z0), (x1, -d / 2 + 0.02, z1), front))
            out.append(
                box(((x0 + x1) / 2 - 0.06, -d / 2 - 0.025, z1 - 0.07), ((x0 + x1) / 2 + 0.06, -d / 2, z1 - 0.05), knob)
            )
    return out


def shelf(rng: np.random.Generator) -> list[Mesh]:
    """An open shelf with books and boxes."""
    w, d, h = rng.uniform(0.5, 1.6), rng.uniform(0.22, 0.4), rng.uniform(0.8, 2.1)
    wood = material(rng)
    out = [box((x - 0.012, -d / 2, 0), (x + 0.012, d / 2, h), wood) for x in (-w / 2, w / 2)]
    out.append(box((-w / 2, d / 2 - 0.01, 0), (w / 2, d / 2, h), wood))
    num_boards = int(h / rng.uniform(0.3, 0.42)) + 1
    for z in np.linspace(0.06, h, num_boards):
        out.append(box((-w / 2, -d / 2, z - 0.012), (w / 2, d / 2, z + 0.012), wood))
        if rng.random() < 0.75 and z < h - 0.2:
            left, right = sorted(rng.uniform(-w / 2 + 0.03, w / 2 - 0.03, 2))
            tall = min(rng.uniform(0.18, 0.28), h / num_boards)
            row = Surface(textures.book_spines(rng)) if rng.random() < 0.7 else material(rng)
            out.append(
                box((left, -d / 2 + 0.04, z + 0.012), (right, d / 2 - 0.02, z + 0.012 + tall), row, max(tall, 0.28))
            )
    return out


def plant(rng: np.random.Generator) -> list[Mesh]:
    """A potted plant: stems of crossed leaves over a pot."""
    pot, leaf = material(rng), Surface(textures.foliage(rng))
    r, h, tall = rng.uniform(0.1, 0.22), rng.uniform(0.18, 0.45), rng.uniform(0.4, 1.4)
    out = [revolved([(0, 0), (r * 0.7, 0), (r, h), (r * 0.85, h), (0, h - 0.03)], pot)]
    leaves: list[Mesh] = []
    for _ in range(int(rng.integers(14, 60))):
        angle, lean = rng.uniform(0, 2 * np.pi), rng.uniform(0.1, 0.9)
        out_dir = np.array([np.cos(angle), np.sin(angle), 0])
        base = np.array([0, 0, h + tall * rng.uniform(0, 0.7)])
        tip = base + out_dir * tall * 0.5 * lean + np.array([0, 0, tall * rng.uniform(-0.1, 0.4)])
        side = np.cross(tip - base, (0, 0, 1.0))
        side *= rng.uniform(0.02, 0.09) / max(float(np.linalg.norm(side)), 1e-6)
        leaves.append(quad(base - side, 2 * side, tip - base, leaf))
    return [*out, merged(leaves)]


def crate(rng: np.random.Generator) -> list[Mesh]:
    """A cardboard box, suitcase, bin or crate."""
    w, d, h = rng.uniform(0.12, 0.35), rng.uniform(0.1, 0.3), rng.uniform(0.15, 0.7)
    cover = material(rng) if rng.random() < 0.6 else Surface(textures.poster(rng))
    if rng.random() < 0.3:
        return [revolved([(0, 0), (w * 0.8, 0), (w, h), (w * 0.9, h), (0, h * 0.4)], cover)]
    return [box((-w, -d, 0), (w, d, h), cover, 2 * w)]


def monitor(rng: np.random.Generator) -> list[Mesh]:
    """A screen on a foot; it may glow."""
    w, h = rng.uniform(0.35, 0.65), rng.uniform(0.25, 0.38)
    case = Surface(textures.plain(rng, textures.colour(rng, (0, 0.1), (0.05, 0.3))))
    glow: tuple[float, float, float] | None = None
    if rng.random() < 0.3:
        red, green, blue = (float(c) for c in textures.colour(rng, (0, 0.6), (0.2, 0.9)))
        glow = (red, green, blue)
    screen = Surface(textures.picture(rng) * 0.6, gloss=0.05, emission=glow)
    return [
        box((-0.1, -0.08, 0), (0.1, 0.08, 0.02), case),
        box((-0.02, 0, 0), (0.02, 0.03, 0.2), case),
        box((-w / 2, -0.02, 0.1), (w / 2, 0.02, 0.1 + h), case),
        quad((-w / 2 + 0.02, -0.022, 0.12), (w - 0.04, 0, 0), (0, 0, h - 0.04), screen),
    ]


def vessel(rng: np.random.Generator) -> list[Mesh]:
    """A cup, bottle, vase or bowl."""
    h, r = rng.uniform(0.08, 0.35), rng.uniform(0.03, 0.09)
    heights = np.linspace(0, h, 6)
    return [revolved(np.stack([r * rng.uniform(0.5, 1.1, 6), heights], -1), material(rng), 10)]


def stack(rng: np.random.Generator) -> list[Mesh]:
    """A pile of books or paper."""
    out: list[Mesh] = []
    z = 0.0
    for _ in range(int(rng.integers(1, 5))):
        thick, w, d = rng.uniform(0.01, 0.05), rng.uniform(0.08, 0.14), rng.uniform(0.1, 0.18)
        page = Surface(textures.plain(rng, textures.colour(rng, (0, 0.7), (0.15, 0.97))))
        out.append(box((-w, -d, z), (w, d, z + thick), page).moved(turn_z(rng.uniform(-0.3, 0.3))))
        z += thick
    return out


def floor_lamp(rng: np.random.Generator) -> list[Mesh]:
    """A standing lamp, dark (the light comes from elsewhere)."""
    h, r, rod = rng.uniform(1.2, 1.8), rng.uniform(0.12, 0.25), material(rng)
    shade = revolved([(r, h - 0.3), (r * rng.uniform(0.4, 0.9), h)], upholstery(rng))
    return [revolved([(0, 0), (0.14, 0), (0.14, 0.03), (0.015, 0.04), (0.015, h - 0.1)], rod), shade]


def board(rng: np.random.Generator) -> list[Mesh]:
    """A flip chart, easel or free-standing sign."""
    w, h = rng.uniform(0.3, 0.7), rng.uniform(0.9, 1.9)
    sheet, frame = Surface(textures.poster(rng)), material(rng)
    out = [
        box((-w, -0.02, h * 0.45), (w, 0.02, h), frame),
        quad((-w + 0.03, -0.025, h * 0.45 + 0.03), (2 * w - 0.06, 0, 0), (0, 0, h * 0.55 - 0.06), sheet),
    ]
    return out + [box((x - 0.02, -0.02, 0), (x + 0.02, 0.02, h * 0.5), frame) for x in (-w * 0.8, w * 0.8)]


def curtain(rng: np.random.Generator, width_m: float, height_m: float) -> list[Mesh]:
    """Hanging cloth in folds, its lower left corner at the origin, hanging along +x."""
    cells_x, cells_z = max(8, int(width_m / 0.06)), 3
    x, z = np.meshgrid(np.linspace(0, width_m, cells_x), np.linspace(0, height_m, cells_z))
    fold = 0.05 * np.sin(x * rng.uniform(18, 45) + rng.uniform(0, 6)) * (0.6 + 0.4 * np.sin(x * 7))
    points = np.stack([x, fold, z], -1).astype(np.float32)
    return [grid(points, np.stack([x / 0.8, z / 0.8], -1).astype(np.float32), upholstery(rng))]


STANDING: tuple[Builder, ...] = (table, table, chair, chair, sofa, cabinet, shelf, plant, crate, floor_lamp, board)
"""What stands about in a room."""

SMALL: tuple[Builder, ...] = (vessel, stack, vessel)
"""What stands on tables."""

BROUGHT: tuple[Builder, ...] = (chair, crate, crate, plant, board, floor_lamp, cabinet, table, vessel, stack)
"""What somebody may bring into the scene."""

SEATS: dict[Builder, float] = {chair: 0.05, sofa: 0.03}
"""Furniture one can sit on: where the sitter's hips are along y, in metres; its first mesh is the seat."""
