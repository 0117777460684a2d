"""Put on PYTHONPATH: refuses every connection and look-up beyond loopback, and notes it in the file PINCITE_GUARD."""

import ipaddress
import os
import sys
from typing import Any


def _is_loopback(host: object) -> bool:
    try:
        return host in (None, "", "localhost") or ipaddress.ip_address(str(host)).is_loopback
    except ValueError:
        return False


def _guard(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "socket.connect" and isinstance(arguments[1], tuple):
        host = arguments[1][0]
    elif event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.sendto") and arguments:
        host = arguments[0] if event != "socket.sendto" else arguments[1][0]
    else:
        return
    if not _is_loopback(host):
        with open(os.environ["PINCITE_GUARD"], "a") as log:  # noqa: PTH123 - pathlib is not to be loaded for this
            log.write(f"{event} {host}\n")
        raise ConnectionRefusedError(f"{event} {host}: nothing may leave this machine")


sys.addaudithook(_guard)
