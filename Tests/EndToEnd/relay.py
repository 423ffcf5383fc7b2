"""A UDP relay in front of the gateway's media port, which can lose what the test wants lost."""

import re
import select
import socket
import threading


def is_dtls_handshake(datagram):
    """A DTLS record of content type "handshake" (22)."""
    return datagram[:1] == b"\x16"


class UDPRelay:
    """Passes datagrams both ways; `lose(from_gateway, datagram)` says which are dropped."""

    def __init__(self, gateway_port, lose=lambda from_gateway, datagram: False):
        self._lose = lose
        self._gateway = ("127.0.0.1", gateway_port)
        self._front = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._front.bind(("127.0.0.1", 0))
        self.port = self._front.getsockname()[1]
        self._backs = {}  # one socket per client, so that the gateway sees them apart
        self.lost = 0
        self._wake, self._woken = socket.socketpair()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def rewrite(self, sdp):
        """An answer whose candidates lead to this relay."""
        return re.sub(r"(a=candidate:\S+ \d+ \S+ \d+ )\S+ \d+ ", rf"\g<1>127.0.0.1 {self.port} ", sdp)

    def close(self):
        self._wake.close()
        self._thread.join(timeout=5)
        for end in (self._front, self._woken, *self._backs.values()):
            end.close()

    def _run(self):
        while True:
            readable, _, _ = select.select([self._front, self._woken, *self._backs.values()], [], [])
            if self._woken in readable:
                return
            for end in readable:
                self._pass_on(end)

    def _pass_on(self, end):
        datagram, sender = end.recvfrom(65536)
        from_gateway = end is not self._front
        if self._lose(from_gateway, datagram):
            self.lost += 1
        elif from_gateway:
            client = next(address for address, back in self._backs.items() if back is end)
            self._forward(True, datagram, lambda: self._front.sendto(datagram, client))
        else:
            if sender not in self._backs:
                self._backs[sender] = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                self._backs[sender].bind(("127.0.0.1", 0))
            back = self._backs[sender]
            self._forward(False, datagram, lambda: back.sendto(datagram, self._gateway))

    def _forward(self, from_gateway, datagram, pass_on):
        pass_on()
