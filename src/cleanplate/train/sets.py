"""Sets of samples: what training needs of one, several as one, a part of one, and what two must not share."""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import Protocol

from cleanplate.errors import InputError
from cleanplate.sample.record import Sample


class Samples(Protocol):
    """What training needs of a set of samples: `sample.shards.ShardReader` is one."""

    @property
    def scenes(self) -> frozenset[str]:
        """Every scene that occurs; of a large set nobody should keep them."""
        ...

    @property
    def people(self) -> frozenset[str]:
        """Every person that occurs; of a large set nobody should keep them."""
        ...

    @property
    def fingerprint(self) -> str:
        """A hash of all of the data."""
        ...

    def __len__(self) -> int: ...
    def __getitem__(self, index: int, /) -> Sample: ...


class Together:
    """Several sets as one: the samples of the first, then those of the next."""

    def __init__(self, sets: Sequence[Samples]) -> None:
        self._sets = list(sets)
        self._ends = list(accumulate(len(samples) for samples in sets))
        self.fingerprint = "+".join(samples.fingerprint for samples in sets)

    @property
    def scenes(self) -> frozenset[str]:
        """See `Samples`."""
        return frozenset[str]().union(*(samples.scenes for samples in self._sets))

    @property
    def people(self) -> frozenset[str]:
        """See `Samples`."""
        return frozenset[str]().union(*(samples.people for samples in self._sets))

    def __len__(self) -> int:
        return self._ends[-1]

    def __getitem__(self, index: int, /) -> Sample:
        if not 0 <= index < len(self):
            raise IndexError(index)
        which = bisect_right(self._ends, index)
        return self._sets[which][index - (self._ends[which] - len(self._sets[which]))]


class First:
    """The first `count` samples of a set, which has as many at least; names are those of the whole set."""

    def __init__(self, samples: Samples, count: int) -> None:
        self._samples, self._count = samples, count
        self.fingerprint = f"{samples.fingerprint}:{count}"

    @property
    def scenes(self) -> frozenset[str]:
        """See `Samples`."""
        return self._samples.scenes

    @property
    def people(self) -> frozenset[str]:
        """See `Samples`."""
        return self._samples.people

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int, /) -> Sample:
        if not 0 <= index < self._count:
            raise IndexError(index)
        return self._samples[index]


def check_disjoint(train: Samples, validation: Samples) -> None:
    """Refuse data whose validation would flatter: a scene or a person that training sees as well.

    Raises:
        InputError: naming one that is shared.

    """
    for kind, shared in (("scene", train.scenes & validation.scenes), ("person", train.people & validation.people)):
        if shared:
            raise InputError(
                f"training and validation data share {len(shared)} {kind}(s), for example {min(shared)!r}; "
                "make both with `cleanplate synth`, which keeps them apart, or of other photos and other people"
            )
