"""The guided filter behind the answer, against its definition."""

import numpy as np
import pytest

from helpers import sharpen_batch_norm
from pnet_tf import config, fields, store
from pnet_tf.errors import InputError
from pnet_tf.export import convert
from pnet_tf.model import edge_filter, portraitnet
from pnet_tf.model.predict import KerasNetwork
from pnet_tf.runtime.network import TFLiteNetwork

FILTERED = config.Model(width=0.35, input_height=64, input_width=96, head_rate=2, edge_filter=True)


def photo(height: int = 64, width: int = 96) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3)).astype(np.uint8)


def in_cells(image: np.ndarray) -> np.ndarray:
    """(H, W) → (H/2, W/2, 4), pixel by pixel."""
    height, width = image.shape
    cells = image.reshape(height // 2, 2, width // 2, 2).transpose(0, 2, 1, 3)
    return cells.reshape(height // 2, width // 2, 4)


def least_squares(grey: np.ndarray, probability: np.ndarray) -> np.ndarray:
    """Equation 5 as the linear regression that it solves, cell by cell, over the 36 pixels around."""
    result = np.zeros_like(grey)
    around = [np.pad(one, ((1, 1), (1, 1), (0, 0)), mode="edge") for one in (grey, probability)]
    for y in range(grey.shape[0]):
        for x in range(grey.shape[1]):
            guide, answer = (one[y : y + 3, x : x + 3].reshape(-1) for one in around)
            # (1/36) Σ (a·I + b − p)² + ε·a², whose last term is one more equation
            left = np.vstack([np.column_stack([guide, np.ones(36)]) / 6, [np.sqrt(edge_filter.NOISE), 0]])
            slope, offset = np.linalg.lstsq(left, np.append(answer / 6, 0), rcond=None)[0]
            result[y, x] = slope * grey[y, x] + offset
    return result


def test_it_is_the_regression_of_the_probability_on_the_grey_photo():
    rgb = photo(12, 16)
    grey = in_cells(rgb @ np.array([0.299, 0.587, 0.114]) / 255)
    logits = np.random.default_rng(1).normal(0, 3, grey.shape)
    expected = least_squares(grey, 1 / (1 + np.exp(-logits)))
    found = edge_filter.filtered(logits[None].astype(np.float32), rgb[None].astype(np.float32)).numpy()[0]
    assert np.abs(found - edge_filter.SUREST * (2 * expected - 1)).max() < 1e-3


def test_sure_answers_stay_and_become_0_and_255():
    """Of a constant probability of 0 or 1 any photo leaves just that."""
    for logit, grey in ((-20.0, 0), (20.0, 255)):
        logits = np.full((1, 6, 8, 4), logit, np.float32)
        found = edge_filter.filtered(logits, photo(12, 16)[None].astype(np.float32)).numpy()
        assert np.abs(found - np.sign(logit) * edge_filter.SUREST).max() < 1e-3
        assert np.all(np.clip(np.rint(256 / (1 + np.exp(-found))), 0, 255) == grey)


def test_training_goes_by_it_and_its_settings_fit_other_models(tmp_path):
    plain = config.Experiment(model=config.Model(width=0.35, input_height=64, input_width=96, head_rate=2))
    model = store.build(plain)
    sharpen_batch_norm(model)
    store.save(model, plain, tmp_path)
    with_filter = store.build(config.Experiment(model=FILTERED))
    store.initialise(with_filter, FILTERED, tmp_path)
    raw = photo()[None].astype(np.float32)
    taught, used = (with_filter(raw, training=one)[fields.MASK_LOGITS].numpy() for one in (True, False))
    assert np.array_equal(taught, model(raw, training=True)[fields.MASK_LOGITS])
    assert not np.allclose(used, model(raw, training=False)[fields.MASK_LOGITS])


def test_files_have_it_too():
    model = portraitnet.build(FILTERED)
    sharpen_batch_norm(model)
    expected = KerasNetwork(model)(photo())
    assert np.abs(TFLiteNetwork(convert.convert(model, "float32"))(photo()) - expected).max() < 1e-4
    quantized = TFLiteNetwork(convert.convert(model, "int8_ptq", calibration=[photo()]))(photo())
    assert np.abs(quantized - expected).mean() < 0.05
    assert np.ptp(expected) > 0.2


@pytest.mark.parametrize(
    "other",
    [
        {"head_rate": 1},
        {"network": "reference", "head_rate": 1},
        {"network": "enet", "head_rate": 1},
        {"quantize": True},
    ],
)
def test_what_has_no_place_for_it_refuses_it(other):
    experiment = config.Experiment(model=config.Model(head_rate=2), loss=config.Loss(boundary_weight=0))
    with pytest.raises(InputError, match="edge_filter"):
        experiment.replace(**{"edge_filter": True, **other})
