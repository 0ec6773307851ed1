"""Liars over HTTP: proxies in front of real nodes that alter some answers on their way."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import httpx2
import msgspec

from tests.light.lying import Lie


@contextmanager
def lying_proxy(node: str, lies: dict[str, Lie]) -> Iterator[str]:
    """The address of a proxy in front of a node. What is put into `lies` meanwhile is told from then on."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            answer = httpx2.post(node, content=body, headers={"content-type": "application/json"}, timeout=30)
            data = alter(body, answer.content)
            self.send_response(answer.status_code)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            """It keeps no log."""

    def alter(body: bytes, answer: bytes) -> bytes:
        lie = lies.get(msgspec.json.decode(body)["method"])
        document = msgspec.json.decode(answer)
        if lie is None or "result" not in document:
            return answer
        document["result"] = lie(document["result"])
        return msgspec.json.encode(document)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
