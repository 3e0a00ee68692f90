"""A rule for names says which pictures belong together, or is refused in one sentence."""

import pytest

from cleanplate.errors import UsageError
from cleanplate.sample.naming import name_rule


def test_without_words_the_names_are_the_same_everywhere() -> None:
    rule = name_rule()
    assert all(rule.values(kind, "00/a-1") == {"name": "00/a-1"} for kind in ("bg", "fg_bg", "mask", "depth"))


def test_mask_and_depth_are_named_like_the_shot_and_the_background_by_its_placeholder() -> None:
    rule = name_rule(["fg_bg={bg}_{fg}_{n:[0-9]+}", "depth={bg}_{fg}_{n}.depth"])
    assert rule.values("fg_bg", "a_b_07") == rule.values("mask", "a_b_07") == {"bg": "a", "fg": "b", "n": "07"}
    assert rule.values("depth", "a_b_07.depth") == {"bg": "a", "fg": "b", "n": "07"}
    assert rule.values("bg", "a") == {"bg": "a"}
    assert rule.values("fg_bg", "a_b_c") is None


def test_a_placeholder_stays_in_its_folder_and_signs_mean_themselves() -> None:
    rule = name_rule(["fg_bg={bg}/x.({n})"])
    assert rule.values("fg_bg", "a/x.(1)") == {"bg": "a", "n": "1"}
    assert rule.values("fg_bg", "a/x.(b/1)") is None
    assert rule.values("fg_bg", "a/xy(1)") is None


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["{bg}_{n}"], "is no rule for names; give KIND=TEMPLATE"),
        (["mask="], "is no rule for names; give KIND=TEMPLATE"),
        (["alpha={name}"], "KIND one of bg, fg_bg, mask, depth"),
        (["fg_bg={bg}_{bg}"], "is no rule for names .*redefinition"),
        (["fg_bg={n:[}"], "is no rule for names"),
        (["fg_bg={n:(a|b)}"], r"has groups of its own; write \(\?:"),
        (["fg_bg={}"], "is no rule for names"),
        (["fg_bg={bg}_{n}", "mask={bg}"], r"mask=\{bg\}: needs the placeholders of fg_bg=\{bg\}_\{n\}, all"),
        (["fg_bg={bg}_{n}", "bg={place}"], r"bg=\{place\}: needs a placeholder, and none that"),
        (["fg_bg={bg}_{n}", "bg=the_one"], "needs a placeholder"),
    ],
)
def test_a_rule_that_cannot_pair_is_wrong_usage(words: list[str], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        name_rule(words)
