"""A photo from disk as everybody means it, and a picture to disk: one reader and one writer for all. No TensorFlow."""
