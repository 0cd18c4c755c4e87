"""Layers by their definitions in NumPy with PyTorch's conventions, to hold the networks' blocks against.

Pictures are (h, w, c) float64; kernels as Keras stores them, (kh, kw, in, out).
"""

import numpy as np

EPSILON = 1e-5


def conv(x, kernel, bias=0.0, stride=1, pad=0, dilation=1):
    """Correlation with zeros around: pixel by pixel, tap by tap; `pad` is a number or one for either axis."""
    pad_y, pad_x = (pad, pad) if np.isscalar(pad) else pad
    x = np.pad(x, ((pad_y, pad_y), (pad_x, pad_x), (0, 0)))
    kh, kw = ((size - 1) * dilation + 1 for size in kernel.shape[:2])
    height, width = (x.shape[0] - kh) // stride + 1, (x.shape[1] - kw) // stride + 1
    out = np.zeros((height, width, kernel.shape[3])) + bias
    for dy in range(kernel.shape[0]):
        for dx in range(kernel.shape[1]):
            rows = slice(dy * dilation, dy * dilation + stride * (height - 1) + 1, stride)
            columns = slice(dx * dilation, dx * dilation + stride * (width - 1) + 1, stride)
            out += x[rows, columns] @ kernel[dy, dx]
    return out


def deconv(x, kernel, stride=2, pad=1):
    """Every input pixel paints its kernel (kh, kw, out, in); output_padding 1, so that the size doubles."""
    height, width = x.shape[:2]
    out = np.zeros((stride * height + kernel.shape[0], stride * width + kernel.shape[1], kernel.shape[2]))
    for y in range(height):
        for column in range(width):
            place = out[stride * y : stride * y + kernel.shape[0], stride * column : stride * column + kernel.shape[1]]
            place += kernel @ x[y, column]
    return out[pad : pad + stride * height, pad : pad + stride * width]


def norm(x, weights):
    gamma, beta, mean, variance = weights
    return (x - mean) / np.sqrt(variance + EPSILON) * gamma + beta


def prelu(x, slope):
    return np.where(x > 0, x, slope * x)


def relu(x):
    return prelu(x, 0.0)


def sigmoid(x):
    return (1 + np.tanh(x / 2)) / 2


def pool(x, size, stride, pad=0):
    """Largest value of each window, and where in the padded picture it was, the first of equals."""
    x = np.pad(x, ((pad, pad), (pad, pad), (0, 0)), constant_values=-np.inf)
    height, width = (x.shape[0] - size) // stride + 1, (x.shape[1] - size) // stride + 1
    out, places = np.zeros((height, width, x.shape[2])), np.zeros((height, width, x.shape[2], 2), int)
    for y in range(height):
        for column in range(width):
            for channel in range(x.shape[2]):
                window = x[stride * y : stride * y + size, stride * column : stride * column + size, channel]
                dy, dx = np.unravel_index(np.argmax(window), window.shape)
                out[y, column, channel] = window[dy, dx]
                places[y, column, channel] = stride * y + dy, stride * column + dx
    return out, places


def unpool(values, places):
    height, width, channels = values.shape
    out = np.zeros((2 * height, 2 * width, channels))
    for y in range(height):
        for column in range(width):
            for channel in range(channels):
                at = places[y, column, channel]
                out[at[0], at[1], channel] = values[y, column, channel]
    return out


def enlarged(x, factor):
    """Bilinear between pixels' centres, the border repeated (align_corners=False)."""

    def axis(size):
        at = np.clip((np.arange(size * factor) + 0.5) / factor - 0.5, 0, size - 1)
        low = np.minimum(at.astype(int), size - 1)
        return low, np.minimum(low + 1, size - 1), at - low

    low, high, share = axis(x.shape[0])
    x = x[low] * (1 - share)[:, None, None] + x[high] * share[:, None, None]
    low, high, share = axis(x.shape[1])
    return x[:, low] * (1 - share)[:, None] + x[:, high] * share[:, None]
