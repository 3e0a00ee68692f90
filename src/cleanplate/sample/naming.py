"""How the pictures of a folder set are named: the rule by which they belong together."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from cleanplate.errors import UsageError

KINDS = ("bg", "fg_bg", "mask", "depth")
"""The folders: plates, shots, alpha, and where there is one the depth of the shots."""

_ANY_NAME = "{name}"
_PLACEHOLDER = re.compile(r"\{([^{}:]*)(?::([^{}]+))?\}")


@dataclass(frozen=True)
class NameRule:
    """How the names in each folder are put together; pictures whose placeholders agree belong together.

    A name is a picture's path in its folder, with / and without its suffix. `{bg}` stands for one or more signs but /,
    `{bg:REGEX}` for what the regular expression matches, `{name}` for anything. Among the placeholders of `fg_bg`,
    `scene` tells the scene (the background's name unless given) and `person` who is in the shot.

    Attributes:
        templates: one for each of `KINDS`.

    >>> rule = name_rule(["fg_bg={bg}_{fg}_{n:[0-9]+}", "mask={bg}_{fg}_{n}_mask"])
    >>> rule.templates["bg"], rule.templates["depth"]
    ('{bg}', '{bg}_{fg}_{n:[0-9]+}')
    >>> rule.values("mask", "park_ann_07_mask")
    {'bg': 'park', 'fg': 'ann', 'n': '07'}
    """

    templates: Mapping[str, str]

    @cached_property
    def expressions(self) -> dict[str, re.Pattern[str]]:
        """The regular expressions of the templates."""
        return {kind: _expression(kind, template) for kind, template in self.templates.items()}

    @cached_property
    def shared(self) -> list[str]:
        """The placeholders that a background's name has, all of which its shots' names have as well."""
        return sorted(self.expressions["bg"].groupindex)

    @cached_property
    def all(self) -> list[str]:
        """The placeholders of the name of a shot, its mask and its depth."""
        return sorted(self.expressions["fg_bg"].groupindex)

    def values(self, kind: str, name: str) -> dict[str, str] | None:
        """What the placeholders stand for in a name; None where the name is not put together like that."""
        match = self.expressions[kind].fullmatch(name)
        return None if match is None else match.groupdict()


def name_rule(words: Iterable[str] = ()) -> NameRule:
    """The rule of `KIND=TEMPLATE` words; without any, the names are the same in all folders.

    `mask` and `depth` are named like `fg_bg` unless given; so is `bg`, or `{bg}` where `fg_bg` has that placeholder.

    Raises:
        UsageError: no such kind, a template that is none, or placeholders that cannot pair.
    """
    given: dict[str, str] = {}
    for word in words:
        kind, _, template = word.partition("=")
        if not template or kind not in KINDS:
            raise UsageError(f"{word!r} is no rule for names; give KIND=TEMPLATE, KIND one of {', '.join(KINDS)}")
        given[kind] = template
    shot = given.get("fg_bg", _ANY_NAME)
    default = dict.fromkeys(KINDS, shot)
    if "bg" in _expression("fg_bg", shot).groupindex:
        default["bg"] = "{bg}"
    rule = NameRule({kind: given.get(kind, default[kind]) for kind in KINDS})
    for kind in ("mask", "depth"):
        if set(rule.expressions[kind].groupindex) != set(rule.all):
            raise UsageError(
                f"{kind}={rule.templates[kind]}: needs the placeholders of fg_bg={shot}, all and no others"
            )
    if not rule.shared or not set(rule.shared) <= set(rule.all):
        raise UsageError(f"bg={rule.templates['bg']}: needs a placeholder, and none that fg_bg={shot} has not")
    return rule


def _expression(kind: str, template: str) -> re.Pattern[str]:
    parts: list[str] = []
    end = 0
    for match in _PLACEHOLDER.finditer(template):
        name, wanted = match.groups()
        parts += [re.escape(template[end : match.start()]), f"(?P<{name}>{wanted or _usual(name)})"]
        end = match.end()
    parts.append(re.escape(template[end:]))
    try:
        expression = re.compile("".join(parts))
    except re.error as error:
        raise UsageError(
            f"{kind}={template}: is no rule for names ({error}); write placeholders like {{bg}} or {{n:[0-9]+}}"
        ) from None
    if expression.groups != len(expression.groupindex):
        raise UsageError(f"{kind}={template}: has groups of its own; write (?:...) instead of (...)")
    return expression


def _usual(placeholder: str) -> str:
    return ".+" if placeholder == "name" else "[^/]+"
