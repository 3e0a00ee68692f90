"""The order in which an epoch shows its samples, told place by place: nobody keeps a list of it."""

from hashlib import blake2b

_ROUNDS = 8


def sample_at(place: int, count: int, seed: int, epoch: int) -> int:
    """Which of `count` samples an epoch shows at a place; both are counted from 0.

    Over all places of an epoch it is a permutation, another one for each seed and epoch, and always the same. Numbers
    of an even number of bits, enough for `count`, are permuted by a keyed Feistel network; one that is no sample's goes
    through it again until it is (cycle walking), on average less than four times in all.

    Source: Black and Rogaway, "Ciphers with Arbitrary Finite Domains", 2002.

    Raises:
        IndexError: there is no such place.

    >>> [sample_at(place, 5, seed=1, epoch=0) for place in range(5)]
    [3, 2, 0, 4, 1]
    """
    if not 0 <= place < count:
        raise IndexError(place)
    half_bits = max(1, ((count - 1).bit_length() + 1) // 2)
    number = _permuted(place, half_bits, f"{seed} {epoch}")
    while number >= count:
        number = _permuted(number, half_bits, f"{seed} {epoch}")
    return number


def _permuted(number: int, half_bits: int, key: str) -> int:
    mask = (1 << half_bits) - 1
    left, right = number >> half_bits, number & mask
    for turn in range(_ROUNDS):
        mixed = blake2b(f"{key} {turn} {right}".encode(), digest_size=16).digest()
        left, right = right, left ^ (int.from_bytes(mixed, "big") & mask)
    return left << half_bits | right
