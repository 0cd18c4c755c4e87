"""The same conversion on Apache Beam: on this machine, Dataflow, Flink or Spark, by Beam's own flags.

Photos and output lie on a file system that every worker sees; a worker holds one shard in memory, so big
sets want a large --num_shards.
"""

import json
import pathlib
from typing import Any

from pnet_tf import files
from pnet_tf.errors import InputError
from tfrecords.prepare import Outcome, Preparation, prepare_or_tell
from tfrecords.sources import Item
from tfrecords.writer import Shard, write_shard


def _prepare(entry: tuple[int, int, Item], preparation: Preparation) -> tuple[int, tuple[int, Outcome]]:
    shard, position, item = entry
    return shard, (position, prepare_or_tell(item, preparation))


def _write(group: tuple[int, Any], paths: list[str]) -> None:
    shard, numbered = group
    path = pathlib.Path(paths[shard])
    # A bundle may run twice, at the same time even: each writes a file of its own, and the last one stays.
    with files.replacing(path) as temporary:
        result = write_shard(temporary, (one for _, one in sorted(numbered, key=lambda pair: pair[0])))
    files.write_text(path.with_suffix(".json"), json.dumps({**result, "name": path.name}))


def run(shards: list[Shard], preparation: Preparation, beam_args: list[str]) -> list[dict[str, Any]]:
    """A `writer.Runner` on Beam.

    Args:
      shards: what to write.
      preparation: what happens to every photo.
      beam_args: Beam's own flags, for example ``--runner=FlinkRunner``.

    Raises:
      InputError: Beam is not installed, or the pipeline failed.
    """
    try:
        import apache_beam as beam
        from apache_beam.options.pipeline_options import PipelineOptions
    except ImportError:
        raise InputError("--runner=beam: needs Apache Beam: pip install apache-beam") from None

    entries = [
        (index, position, item) for index, shard in enumerate(shards) for position, item in enumerate(shard.items)
    ]
    paths = [str(shard.path) for shard in shards]
    try:
        with beam.Pipeline(options=PipelineOptions(beam_args)) as pipeline:
            _ = (
                pipeline
                | beam.Create(entries)
                | beam.Reshuffle()
                | beam.Map(_prepare, preparation)
                | beam.GroupByKey()
                | beam.Map(_write, paths)
            )
    except InputError:
        raise
    except SystemExit:
        raise InputError(f"--beam_arg={' '.join(beam_args)}: Beam does not take that") from None
    except Exception as error:
        # Runners wrap what a worker raises; the user's mistake is somewhere in the chain.
        cause: BaseException | None = error
        while cause is not None and not isinstance(cause, InputError):
            cause = cause.__cause__ or cause.__context__
        if cause is None:
            first_line = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise InputError(f"--runner=beam: the pipeline failed ({first_line})") from error
        raise InputError(str(cause)) from None
    results = []
    for path in paths:
        report = pathlib.Path(path).with_suffix(".json")
        results.append(json.loads(report.read_text()))
        report.unlink()
    return results
