"""The page stands alone, shows worst and best, and shows any name as text."""

from collections.abc import Sequence
from html.parser import HTMLParser

from cleanplate.evaluate.cases import Case
from cleanplate.evaluate.panels import Panel
from cleanplate.evaluate.report import page
from cleanplate.evaluate.scores import Figures, ShotScores, note

GOOD = ShotScores("lobby", "7", Figures(0.95, 0.01, 0.2, 0.7), empty=False)
BAD = ShotScores("yard", "3", Figures(0.12, 0.3), empty=False)
EMPTY = ShotScores("yard", "4", Figures(0.0, 0.0), empty=True)
PANELS = [Panel("shot", "data:image/jpeg;base64,AAAA"), Panel("matte", "data:image/jpeg;base64,BBBB")]


class _Reader(HTMLParser):
    """Collects tags with their attributes and the text, and checks that tags close in the order they opened."""

    VOID = ("meta", "img", "br")

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.text.append(data.strip())

    def attributes(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def _page(shots: Sequence[ShotScores] = (GOOD, BAD), title: str = "a set", scored: str = "first 1") -> str:
    return page(title, scored, shots, [Case(BAD, PANELS)], [Case(GOOD, PANELS)])


def test_nothing_is_fetched_from_elsewhere() -> None:
    reader = _Reader(_page())
    assert {"link", "script", "iframe"} & {tag for tag, _ in reader.tags} == set()
    assert [image["src"] for image in reader.attributes("img")] == [panel.data_uri for panel in PANELS] * 2
    assert "http" not in _page()
    assert "url(" not in _page()
    assert "@import" not in _page()


def test_worst_comes_before_best_and_every_picture_says_what_it_is() -> None:
    reader = _Reader(_page())
    order = [reader.text.index(text) for text in ("Worst by IoU", "yard / 3", "Best by IoU", "lobby / 7")]
    assert order == sorted(order)
    alts = [image["alt"] for image in reader.attributes("img")]
    assert alts == ["shot of yard / 3", "matte of yard / 3", "shot of lobby / 7", "matte of lobby / 7"]


def test_the_table_is_the_printed_one() -> None:
    text = _Reader(_page()).text
    start = text.index("camera")
    rows = text[start : text.index("Errors:")]
    header = ["camera", "shots", "IoU", "MAE", "AbsRel", "delta1", "person AbsRel", "person delta1"]
    lobby = ["lobby", "1", "0.950", "0.010", "0.200", "0.700", "–", "–"]
    yard = ["yard", "1", "0.120", "0.300", "–", "–", "–", "–"]
    assert rows == [*header, *lobby, *yard, "mean over cameras", "2", "0.535", "0.155", "0.200", "0.700", "–", "–"]


def test_names_are_shown_as_text_whatever_they_hold() -> None:
    nasty = '<script>alert("1")</script>&\'$title'
    shot = ShotScores(nasty, nasty, Figures(0.5, 0.5), empty=False)
    html = page(nasty, nasty, [shot], [Case(shot, [Panel(nasty, "data:,")])], [])
    reader = _Reader(html)
    assert "script" not in {tag for tag, _ in reader.tags}
    assert f"cleanplate on {nasty}" in reader.text
    assert f"{nasty} / {nasty}" in reader.text
    assert reader.attributes("img")[0]["alt"] == f"{nasty} of {nasty} / {nasty}"


def test_shots_that_count_as_zero_because_they_are_empty_are_mentioned() -> None:
    assert "no foreground" not in _page()
    assert f"<p>{note((GOOD, BAD, EMPTY))}</p>" in _page((GOOD, BAD, EMPTY))


def test_a_side_without_cases_says_so() -> None:
    assert _Reader(page("a set", "first 1", [EMPTY], [], [])).text[-3:] == ["None.", "Best by IoU", "None."]
