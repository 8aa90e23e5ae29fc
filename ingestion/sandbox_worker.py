"""One sandboxed worker: reads files named on its standard input, within a memory and a time cap.

Started by `ingestion.reader_process` as `python -m ingestion.sandbox_worker MEMORY_MB SECONDS`. It
imports the reader registry and nothing of the models, so that it starts in a blink.
"""

from __future__ import annotations

import math
import os
import signal
import sys
from pathlib import Path
from typing import Any

from ingestion.errors import UnreadableDocument
from ingestion.frames import encode_frame, pack_document, read_frame
from ingestion.readers.registry import read_document

_GRACE = 5
"""Seconds after its time when a worker whose parent is gone ends itself."""


def main() -> None:
    memory_mb, seconds = int(sys.argv[1]), float(sys.argv[2])
    replies = _private_output()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    _cap_memory(memory_mb)
    replies.write(encode_frame({"ready": True}))
    replies.flush()
    while (request := read_frame(sys.stdin.buffer)) is not None:
        signal.alarm(math.ceil(seconds) + _GRACE)
        reply = _reply(request)
        signal.alarm(0)
        replies.write(reply)
        replies.flush()


def _private_output() -> Any:
    """The pipe to the parent, out of the reach of whatever a library prints."""
    pipe = os.dup(1)
    os.dup2(2, 1)
    return os.fdopen(pipe, "wb")


def _cap_memory(megabytes: int) -> None:
    """Cap private memory; address space as a whole would also count the libraries mapped."""
    import resource

    limit = megabytes * 1_000_000
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _reply(request: dict[str, Any]) -> bytes:
    try:
        path = Path(os.fsdecode(request["path"].encode("latin-1")))
        document = read_document(path, request["text_mb"], request["binary_mb"])
        return encode_frame({"document": pack_document(document)})
    except UnreadableDocument as error:
        return encode_frame({"unreadable": [error.what, error.remedy]})
    except MemoryError:
        return encode_frame({"memory": True})
    except Exception as error:  # whatever a parser may raise is one file's misfortune
        return encode_frame({"failed": f"{type(error).__name__}: {error}"[:300]})


if __name__ == "__main__":
    main()
