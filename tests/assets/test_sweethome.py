"""Every model is judged by its own maker's words; what is unclear stays out."""

import pytest

from cleanplate.assets.licences import Source
from cleanplate.assets.sweethome import source_of

from .conftest import MakeLibraries

CC0 = "Released under Creative Commons Zero (Public Domain)"
BY = '<style>x</style><a href="https://creativecommons.org/licenses/by/3.0/">Attribution</a>'


def judged(libraries: MakeLibraries, licences: dict[str, str], library: str = "BlendSwap-CC-0") -> Source | None:
    entry = libraries(licences)[f"{library}/chair"]
    return source_of(entry, entry.model, "furniture")


def test_the_models_own_licence_file_decides_not_the_librarys_name(libraries: MakeLibraries) -> None:
    source = judged(libraries, {"BLENDSWAP_LICENSE.txt": BY})
    assert source is not None
    assert (source.licence, source.author) == ("CC-BY-3.0", "Ann (Blend Swap)")
    assert source.origin == "lib/chair/BLENDSWAP_LICENSE.txt"


@pytest.mark.parametrize(
    "licences",
    [
        {},
        {"LICENSE.html": "all rights reserved"},
        {"LICENSE.html": CC0 + BY},
        {"a-license.txt": CC0, "b-license.txt": BY},
        {"LICENSE.html": "https://creativecommons.org/licenses/by-nc/3.0/ " + BY},
        {"LICENSE.html": CC0 + " Share-Alike"},
        {"LICENSE.html": CC0 + " Fan Art"},
    ],
)
def test_what_is_unclear_stays_out(libraries: MakeLibraries, licences: dict[str, str]) -> None:
    assert judged(libraries, licences) is None


def test_libraries_of_one_maker_are_covered_by_the_librarys_licence(libraries: MakeLibraries) -> None:
    source = judged(libraries, {}, "Scopia")
    assert source is not None
    assert source.licence == "CC-BY-3.0"
    assert "eTeks" in source.author


def test_a_picture_of_a_commercial_library_stays_out(libraries: MakeLibraries) -> None:
    entry = libraries({"LICENSE.txt": CC0}, picture="Leather0056_2_S.png")["BlendSwap-CC-0/chair"]
    assert source_of(entry, "lib/chair/Leather0056_2_S.png", "furniture") is None


def test_the_catalogue_is_read_with_its_sizes_and_signs(libraries: MakeLibraries) -> None:
    entry = libraries({})["KatorLegaz/chair"]
    assert entry.name == "Chaise"
    assert entry.size_m.tolist() == pytest.approx([0.5, 0.4, 0.9])
    assert entry.folder == "lib/chair/"
