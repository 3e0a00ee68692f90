"""Shots that belong together stay together, whatever of them is done."""

from pathlib import Path

from cleanplate.runtime.batches import Order, in_batches


def orders(folder: str, count: int, *, kept: tuple[int, ...] = ()) -> list[Order]:
    return [
        Order(Path(folder) / f"{n}.png", Path("out") / folder / str(n), () if n in kept else ("matte",))
        for n in range(count)
    ]


def test_a_batch_never_spans_two_folders_and_knows_its_folders_first_shot() -> None:
    batches = in_batches([*orders("a", 11), *orders("b", 2)])
    assert [len(batch.orders) for batch in batches] == [8, 3, 2]
    assert [batch.first for batch in batches] == [Path("a/0.png"), Path("a/0.png"), Path("b/0.png")]


def test_what_is_done_changes_nothing_about_who_goes_with_whom() -> None:
    whole, rest = in_batches(orders("a", 20)), in_batches(orders("a", 20, kept=(0, 1, *range(8, 16))))
    assert [batch.first for batch in rest] == [Path("a/0.png")] * 2
    assert rest[0].orders == whole[0].orders[2:]
    assert rest[1].orders == whole[2].orders


def test_thousands_of_shots_make_larger_batches() -> None:
    assert len(in_batches(orders("a", 1280))[0].orders) == 20
    assert len(in_batches(orders("a", 2560))[0].orders) == 32
