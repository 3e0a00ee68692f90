"""Pictures of a folder set are paired by their names; a set that does not pair is refused, misfits first."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cleanplate.errors import InputError
from cleanplate.sample.naming import name_rule
from cleanplate.sample.pairs import Pair, digest_of_sizes, list_pictures, pair, sizes_in

FolderMaker = Callable[..., Path]
THREE = ["c.png", "a.png", "b.png"]


def paired(folder: Path, *words: str) -> list[Pair]:
    return pair(folder, list_pictures(folder), name_rule(words))


def test_names_pair_whatever_the_suffix_the_order_and_the_folder_below(foreign: FolderMaker) -> None:
    folder = foreign(
        bg=["x/c.jpg", "a.png", "x/b.tif"], fg_bg=["a.jpg", "x/b.png", "x/c.png"], mask=["x/b.png", "x/c.png", "a.png"]
    )
    (folder / "bg" / ".hidden.png").write_bytes(b"")
    (folder / "bg" / "Thumbs.db").write_bytes(b"")
    assert paired(folder) == [
        Pair("a", "a.png", "a.jpg", "a.png", None, "a", ()),
        Pair("x/b", "x/b.tif", "x/b.png", "x/b.png", None, "x/b", ()),
        Pair("x/c", "x/c.jpg", "x/c.png", "x/c.png", None, "x/c", ()),
    ]


def test_one_background_serves_many_shots_by_a_pattern(foreign: FolderMaker) -> None:
    shots = [f"{bg}_{who}_{n}" for bg in ("hall", "park") for who in ("ann", "bob") for n in (0, 1)]
    folder = foreign(
        bg=["hall.jpg", "park.jpg"],
        fg_bg=[f"{shot}.jpg" for shot in shots],
        mask=[f"{shot}_mask.png" for shot in reversed(shots)],
        depth=[f"depth_{shot}.png" for shot in shots],
    )
    found = paired(folder, "fg_bg={bg}_{person}_{n}", "mask={bg}_{person}_{n}_mask", "depth=depth_{bg}_{person}_{n}")
    assert [one.name for one in found] == sorted(shots)
    assert found[5] == Pair(
        "park_ann_1", "park.jpg", "park_ann_1.jpg", "park_ann_1_mask.png", "depth_park_ann_1.png", "park", ("ann",)
    )


def test_what_does_not_pair_is_named(foreign: FolderMaker) -> None:
    folder = foreign(bg=THREE, fg_bg=THREE, mask=["a.png", "b.png", "d.png"], depth=["a.png"])
    with pytest.raises(
        InputError,
        match=r"theirs: its pictures do not pair by their names: fg_bg/b has no depth, fg_bg/c has no depth, "
        r"fg_bg/c has no mask and 1 more; name them alike, or give the rule with --pairs",
    ):
        paired(folder)


@pytest.mark.parametrize(
    ("bg", "said"), [(["a.png"], "fg_bg/b has no bg, fg_bg/c has no bg"), ([*THREE, "d.png"], "bg/d has no fg_bg")]
)
def test_a_background_that_is_missing_or_left_over_is_named(foreign: FolderMaker, bg: list[str], said: str) -> None:
    with pytest.raises(InputError, match=said):
        paired(foreign(bg=bg, fg_bg=THREE, mask=THREE))


def test_two_files_with_one_stem_are_refused(foreign: FolderMaker) -> None:
    folder = foreign(bg=[*THREE, "a.jpg"], fg_bg=THREE, mask=THREE)
    with pytest.raises(InputError, match=r"theirs: bg/a\.(png|jpg) and bg/a\.(png|jpg) have one name; remove one"):
        paired(folder)


def test_names_that_the_rule_does_not_know_are_named(foreign: FolderMaker) -> None:
    folder = foreign(bg=["a.png"], fg_bg=["a_1.png", "odd.png"], mask=["a_1.png", "odd.png"])
    with pytest.raises(InputError, match=r"theirs: fg_bg/odd: not named like \{bg\}_\{n\}; rename, or give"):
        paired(folder, "fg_bg={bg}_{n}")


def test_empty_pictures_are_named(foreign: FolderMaker) -> None:
    folder = foreign(bg=THREE, fg_bg=THREE, mask=THREE)
    for file in ("bg/c.png", "mask/a.png"):
        (folder / file).write_bytes(b"")
    with pytest.raises(InputError, match=r"theirs: bg/c\.png, mask/a\.png: empty, 0 bytes; copy the set again"):
        paired(folder)


@pytest.mark.parametrize("missing", ["bg", "fg_bg", "mask"])
def test_a_folder_that_is_missing_is_named(foreign: FolderMaker, missing: str) -> None:
    folder = foreign(**{kind: THREE for kind in ("bg", "fg_bg", "mask") if kind != missing})
    with pytest.raises(
        InputError, match=rf"theirs/{missing}: holds no pictures; a folder set has bg/, fg_bg/ and mask/"
    ):
        paired(folder)


def test_the_listing_tells_a_missing_an_added_and_a_cut_off_file(foreign: FolderMaker) -> None:
    folder = foreign(bg=THREE, fg_bg=THREE, mask=THREE)

    def digest() -> int:
        return digest_of_sizes(sizes_in(list_pictures(folder)))

    before = digest()
    data = (folder / "bg" / "a.png").read_bytes()
    (folder / "bg" / "a.png").write_bytes(data[:-1])
    assert digest() != before
    (folder / "bg" / "a.png").unlink()
    assert digest() != before
    (folder / "bg" / "a.png").write_bytes(data)
    assert digest() == before
    (folder / "bg" / "d.png").write_bytes(data)
    assert digest() != before


def test_a_link_that_leads_nowhere_is_told_and_hides_nothing(foreign: FolderMaker) -> None:
    folder = foreign(bg=THREE, fg_bg=THREE, mask=THREE, depth=["a.png", "b.png"])
    (folder / "depth" / "c.png").symlink_to("gone.png")
    with pytest.raises(InputError, match=r"depth/c\.png: cannot be read \(No such file or directory\)"):
        list_pictures(folder)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere no file can have such a name")
def test_names_of_another_encoding_have_a_digest(foreign: FolderMaker) -> None:
    name = os.fsdecode(b"caf\xe9.png")
    folder = foreign(bg=[name], fg_bg=[name], mask=[name])
    (one,) = paired(folder)
    assert digest_of_sizes(sizes_in(list_pictures(folder))) != digest_of_sizes([(one.bg, 0)])
