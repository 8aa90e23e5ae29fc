"""On the path of the app under test: notes every address outside this machine it reaches for."""

import ipaddress
import os
import sys
from pathlib import Path


def _local(host: object) -> bool:
    if host in (None, "", b"", "localhost", b"localhost"):
        return True
    try:
        return ipaddress.ip_address(str(host).split("%")[0]).is_loopback
    except ValueError:
        return False


def _note(event: str, arguments: tuple[object, ...]) -> None:
    if event == "socket.getaddrinfo":
        host = arguments[0]
    elif event in ("socket.connect", "socket.sendto") and isinstance(arguments[1], tuple):
        host = arguments[1][0]
    else:
        return
    if not _local(host):
        with Path(os.environ["LECTERN_SOCKET_LOG"]).open("a") as log:
            log.write(f"{event} {arguments[1:] if event != 'socket.getaddrinfo' else host}\n")


sys.addaudithook(_note)
