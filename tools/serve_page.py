"""pnet-web: serves the page that `make web` builds, on this machine alone, and opens it.

pnet-web
pnet-web --port=8080 --open_browser=false
"""

import contextlib
import functools
import http.server
import pathlib
import sys
import webbrowser

from absl import flags

from pnet_tf.errors import InputError
from pnet_tf_tools import cli

FLAGS = cli.new_flags()
flags.DEFINE_string("folder", "out/web", "What `make web` built.", flag_values=FLAGS)
flags.DEFINE_integer("port", 0, "0 takes one that is free.", 0, 65535, flag_values=FLAGS)
flags.DEFINE_boolean("open_browser", True, "Opens the page.", flag_values=FLAGS)

HEADERS = {
    # Only pages that are isolated may share memory between threads.
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}


class Page(http.server.SimpleHTTPRequestHandler):
    """Files of one folder with `HEADERS`; folders are not listed."""

    extensions_map = {  # noqa: RUF012  (as the base class has it)
        **http.server.SimpleHTTPRequestHandler.extensions_map,
        ".js": "text/javascript",
        ".wasm": "application/wasm",
        ".webmanifest": "application/manifest+json",
    }

    def end_headers(self) -> None:
        for name, value in HEADERS.items():
            self.send_header(name, value)
        super().end_headers()

    def list_directory(self, path: str) -> None:
        self.send_error(http.HTTPStatus.NOT_FOUND)

    def log_message(self, *_: object) -> None:
        pass


def serve() -> None:
    """Serves until Ctrl-C."""
    folder = pathlib.Path(FLAGS.folder)
    if not (folder / "index.html").is_file():
        raise InputError(f"--folder={FLAGS.folder}: no page is there; make web builds it")
    handler = functools.partial(Page, directory=str(folder))
    try:
        server = http.server.ThreadingHTTPServer(("127.0.0.1", FLAGS.port), handler)
    except OSError as error:
        raise InputError(f"--port={FLAGS.port}: {error.strerror}; leave it out for a free one") from None
    with server:
        address = f"http://127.0.0.1:{server.server_port}/"
        print(f"{address} (until Ctrl-C)", flush=True)
        if FLAGS.open_browser:
            webbrowser.open(address)
        with contextlib.suppress(KeyboardInterrupt):
            server.serve_forever()


def main(argv: list[str] | None = None) -> int:
    """Console entry point; returns the exit status."""
    return cli.run(serve, FLAGS, __doc__, argv)


if __name__ == "__main__":
    sys.exit(main())
