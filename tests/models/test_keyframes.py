"""Which keyframe of hooks holds at which step."""

from models.adapters.keyframes import Keyframe, KeyframeRun, Keyframes, eased, spread

SIGMAS = [1.0, 0.75, 0.5, 0.25]  # a share of the denoising is 1 - its noise level here


def strengths(*frames, sigmas=SIGMAS):
    run = KeyframeRun(Keyframes().plus(*frames), lambda percent: 1 - percent, sigmas[0])
    return [run.strength(sigma) for sigma in sigmas]


def test_a_keyframe_holds_from_its_start_until_the_next():
    assert strengths(Keyframe(0.0, 0.0), Keyframe(1.0, 0.5)) == [0, 0, 1, 1]
    assert strengths(Keyframe(1.0, 0.6), Keyframe(0.0, 0.0)) == [0, 0, 0, 1]
    assert strengths() == [1, 1, 1, 1]


def test_the_first_keyframe_holds_before_its_start_as_well():
    assert strengths(Keyframe(0.3, 0.5), Keyframe(0.9, 0.75)) == [0.3, 0.3, 0.3, 0.9]


def test_a_guaranteed_keyframe_has_a_step_even_when_the_next_has_come():
    crowded = Keyframe(1.0, 0.0), Keyframe(2.0, 0.3), Keyframe(3.0, 0.4)
    assert strengths(*crowded) == [1, 1, 2, 3]
    passed_over = Keyframe(1.0, 0.0), Keyframe(2.0, 0.3, 0), Keyframe(3.0, 0.4, 0)
    assert strengths(*passed_over) == [1, 1, 3, 3]


def test_keyframes_from_before_the_run_are_not_guaranteed():
    assert strengths(Keyframe(1.0, 0.0), Keyframe(2.0, 0.1), Keyframe(3.0, 0.5), sigmas=[0.5, 0.25]) == [3, 3]


def test_asking_twice_at_one_level_is_one_step():
    asked = [1.0, 1.0, 1.0, 0.5, 0.5, 0.25]
    assert strengths(Keyframe(1.0, 0.0, 2), Keyframe(2.0, 0.5), sigmas=asked) == [1, 1, 1, 1, 1, 2]


def test_spans_of_equal_strength():
    frames = Keyframes().plus(Keyframe(1.0, 0.2), Keyframe(1.0, 0.4), Keyframe(0.5, 0.6))
    assert frames.ranges() == [(0.2, 0.6, 1.0), (0.6, 1.0, 0.5)]
    assert Keyframes().plus(Keyframe(1.0, 0.0), Keyframe(0.5, 1.0)).ranges() == [(0.0, 1.0, 1.0)]


def test_easing():
    assert eased(0, 1, 3, "linear") == [0, 0.5, 1]
    assert eased(0, 1, 3, "ease_out") == [0, 0.75, 1]
    assert [round(value, 3) for value in eased(0, 1, 5, "ease_in_out")] == [0, 0.146, 0.5, 0.854, 1]
    assert [frame.guaranteed for frame in spread([1, 2, 3], 0, 1)] == [1, 0, 0]
    assert [frame.start for frame in spread([1.0], 0.3, 1)] == [0.3]
