"""PortraitNet in TensorFlow/Keras: from photos and masks to a model that runs on a phone.

Importing the package loads neither TensorFlow nor OpenCV. The rooms below are
imported by name (``pnet_tf.model``, ``pnet_tf.training``, ``pnet_tf.runtime`` …).

Paper: Zhang et al., "PortraitNet: Real-time Portrait Segmentation Network for
Mobile Device", Computers & Graphics 80 (2019).
"""

__version__ = "0.1.0"
