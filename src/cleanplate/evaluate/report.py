"""One self-contained page: the table, then the worst and the best cases side by side."""

from collections.abc import Iterable, Sequence
from html import escape
from string import Template

from cleanplate.evaluate.cases import Case
from cleanplate.evaluate.panels import Panel
from cleanplate.evaluate.scores import COLUMNS, MEAN, ShotScores, camera_scores, cells, mean_figures, note

BEGINS = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>cleanplate on """
"""How every report begins, which is what it is known by."""


def page(title: str, scored: str, shots: Sequence[ShotScores], worst: Sequence[Case], best: Sequence[Case]) -> str:
    """The whole page as HTML; nothing in it is fetched from elsewhere.

    `title` names the set, `scored` the model or folder that was scored; both may hold any characters.
    """
    return BEGINS + _PAGE.substitute(
        title=escape(title),
        scored=escape(scored),
        head="".join(f"<th>{escape(name)}</th>" for name in ("camera", "shots", *COLUMNS)),
        rows="\n".join(_rows(shots)),
        note=f"<p>{told}</p>" if (told := note(shots)) else "",
        worst="\n".join(map(_case, worst)) or _NOTHING,
        best="\n".join(map(_case, best)) or _NOTHING,
    )


def _rows(shots: Sequence[ShotScores]) -> Iterable[str]:
    cameras = camera_scores(shots)
    for row in cameras:
        yield _row("", row.camera, str(row.num_shots), cells(row.figures))
    yield _row(' class="mean"', MEAN.lower(), str(len(shots)), cells(mean_figures([row.figures for row in cameras])))


def _row(attributes: str, name: str, num_shots: str, figures: Sequence[str]) -> str:
    numbers = "".join(f"<td>{cell or '–'}</td>" for cell in (num_shots, *figures))
    return f'<tr{attributes}><th scope="row">{escape(name)}</th>{numbers}</tr>'


def _case(case: Case) -> str:
    name = escape(f"{case.scores.camera} / {case.scores.shot}")
    figures = zip(COLUMNS, cells(case.scores.figures), strict=True)
    said = " · ".join(f"{escape(column)}&nbsp;{cell}" for column, cell in figures if cell)
    pictures = "\n".join(_figure(panel, name) for panel in case.panels)
    title = f'<h3>{name}</h3>\n<p class="figures">{said}</p>'
    return f'<article>\n{title}\n<div class="panels">\n{pictures}\n</div>\n</article>'


def _figure(panel: Panel, escaped_name: str) -> str:
    title = escape(panel.title)
    image = f'<img src="{escape(panel.data_uri)}" alt="{title} of {escaped_name}" title="{title} of {escaped_name}">'
    return f"<figure>{image}<figcaption>{title}</figcaption></figure>"


_NOTHING = "<p>None.</p>"

_PAGE = Template("""\
$title</title>
<style>
:root { color-scheme: light dark; --page: #f6f6f4; --card: #fff; --ink: #1c1e21; --soft: #5e646c; --line: #dcdcd8; }
@media (prefers-color-scheme: dark) {
  :root { --page: #16181b; --card: #1f2226; --ink: #e8e8e6; --soft: #a0a6ae; --line: #353a40; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 100rem; padding: 1.5rem; background: var(--page); color: var(--ink);
  font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin: 0 0 .5rem; }
h3 { font-size: 1rem; margin: 0; overflow-wrap: anywhere; }
p { margin: .4rem 0; color: var(--soft); }
.scroll { overflow-x: auto; margin: 1.2rem 0; }
table { border-collapse: collapse; background: var(--card); border: 1px solid var(--line); }
th, td { padding: .35rem .9rem; border-bottom: 1px solid var(--line); text-align: right; white-space: nowrap; }
th:first-child { text-align: left; }
thead th { color: var(--soft); font-weight: 600; }
tbody th { font-weight: 400; }
td { font-variant-numeric: tabular-nums; }
.mean th, .mean td { font-weight: 700; border-bottom: 0; }
.sides { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 30rem), 1fr)); gap: 1.5rem;
  margin-top: 1rem; }
article { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: .8rem;
  margin-bottom: 1rem; }
.figures { font-size: .85rem; margin: 0 0 .5rem; }
.panels { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(12rem, 45%), 1fr)); gap: .5rem; }
figure { margin: 0; }
img { display: block; width: 100%; border-radius: .25rem; background: var(--line); }
figcaption { font-size: .8rem; color: var(--soft); }
.key { display: inline-block; width: .8em; height: .8em; border-radius: .15em; margin: 0 .25em 0 .8em;
  border: 1px solid var(--line); }
</style>
</head>
<body>
<h1>cleanplate on $title</h1>
<p>Scored: $scored. IoU and delta1: larger is better; MAE and AbsRel: smaller is better.</p>
<div class="scroll"><table>
<thead><tr>$head</tr></thead>
<tbody>
$rows
</tbody>
</table></div>
$note
<p>Errors:<span class="key" style="background:#eb2121"></span>false foreground<span class="key"
style="background:#3373ff"></span>missed<span class="key" style="background:#808080"></span>not scored (unknown, or
within 2 px of the edge)<span class="key" style="background:#f2f2f2"></span>right foreground<span class="key"
style="background:#0d0d0d"></span>right background</p>
<div class="sides">
<section><h2>Worst by IoU</h2>
$worst
</section>
<section><h2>Best by IoU</h2>
$best
</section>
</div>
</body>
</html>
""")
