"""A load generator that costs little: prepared requests over connections that stay open."""

import argparse
import asyncio
import json
import time
import urllib.request
from collections.abc import Iterator
from typing import Any


class Line:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    async def open(cls, port: int) -> "Line":
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def ask(self, request: bytes) -> tuple[int, bytes]:
        """Status and body of the answer."""
        self._writer.write(request)
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        return int(head[9:12]), await self._reader.readexactly(length)

    async def close(self) -> None:
        self._writer.close()
        await self._writer.wait_closed()


def get(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()


def post(path: str, body: Any) -> bytes:
    data = json.dumps(body).encode()
    return f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(data)}\r\n\r\n".encode() + data


def small_prompts(start: int = 0) -> Iterator[dict[str, Any]]:
    """Prompts of three nodes that are all different."""
    number = start
    while True:
        number += 1
        yield {
            "1": {"class_type": "EmptyImage", "inputs": {"width": 16, "height": 16, "batch_size": 1, "color": number}},
            "2": {"class_type": "ImageInvert", "inputs": {"image": ["1", 0]}},
            "3": {"class_type": "PreviewImage", "inputs": {"images": ["2", 0]}},
        }


async def queue_many(port: int, clients: int, seconds: float) -> list[float]:
    """Queue prompts for so long from so many clients; milliseconds of each."""
    took: list[float] = []
    end = time.perf_counter() + seconds

    async def one(index: int) -> None:
        line = await Line.open(port)
        for prompt in small_prompts(index * 100_000):
            request = post("/prompt", {"prompt": prompt})
            began = time.perf_counter()
            if began > end:
                break
            status, body = await line.ask(request)
            if status != 200:
                raise SystemExit(f"A prompt was refused: {body.decode()[:500]}")
            took.append((time.perf_counter() - began) * 1e3)
        await line.close()

    await asyncio.gather(*(one(index) for index in range(clients)))
    return took


def answer(url: str, body: Any = None) -> Any:
    """The JSON answer of a POST, or of a GET without a body."""
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(url, data) as got:
        text = got.read()
    return json.loads(text) if text else None


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Queue prompts; prints milliseconds of each as a JSON list.")
    parser.add_argument("port", type=int)
    parser.add_argument("clients", type=int)
    parser.add_argument("seconds", type=float)
    options = parser.parse_args()
    print(json.dumps(asyncio.run(queue_many(options.port, options.clients, options.seconds))))
