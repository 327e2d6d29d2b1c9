"""What a number of votes says: the interval of Wilson."""

from __future__ import annotations

from ..properties import holds, relation
from ..spec import Exercise, Mistake

EXERCISE = Exercise(
    name="vote_interval",
    notebook="11_history_and_gallery",
    title="What do the votes say?",
    minutes=10,
    prompt="""
        Of n votes, k were for the first method: a share p = k/n. Compute the ends of Wilson's 95 %
        interval, with z = 1.96: (p + z²/2n ± z √(p (1 − p)/n + z²/4n²)) / (1 + z²/n).
    """,
    stub='''
        def my_vote_interval(wins, votes):
            """Where the true share lies, with a confidence of 95 % (Wilson 1927).

            wins: k, votes for the first method, 0 … n
            votes: n, of all votes, at least 1
            returns: the lower and the upper end, two numbers
            """
            ...  # YOUR CODE HERE
    ''',
    code="""
        def my_vote_interval(wins, votes):
            z = 1.96
            share = wins / votes
            middle = share + z**2 / (2 * votes)
            half = z * (share * (1 - share) / votes + z**2 / (4 * votes**2)) ** 0.5
            scale = 1 + z**2 / votes
            return (middle - half) / scale, (middle + half) / scale
    """,
    why="The formula solves (p − P)² = z² P (1 − P)/n for the true share P: the ends are those for"
    " which k of n votes would be just believable.",
    notice="Three of three votes are compatible with anything from 44 % to 100 %. The usual"
    " p ± z √… would say exactly 100 %.",
    hints=(
        "Give the parts names: the share, the middle, half the width, what both are divided by.",
        "z²/2n is `z**2 / (2 * votes)`; the root covers the sum of both parts.",
        "`half = z * (share * (1 - share) / votes + z**2 / (4 * votes**2)) ** 0.5`; divide"
        " `middle - half` and `middle + half` by `1 + z**2 / votes`.",
    ),
    cases=(
        lambda: {"wins": 3, "votes": 4},
        lambda: {"wins": 0, "votes": 5},
        lambda: {"wins": 12, "votes": 12},
        lambda: {"wins": 37, "votes": 60},
    ),
    definition="(p + z²/2n ± z √(p (1 − p)/n + z²/4n²)) / (1 + z²/n).",
    properties=(
        holds("The lower end comes first.", lambda r, i: r[0] < r[1]),
        holds("Both ends lie in 0…1.", lambda r, i: r[0] >= -1e-9 and r[1] <= 1 + 1e-9),
        relation(
            "The other method has the mirrored interval.",
            lambda i: {"wins": i["votes"] - i["wins"]},
            lambda r, i: (1 - r[1], 1 - r[0]),
        ),
    ),
    mistakes=(
        Mistake(
            "this is the usual interval, p ± z √(p (1 − p)/n)",
            "Where all votes agree, it has no width, and near 0 or 1 it leaves the range.",
            source="""
                def my_vote_interval(wins, votes):
                    share = wins / votes
                    half = 1.96 * (share * (1 - share) / votes) ** 0.5
                    return share - half, share + half
            """,
        ),
        Mistake(
            "the root is missing",
            "p (1 − p)/n is a variance. Its root is a deviation.",
            edits={" ** 0.5": ""},
        ),
        Mistake(
            "nothing was divided by 1 + z²/n",
            "Both ends are divided by it.",
            edits={"scale = 1 + z**2 / votes": "scale = 1"},
        ),
        Mistake(
            "the middle was not moved",
            "z²/2n moves the middle toward one half: few votes say little.",
            edits={"share + z**2 / (2 * votes)": "share"},
        ),
        Mistake(
            "the width lacks z²/4n²",
            "This part keeps the interval open where all votes agree.",
            edits={" + z**2 / (4 * votes**2)": ""},
        ),
        Mistake(
            "z is 1",
            "One deviation holds about 68 %; 1.96 deviations hold 95 %.",
            edits={"z = 1.96": "z = 1"},
        ),
        Mistake(
            "z in front of the root is missing",
            "Half the width is z times the deviation.",
            edits={"z * (share": "(share"},
        ),
        Mistake(
            "votes were counted and not their share",
            "The interval is that of the share, from 0 to 1.",
            edits={
                "(middle - half) / scale, (middle + half) / scale": (
                    "votes * (middle - half) / scale, votes * (middle + half) / scale"
                )
            },
        ),
        Mistake(
            "the ends changed places",
            "The lower end comes first.",
            edits={
                "(middle - half) / scale, (middle + half) / scale": (
                    "(middle + half) / scale, (middle - half) / scale"
                )
            },
        ),
    ),
)
