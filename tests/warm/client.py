"""`python -I -S client.py SOCKET ARGS...`: stands for what the server forks, and ends with it and as it ends."""

import os
import signal
import socket
import sys


def main(path: str, arguments: "list[str]") -> int:
    # Ctrl-C reaches the whole process group: it is for Terraform, as in the provider.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    parent = os.getppid()
    with socket.socket(socket.AF_UNIX) as server:
        server.connect(path)
        variables = (name + b"=" + value for name, value in os.environb.items())
        words = (os.fsencode(word) for word in (str(len(arguments)), *arguments))
        text = b"\0".join([os.getcwdb(), *words, *variables])  # noqa: PTH109 (nothing is imported that need not be)
        socket.send_fds(server, [len(text).to_bytes(4, "big")], [0, 1, 2])
        server.sendall(text)
        for descriptor in (0, 1):
            os.close(descriptor)
        server.settimeout(1.0)
        while os.getppid() == parent:
            try:
                code = server.recv(1)
            except TimeoutError:
                continue
            return code[0] if code else 1
        server.sendall(b"orphan")
        return 1


sys.exit(main(sys.argv[1], sys.argv[2:]))
