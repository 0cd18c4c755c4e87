"""Runs here and under qemu-aarch64: a model's answers to inputs, or a number of further runs to count instructions of.

python3 answers.py MODEL INPUTS.npy OUTPUTS.npy [REPEATED]
"""

import sys

import numpy as np

from pnet_tf.runtime.network import open_interpreter

model, given, answered = sys.argv[1:4]
with open(model, "rb") as file:
    interpreter = open_interpreter(file.read(), threads=1, origin=model)
source, target = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
answers = []
for image in np.load(given):
    interpreter.set_tensor(source["index"], image.astype(source["dtype"]))
    interpreter.invoke()
    answers.append(interpreter.get_tensor(target["index"]))
np.save(answered, np.stack(answers))
for _ in range(int(sys.argv[4]) if len(sys.argv) > 4 else 0):
    interpreter.invoke()
