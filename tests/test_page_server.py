"""pnet-web: the headers that threads need, on this machine alone, and nothing outside of its folder."""

import functools
import http.server
import threading
import urllib.error
import urllib.request

import pytest

from command_line import fails
from pnet_tf_tools import serve_page


@pytest.fixture
def address(tmp_path):
    (tmp_path / "page/models").mkdir(parents=True)
    (tmp_path / "page/index.html").write_text("page")
    (tmp_path / "page/a.wasm").write_bytes(b"\0asm")
    (tmp_path / "secret.txt").write_text("secret")
    handler = functools.partial(serve_page.Page, directory=str(tmp_path / "page"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_headers_and_types(address):
    with urllib.request.urlopen(f"{address}/") as page:
        assert page.read() == b"page"
        assert page.headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert page.headers["Cross-Origin-Embedder-Policy"] == "require-corp"
    with urllib.request.urlopen(f"{address}/a.wasm") as module:
        assert module.headers["Content-Type"] == "application/wasm"


@pytest.mark.parametrize("path", ["/models/", "/../secret.txt", "/%2e%2e/secret.txt", "/none"])
def test_nothing_else_is_served(address, path):
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(address + path)


def test_no_page_or_no_port_is_one_line(tmp_path, capsys):
    assert "make web builds it" in fails(capsys, "serve_page", f"--folder={tmp_path}")
    (tmp_path / "index.html").write_text("page")
    with http.server.HTTPServer(("127.0.0.1", 0), serve_page.Page) as taken:
        port = taken.server_address[1]
        words = ("serve_page", f"--folder={tmp_path}", f"--port={port}", "--open_browser=false")
        assert f"--port={port}: " in fails(capsys, *words)
