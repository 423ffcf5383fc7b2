"""A tunnel client of our own: a TCP port whose bytes go through RTMPT, in requests that proxies have spoiled."""

import socket
import threading
import time

import tcp_ports

HEAD = "POST {path} HTTP/{version}\r\nHost: gateway\r\nContent-Type: application/x-fcs\r\n{fields}\r\n"
#: What a unit of the polling byte stands for, in seconds.
UNIT = 0.0156


class Refused(ConnectionError):
    """An answer other than 200."""


class Connection:
    """One HTTP connection, as a player or a proxy holds it."""

    def __init__(self, port, address="127.0.0.1", receive_buffer=None):
        self._socket = socket.socket()
        self._socket.settimeout(20)
        if receive_buffer:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self._socket.bind((address, 0))
        self._socket.connect(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._rest = b""

    def close(self):
        self._socket.close()

    def sendall(self, data):
        self._socket.sendall(data)

    def shutdown(self, how):
        self._socket.shutdown(how)

    def post(self, path, body, version="1.1", fields=""):
        """Returns (status, fields, body)."""
        head = HEAD.format(path=path, version=version, fields=f"Content-Length: {len(body)}\r\n{fields}")
        self.sendall(head.encode() + body)
        return self.answer()

    def post_chunked(self, path, body, size=100):
        """The body in chunks, after the server has said that it wants it."""
        self.sendall(HEAD.format(path=path, version="1.1", fields="Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n")
                  .encode())
        assert self._head()[0] == 100
        for position in range(0, len(body), size):
            part = body[position:position + size]
            self.sendall(b"%x\r\n%s\r\n" % (len(part), part))
        self.sendall(b"0\r\n\r\n")
        return self.answer()

    def answer(self):
        status, fields = self._head()
        length = int(fields["content-length"])
        while len(self._rest) < length:
            self._read()
        body, self._rest = self._rest[:length], self._rest[length:]
        return status, fields, body

    def _head(self):
        while b"\r\n\r\n" not in self._rest:
            self._read()
        head, self._rest = self._rest.split(b"\r\n\r\n", 1)
        first, *lines = head.decode().split("\r\n")
        return int(first.split()[1]), dict(line.lower().split(": ", 1) for line in lines)

    def _read(self):
        data = self._socket.recv(65536)
        if not data:
            raise ConnectionError("the server closed the connection")
        self._rest += data


class Kept:
    """A player on a clean line: one connection for all requests."""

    def __init__(self, port):
        self._connection = Connection(port)

    def __call__(self, path, body):
        return self._connection.post(path, body)


class Spoiled:
    """Proxies on the way: every request by a connection of its own, one in HTTP/1.0, the next in chunks; some are cut off
    in the middle of their bodies, some come twice, and before some there is one out of order."""

    def __init__(self, port):
        self._port = port
        self._requests = 0
        #: Statuses of the answers to requests out of order.
        self.strays = []

    def __call__(self, path, body):
        self._requests += 1
        verb, *rest = path[1:].split("/")
        if verb in ("send", "idle"):
            if self._requests % 3 == 0:
                self._cut(path, body)
            if self._requests % 4 == 0:
                self._post(path, body)  # its answer is lost
            if self._requests % 5 == 0:
                self.strays.append(self._post(f"/{verb}/{rest[0]}/{int(rest[1]) + 2}", body)[0])
        return self._post(path, body)

    def _post(self, path, body):
        connection = Connection(self._port)
        try:
            if self._requests % 2 and body:
                return connection.post_chunked(path, body)
            return connection.post(path, body, version="1.0")
        finally:
            connection.close()

    def _cut(self, path, body):
        connection = Connection(self._port)
        fields = f"Content-Length: {len(body) + 10}\r\n"
        connection.sendall(HEAD.format(path=path, version="1.1", fields=fields).encode() + body)
        connection.close()


class Tunnel(tcp_ports.Port):
    """A TCP port on loopback whose connections are carried by RTMPT.

    As Flash Player does, it has one request under way, and collects what there is to say until the polling byte lets it
    ask again, or for `pause` seconds each time.
    """

    def __init__(self, port, way=Kept, pause=None):
        self._target, self._way, self._pause = port, way, pause
        #: How requests went, one for each connection.
        self.ways = []
        #: The polling bytes that came.
        self.polling = []
        super().__init__()

    def carry(self, client):
        ask = self._way(self._target)
        self.ways.append(ask)
        outbox, lock, ended = bytearray(), threading.Lock(), threading.Event()

        def collect():
            try:
                while data := client.recv(65536):
                    with lock:
                        outbox.extend(data)
            except OSError:
                pass
            ended.set()

        threading.Thread(target=collect, daemon=True).start()
        try:
            session = self._ask(ask, "/open/1", b"\0").decode().strip()
            number, last = 0, False
            while not last:
                last = ended.is_set()
                with lock:
                    body = bytes(outbox)
                    outbox.clear()
                answer = self._ask(ask, f"/{'send' if body else 'idle'}/{session}/{number}", body or b"\0")
                number += 1
                self.polling.append(answer[0])
                client.sendall(answer[1:])
                if not last:
                    time.sleep(self._pause if self._pause is not None else answer[0] * UNIT)
            self._ask(ask, f"/close/{session}/{number}", b"\0")
        except OSError:
            pass
        finally:
            client.close()

    @staticmethod
    def _ask(ask, path, body):
        status, fields, answer = ask(path, body)
        if status != 200:
            raise Refused(status)
        assert fields["content-type"] == "application/x-fcs" and fields["cache-control"] == "no-cache"
        return answer
