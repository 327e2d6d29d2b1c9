"""The clinic: patients drawn by a seed, without their names, and what a diagnosis is answered."""

import math
import re

import pytest

import nst_course as nst
from nst_course.labs.clinic import OPEN
from nst_course.labs.failures import FAILURES
from nst_course.labs.network import shared_backbone


@pytest.fixture
def lab():
    return nst.labs.ClinicLab(seed=3, size=32, steps=3)


def answer(lab, name: str) -> str:
    lab.diagnosis.value = name
    lab.check.click()
    return lab.status.value


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: failure.name)
def test_every_patient_is_a_picture_of_the_photographs_size(failure):
    content, style = nst.load_image("cat", 48), nst.load_image("great_wave", 48)
    image, totals = failure.run(content, style, shared_backbone(), 6)
    assert image.shape == content.shape
    assert image.isfinite().all() and image.min() >= 0 and image.max() <= 1
    assert len(totals) >= 6 and math.isfinite(totals[0])


def test_failures_differ_from_the_healthy_run_as_they_are_described():
    content, style = nst.load_image("cat", 48), nst.load_image("great_wave", 48)
    totals = {f.name: f.run(content, style, shared_backbone(), 8)[1] for f in FAILURES}
    healthy = totals["nothing is wrong"]
    assert healthy[-1] < healthy[0] / 10
    assert max(totals["wrong input range"]) < healthy[-1] / 1000
    assert not math.isfinite(totals["steps too long"][-1])
    assert totals["too much style"][0] > 1000 * healthy[0]


def test_the_same_seed_admits_the_same_patients_and_another_seed_others():
    def order(seed):
        lab = nst.labs.ClinicLab(seed=seed, size=32, steps=1)
        return list(lab._order)

    assert order(5) == order(5)
    assert len({tuple(order(seed)) for seed in range(4)}) > 1
    assert sorted(order(0)) == list(range(len(FAILURES)))


def test_the_page_does_not_name_the_failure(lab):
    page = lab.picture.alt + lab.originals.value + lab.curves.value + lab.status.value
    page = re.sub(r'src="[^"]*"', "", page)
    assert "patient 1" in page
    for failure in FAILURES:
        assert failure.name not in page and failure.cause not in page
    assert lab.diagnosis.value == OPEN
    assert list(lab.diagnosis.options[1:]) == sorted(failure.name for failure in FAILURES)


def test_a_right_diagnosis_is_answered_with_cause_and_cure(lab):
    said = answer(lab, lab.patient.name)
    assert "Right." in said and lab.patient.cause in said and lab.patient.cure in said
    assert "1 of 1" in said


def test_a_wrong_diagnosis_is_answered_with_what_it_would_look_like(lab):
    wrong = next(failure for failure in FAILURES if failure is not lab.patient)
    said = answer(lab, wrong.name)
    assert "Not this one" in said and wrong.sign in said
    assert lab.patient.cause not in said
    assert "0 of 1" in answer(lab, lab.patient.name)  # the second try


def test_no_diagnosis_is_asked_for(lab):
    lab.check.click()
    assert "Choose a diagnosis" in lab.status.value


def test_the_next_patient_is_another_one(lab):
    seen = [lab.patient]
    answer(lab, lab.patient.name)
    for _ in FAILURES[1:]:
        lab.next.click()
        assert lab.diagnosis.value == OPEN
        seen.append(lab.patient)
    assert len(set(map(id, seen))) == len(FAILURES)
    assert f"Patient {len(FAILURES)}" in lab.status.value


@pytest.mark.parametrize("settings", [{"seed": -1}, {"steps": 0}, {"content": "no such file"}])
def test_settings_that_cannot_work_are_refused_in_a_sentence(settings):
    with pytest.raises(nst.CourseError):
        nst.labs.ClinicLab(**settings)
