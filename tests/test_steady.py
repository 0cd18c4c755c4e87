"""Masks over time: held where the picture holds still, let go where it changes."""

import doctest

import cv2
import numpy as np
import pytest

import pnet_tf
from pnet_tf.errors import InputError
from pnet_tf.metrics import clips
from pnet_tf.video import live, measure
from pnet_tf.video.steady import STRENGTHS, Steady


def wall(seed: int, height: int = 120, width: int = 160) -> np.ndarray:
    """A picture with something to see everywhere, (h, w, 3) uint8."""
    coarse = np.random.default_rng(seed).integers(40, 216, (height // 5, width // 5), np.uint8)
    return np.dstack([cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)] * 3)


def disc(x: float, height: int = 120, width: int = 160) -> np.ndarray:
    """Probability of a person at x."""
    mask = cv2.circle(np.zeros((height, width), np.uint8), (round(x), 60), 30, 255, -1)
    return cv2.GaussianBlur(mask, (0, 0), 1.5).astype(np.float32) / 255


@pytest.mark.parametrize("strength", STRENGTHS)
def test_doubt_that_flickers_is_held(strength):
    """The picture stays; the answer at one place goes between 0.4 and 0.6: 0.2 a frame without, a fifth of it with."""
    steady, found = Steady(strength), []
    for index in range(40):
        answer = disc(80)
        answer[10:20, 10:20] = 0.4 + 0.2 * (index % 2)
        found.append(steady(wall(0), answer)[15, 15])
    assert np.abs(np.diff(found[20:])).max() < 0.04 and np.mean(found[20:]) == pytest.approx(0.5, abs=0.02)


def test_a_new_answer_that_stays_wins():
    steady = Steady()
    for _ in range(5):
        steady(wall(0), disc(60))
    for _ in range(25):
        found = steady(wall(0), disc(100))
    assert np.abs(found - disc(100)).max() < 0.1


def test_after_a_cut_nothing_of_the_old_mask_is_left():
    steady = Steady()
    for _ in range(5):
        steady(wall(0), disc(40))
    assert np.array_equal(steady(wall(7), disc(120)), disc(120)) and steady.cuts == 1


def test_a_mask_moves_with_its_picture():
    """Picture and mask go three pixels a frame; the answer has holes that come and go. No lag, fewer holes."""
    steady, rng = Steady(), np.random.default_rng(0)
    behind, lag, noise = wall(1, 120, 400), [], []
    for index in range(12):
        true = disc(50 + 3 * index)
        rgb = np.ascontiguousarray(behind[:, 200 - 3 * index : 360 - 3 * index])
        answer = true * (1 - 0.4 * (cv2.resize(rng.random((12, 16)).astype(np.float32), (160, 120)) > 0.7))
        found = steady(rgb, answer)
        lag.append(np.square(found - true).mean())
        noise.append(np.square(answer - true).mean())
    assert np.mean(lag[4:]) < 0.75 * np.mean(noise[4:])


def test_another_size_begins_anew():
    steady = Steady()
    steady(wall(0), disc(40))
    assert np.array_equal(steady(wall(0, 60, 80), disc(40, 60, 80)), disc(40, 60, 80))


def test_mediapipes_smoothing_holds_what_is_uncertain_now():
    """Polynomial of their calculator: at one half nothing is certain, at 0 and 1 all is."""
    smooth = measure.MediaPipeSmoothing()
    smooth(None, np.array([1.0, 1.0, 0.0], np.float32))
    found = smooth(None, np.array([0.5, 0.0, 1.0], np.float32))
    assert found == pytest.approx([0.5 + 0.7 * 0.5, 0, 1], abs=1e-3)


def test_steadiness_of_a_mask_that_blinks():
    """Same picture, a square of 20×20; in every second frame 10 of its columns are none: 200 / 200 and 200 / 400."""
    still, blinking = clips.Steadiness(), clips.Steadiness()
    for index in range(5):
        mask = np.zeros((120, 160), np.float32)
        mask[40:60, 40:60] = 1
        still.add(wall(0), mask)
        blinked = mask.copy()
        blinked[40:60, 50:60] = 1 - index % 2
        blinking.add(wall(0), blinked)
    assert still.result() == {clips.SIDES: 0, clips.CHANGE: 0}
    assert blinking.result() == pytest.approx({clips.SIDES: (1 + 0.5) / 2, clips.CHANGE: (1 + 0.5) / 2})


def test_live_examples_and_words(capsys):
    assert doctest.testmod(live).failed == 0
    for words, arguments in (("steady=much", {"steady": "much"}), ("background", {"background": "beach"})):
        with pytest.raises(InputError, match=words):
            live.Live(pnet_tf.load("portraitnet-lite"), **arguments)
