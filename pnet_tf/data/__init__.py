"""From records to batches: schema, geometry, texture, boundary labels, paired views, pipeline."""
