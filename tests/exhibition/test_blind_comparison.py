"""The blind comparison: what the page knows, what the key knows, and the count of votes."""

import json
import math

import pytest
from bs4 import BeautifulSoup

import nst_course as nst
from nst_course.exhibition.votes import wilson_interval


@pytest.fixture
def page(tmp_path):
    """Two scenes by three methods."""
    pictures = {name: ["cat", "coffee"] for name in ("gram", "neighbors", "secret")}
    path = tmp_path / "blind.html"
    return nst.blind_comparison(pictures, path, originals=[["cat"], ["coffee"]])


def asked(path):
    soup = BeautifulSoup(path.read_text("utf-8"), "html.parser")
    return json.loads(soup.find(id="asked").string)


def key(path):
    return json.loads(path.with_name("blind_key.json").read_text())


def ballot(path, votes, voter="a"):
    return json.dumps({"page": asked(path)["page"], "voter": voter, "votes": votes})


def number(path, method, scene):
    return key(path)["pictures"].index([method, scene])


def test_each_pair_of_methods_meets_once_on_each_scene(page):
    made = key(page)["pictures"]
    pairs = []
    for question in asked(page)["pairs"]:
        (one, scene), (other, same) = (made[number] for number in question["pair"])
        assert scene == same == question["scene"]
        pairs.append((*sorted((one, other)), scene))
    names = [("gram", "neighbors"), ("gram", "secret"), ("neighbors", "secret")]
    assert sorted(pairs) == sorted((*pair, scene) for pair in names for scene in (0, 1))


def test_page_says_nowhere_which_method_made_which_picture(page):
    text = page.read_text("utf-8")
    assert not any(name in text for name in ("gram", "neighbors", "secret", "_key"))
    assert "http" not in text
    order = [method for method, _ in key(page)["pictures"]]
    assert order != sorted(order)


def test_votes_are_counted_by_pairs_of_methods(page):
    gram, other = (number(page, name, 0) for name in ("gram", "neighbors"))
    third = number(page, "secret", 1)
    first = ballot(page, [[gram, other], [other, gram]])
    second = ballot(page, [[gram, other], [number(page, "gram", 1), third]], "b")
    tally = nst.count_votes(page.with_name("blind_key.json"), [first, second, first])
    assert tally.voters == 2
    assert [(c.first, c.second, c.wins, c.votes) for c in tally] == [
        ("gram", "neighbors", 2, 3),
        ("gram", "secret", 1, 1),
    ]
    assert "gram over neighbors: 2 of 3 votes, 67 %".replace(" %", "%") in repr(tally)
    assert "undecided" in repr(tally) and repr(tally).startswith("2 people voted.")


def test_many_votes_decide(page):
    gram, other = (number(page, name, 0) for name in ("gram", "neighbors"))
    votes = [ballot(page, [[other, gram]], f"v{n}") for n in range(20)]
    path = page.with_name("votes.json")
    path.write_text(ballot(page, [[gram, other]], "last"))
    (found,) = nst.count_votes(page.with_name("blind_key.json"), [*votes, path])
    assert (found.wins, found.votes) == (1, 21)
    assert str(found).endswith("neighbors is preferred")


@pytest.mark.parametrize("votes", [1, 5, 30])
def test_the_interval_has_the_ends_where_the_share_is_just_believable(votes):
    """Wilson's ends solve |share − p| = z √(p (1 − p) / n)."""
    for wins in range(votes + 1):
        low, high = wilson_interval(wins, votes)
        assert 0 <= low <= wins / votes <= high <= 1
        for p in {low, high} - {0.0, 1.0}:
            width = 1.96 * math.sqrt(p * (1 - p) / votes)
            assert abs(abs(wins / votes - p) - width) < 1e-9
        other = wilson_interval(votes - wins, votes)
        assert other == pytest.approx((1 - high, 1 - low))


def test_the_interval_holds_the_truth_about_as_often_as_it_says():
    n, truth = 20, 0.7
    chances = [math.comb(n, k) * truth**k * (1 - truth) ** (n - k) for k in range(n + 1)]
    held = [low <= truth <= high for low, high in (wilson_interval(k, n) for k in range(n + 1))]
    assert 0.92 < sum(c for c, holds in zip(chances, held, strict=True) if holds) < 0.98


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("nonsense", "copy the whole line"),
        ("{}", "copy the whole line"),
        ('{"page": "x", "voter": "a", "votes": [[0, 1]]}', "another page"),
        ('{"page": "x", "voter": "a", "votes": [[0, 99]]}', "copy the whole line"),
        ('{"page": "x", "voter": "a", "votes": [[0]]}', "copy the whole line"),
    ],
)
def test_votes_that_cannot_be_read_are_answered_in_a_sentence(page, text, words):
    with pytest.raises(nst.CourseError, match=words):
        nst.count_votes(page.with_name("blind_key.json"), [text])


def test_other_wrong_arguments_are_answered_in_a_sentence(page, tmp_path):
    with pytest.raises(nst.CourseError, match="not the key"):
        nst.count_votes(page, [])
    with pytest.raises(nst.CourseError, match="exists already"):
        nst.blind_comparison({"a": ["cat"], "b": ["cat"]}, page)
    for pictures in ({"a": ["cat"]}, ["cat", "coffee"]):
        with pytest.raises(nst.CourseError, match="at least two methods"):
            nst.blind_comparison(pictures, tmp_path / "new.html")
    with pytest.raises(nst.CourseError, match="'a' has 1, 'b' has 2"):
        nst.blind_comparison({"a": ["cat"], "b": ["cat", "cat"]}, tmp_path / "new.html")
    with pytest.raises(nst.CourseError, match="2 originals"):
        nst.blind_comparison(
            {"a": ["cat"], "b": ["cat"]}, tmp_path / "new.html", originals=[["cat"], ["cat"]]
        )
    with pytest.raises(nst.CourseError, match="cannot be"):
        wilson_interval(3, 2)
    assert not (tmp_path / "new.html").exists()
