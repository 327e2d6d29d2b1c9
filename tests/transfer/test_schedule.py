"""The sizes of a run from coarse to fine."""

from nst_course.transfer.schedule import Scale, schedule


def test_sizes_grow_in_equal_ratios_and_steps_become_fewer():
    assert schedule(512, 120, first_size=181) == [
        Scale(181, 120), Scale(256, 60), Scale(362, 50), Scale(512, 40)
    ]  # fmt: skip
    assert [scale.steps for scale in schedule(3000, 120)][-3:] == [30, 30, 30]
    assert schedule(128, 120) == [Scale(128, 120)]
    assert schedule(3000, 200, count=1) == [Scale(3000, 200)]
    assert schedule(64, 20, count=3) == [Scale(32, 20), Scale(45, 10), Scale(64, 8)]
    assert schedule(64, 1, first_size=32) == [Scale(32, 1), Scale(45, 1), Scale(64, 1)]
    for size in (100, 300, 511, 1024, 4096):
        sizes = [scale.size for scale in schedule(size, 120, first_size=64)]
        assert sizes[0] == 64 and sizes[-1] == size and sizes == sorted(sizes)
        assert all(1 <= b / a < 1.7 for a, b in zip(sizes, sizes[1:], strict=False))
