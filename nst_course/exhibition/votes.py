"""The votes of a blind comparison, counted with the uncertainty that few votes have."""

import json
import math
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..checks import check_count, shown
from ..errors import CourseError
from .blind_comparison import read_key

Z_95 = 1.96  # standard deviations around the mean of a normal distribution that hold 95 %


def wilson_interval(wins: int, votes: int, z: float = Z_95) -> tuple[float, float]:
    """Where the true share of a binomial count lies with a confidence of 95 % (Wilson 1927).

    Unlike share ± z · √(share (1 − share) / votes), it stays inside 0…1 and is not of length 0 when
    all votes agree.

    Args:
        wins: number of votes for one side.
        votes: number of all votes, at least 1.
        z: half the width in standard deviations; 1.96 for 95 %.

    Returns:
        The lower and the upper end, in 0…1.

    Raises:
        CourseError: the numbers are no counts, or there are more wins than votes.
    """
    check_count("votes", votes, least=1)
    check_count("wins", wins)
    if wins > votes:
        raise CourseError(f"{wins} wins out of {votes} votes cannot be; count again.")
    share = wins / votes
    middle = share + z**2 / (2 * votes)
    half = z * math.sqrt(share * (1 - share) / votes + z**2 / (4 * votes**2))
    scale = 1 + z**2 / votes
    return max(0.0, (middle - half) / scale), min(1.0, (middle + half) / scale)


@dataclass(frozen=True)
class Comparison:
    """How often one method was preferred to another."""

    first: str
    second: str
    wins: int  # votes for the first
    votes: int

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the share of votes for the first."""
        return wilson_interval(self.wins, self.votes)

    def __str__(self) -> str:
        low, high = self.interval
        verdict = "undecided"
        if low > 0.5 or high < 0.5:
            verdict = f"{self.first if low > 0.5 else self.second} is preferred"
        return (
            f"{self.first} over {self.second}: {self.wins} of {self.votes} votes, "
            f"{self.wins / self.votes:.0%} (95 % interval {low:.0%} to {high:.0%}): {verdict}"
        )


class Tally(list[Comparison]):
    """The comparisons of all pairs of methods; printed as a line each.

    Attributes:
        voters: how many people have voted.
    """

    voters: int = 0

    def __repr__(self) -> str:
        people = "1 person" if self.voters == 1 else f"{self.voters} people"
        return "\n".join([f"{people} voted.", *map(str, self)])


def count_votes(key: str | os.PathLike, votes: Iterable[str | os.PathLike]) -> Tally:
    """Count what people have sent back from the page of `blind_comparison`.

    Args:
        key: the file that was written beside the page.
        votes: of each person the line of text, or the file with it. One that is there twice
            counts once.

    Returns:
        The comparisons, and how many people voted.

    Raises:
        CourseError: a key or votes that are damaged, or belong to another page.
    """
    page, pictures = read_key(key)
    ballots: dict[str, list[tuple[int, int]]] = {}
    if not isinstance(votes, Iterable):
        raise CourseError(f"votes is a list of what people sent back, not {shown(votes)}.")
    for given in [votes] if isinstance(votes, (str, bytes, os.PathLike)) else votes:
        ballot = read_ballot(given, page, len(pictures))
        ballots[str(ballot["voter"])] = ballot["votes"]
    methods = list(dict.fromkeys(method for method, _ in sorted(pictures)))
    wins: dict[tuple[str, str], int] = {}
    for chosen, other in (vote for ballot in ballots.values() for vote in ballot):
        pair = pictures[chosen][0], pictures[other][0]
        wins[pair] = wins.get(pair, 0) + 1
    tally = Tally()
    for number, first in enumerate(methods):
        for second in methods[number + 1 :]:
            won, lost = wins.get((first, second), 0), wins.get((second, first), 0)
            if won + lost:
                tally.append(Comparison(first, second, won, won + lost))
    tally.voters = len(ballots)
    return tally


def read_ballot(given: str | os.PathLike, page: str, pictures: int) -> dict[str, Any]:
    """What one person sent back: voter, and pairs of (chosen, other)."""
    try:
        text = os.fspath(given)
        if not text.lstrip().startswith("{"):
            text = Path(text).read_text("utf-8")
        ballot: Any = json.loads(text)
        pairs = [(int(chosen), int(other)) for chosen, other in ballot["votes"]]
        if not all(0 <= number < pictures for pair in pairs for number in pair):
            raise ValueError("a picture that the key does not have")
        if ballot["page"] == page:
            return {"voter": ballot["voter"], "votes": pairs}
    except (OSError, ValueError, TypeError, LookupError) as error:
        raise CourseError(
            f"{shown(given)} is not what the page of a blind comparison gives at its end; "
            "copy the whole line."
        ) from error
    raise CourseError(f"{shown(given)} belongs to another page; use the key of that one.")
