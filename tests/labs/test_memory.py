"""A cell that is run again and again leaves one lab, and no more memory than the first time."""

import gc
import threading

import ipywidgets
import pytest
import torch

import nst_course as nst
from nst_course.labs.lab import Lab
from tests.labs.small import SMALL


def use(lab: Lab) -> None:
    """Do what the lab is for, shortly."""
    match lab:
        case nst.labs.ClinicLab():
            lab.check.click()
            lab.next.click()
        case nst.labs.FeatureExplorer():
            lab.layer.value = "relu5_1"
        case nst.labs.GramExplorer():
            lab.shuffle.click()
        case nst.labs.FlickerLab() | nst.labs.Instant():
            lab.run()
        case nst.labs.SoundLab():
            lab.run(2)
        case _:
            lab.run(2)


def has_storage(thing: object) -> bool:
    """Whether it is a tensor with a block of memory of its own, as sparse ones have not."""
    return type(thing) is torch.Tensor and thing.layout is torch.strided


def alive() -> dict[str, int]:
    """How many labs, widgets and threads there are, and the bytes of all tensors."""
    gc.collect()
    things = gc.get_objects()
    storages = {
        storage.data_ptr(): storage.nbytes()
        for storage in (t.untyped_storage() for t in things if has_storage(t))
    }
    return {
        "labs": sum(issubclass(type(thing), Lab) and bool(vars(thing)) for thing in things),
        "widgets": len(ipywidgets.widgets.widget._instances),
        "threads": threading.active_count(),
        "bytes of tensors": sum(storages.values()),
    }


@pytest.mark.slow
@pytest.mark.parametrize("name", nst.labs.__all__)
def test_twenty_runs_of_the_cell_leave_one_lab(name):
    def run_cell() -> Lab:
        lab = getattr(nst.labs, name)(**SMALL[name])
        use(lab)
        return lab

    for _ in range(3):
        lab = run_cell()
    before = alive()
    for _ in range(20):
        lab = run_cell()
    assert alive() == before
    lab.discard()
