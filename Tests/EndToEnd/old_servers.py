"""What stands behind a gateway that shadows: Debian's nginx with its RTMP module, and a server that follows a script."""

import os
import socket
import ssl
import struct
import threading

import rtmp
import rtmp_answers
from gateway import free_port
from publishers import Program
from waiting import wait_until

_NGINX = """\
load_module /usr/lib/nginx/modules/ngx_rtmp_module.so;
worker_processes 1;
error_log stderr info;
events {{ worker_connections 64; }}
rtmp {{
  server {{
    listen 127.0.0.1:{port};
    application meeting {{ live on; }}
  }}
}}
"""


class Nginx:
    """nginx-rtmp with the application `meeting`."""

    def __init__(self, directory):
        self.port = free_port()
        configuration = directory / "nginx-rtmp.conf"
        configuration.write_text(_NGINX.format(port=self.port))
        self._program = Program(
            ["/usr/sbin/nginx", "-p", str(directory), "-c", str(configuration),
             "-g", f"daemon off; pid {directory}/nginx-rtmp.pid;"], directory / "nginx-rtmp.log")
        wait_until(self._listens, what="nginx listens")

    def url(self, name):
        return f"rtmp://127.0.0.1:{self.port}/meeting/{name}"

    @property
    def address(self):
        """As a room's `shadow`."""
        return f"rtmp://127.0.0.1:{self.port}/meeting"

    def stop(self):
        # Not killed: nginx ends its workers itself.
        self._program.stop()

    def _listens(self):
        with socket.create_connection(("127.0.0.1", self.port), timeout=2):
            return True


class ScriptedServer:
    """Takes clients, answers `connect`, `createStream`, `publish` and the calls in `results`, and keeps every byte. With a
    `certificate` and its key it speaks inside TLS.

    `results` has the arguments of the `_result` of each call. Shared object messages come back as they were sent.
    """

    def __init__(self, results=None, certificate=None):
        self._results = results or {}
        self._tls = None
        if certificate:
            self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._tls.load_cert_chain(*certificate)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.clients = []
        self._is_stopped = False
        self._reads = threading.Event()
        self._reads.set()
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def address(self):
        return f"rtmp://127.0.0.1:{self.port}"

    def stall(self):
        """Reads nothing more, until `resume`."""
        self._reads.clear()

    def resume(self):
        self._reads.set()

    def stop(self):
        if self._is_stopped:
            return
        self._is_stopped = True
        self._reads.set()
        # Closing alone leaves it listening for the thread that waits.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for client in self.clients:
            client.close()

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            if self._tls:
                try:
                    connection = self._tls.wrap_socket(connection, server_side=True)
                except (OSError, ssl.SSLError):
                    continue
            client = _Client(connection, self._results, self._reads)
            self.clients.append(client)
            threading.Thread(target=client.run, daemon=True).start()


class _Client:
    """One connection: `received` and `sent` are the bytes behind the handshake."""

    def __init__(self, connection, results, reads):
        self._socket = connection
        self._results = results
        self._reads = reads
        self._reader = rtmp_answers.Reader()
        self._done = 0
        self.received = b""
        self.count = 0
        self.sent = b""
        #: Whether to keep what is received; else only `count` it.
        self.keeps = True
        self.ended = threading.Event()

    def run(self):
        try:
            self._handshake()
            while True:
                self._reads.wait()
                data = self._socket.recv(65536)
                if not data:
                    break
                self._take(data)
        except OSError:
            pass
        self.ended.set()

    def close(self):
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def commands(self):
        return self._reader.commands()

    def call(self, name, *values):
        """Calls a method of the client's."""
        self._command(name, 0, None, *values)

    def _handshake(self):
        hello = self._read(1 + 1536)
        self._socket.sendall(b"\x03" + bytes(8) + os.urandom(1528) + hello[1:])
        self._read(1536)

    def _read(self, count):
        data = b""
        while len(data) < count:
            part = self._socket.recv(count - len(data))
            if not part:
                raise OSError("closed")
            data += part
        return data

    def _take(self, data):
        self.count += len(data)
        if not self.keeps:
            return
        self.received += data
        self._reader.feed(data)
        messages = self._reader.messages
        while self._done < len(messages):
            self._answer(messages[self._done])
            self._done += 1

    def _answer(self, message):
        if message.kind == SHARED_OBJECT:
            return self._send(message_bytes(3, SHARED_OBJECT, message.body))
        if message.kind != rtmp_answers.COMMAND:
            return None
        name, transaction, *rest = rtmp_answers.decode(message.body)
        match name:
            case "connect":
                self._command("_result", transaction, {"fmsVer": "OLD/1,0"},
                              {"level": "status", "code": "NetConnection.Connect.Success"})
            case "createStream":
                self._command("_result", transaction, None, 1.0)
            case "publish":
                self._command("onStatus", 0, None, {"level": "status", "code": "NetStream.Publish.Start"}, stream=1)
            case _ if name in self._results:
                self._command("_result", transaction, None, *self._results[name])
        return None

    def _command(self, name, transaction, *values, stream=0):
        body = b"".join(rtmp.amf0(value) for value in (name, float(transaction), *values))
        self._send(message_bytes(3, rtmp.COMMAND, body, stream))

    def _send(self, data):
        self.sent += data
        self._socket.sendall(data)


SHARED_OBJECT = 19


def message_bytes(chunk_stream, kind, body, stream=0, size=128):
    """A message in chunks of `size`."""
    out = (bytes([chunk_stream]) + bytes(3) + len(body).to_bytes(3) + bytes([kind]) + struct.pack("<I", stream)
           + body[:size])
    for position in range(size, len(body), size):
        out += bytes([0xC0 | chunk_stream]) + body[position:position + size]
    return out


class ScriptedClient:
    """A client that says what it is told to, in whatever pieces; `received` are the bytes behind the handshake."""

    def __init__(self, port, app="live/board"):
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=20)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.answers = rtmp_answers.Reader()
        self.received = b""
        self.sent = b""
        self.ended = threading.Event()
        self._socket.sendall(b"\x03" + bytes(8) + os.urandom(1528))
        answer = b""
        while len(answer) < 1 + 2 * 1536:
            part = self._socket.recv(1 + 2 * 1536 - len(answer))
            if not part:
                raise ConnectionResetError("closed in the handshake")
            answer += part
        self._socket.sendall(answer[1:1537])
        threading.Thread(target=self._listen, daemon=True).start()
        self.command("connect", 1, {"app": app, "tcUrl": f"rtmp://127.0.0.1:{port}/{app}", "flashVer": "WIN 11,0,1,152"})

    def command(self, name, transaction, *values, stream=0, pieces=None):
        body = b"".join(rtmp.amf0(value) for value in (name, float(transaction), *values))
        self.send(message_bytes(3, rtmp.COMMAND, body, stream), pieces)

    def send(self, data, pieces=None):
        self.sent += data
        size = pieces or len(data)
        for position in range(0, len(data), size):
            self._socket.sendall(data[position:position + size])

    def close(self):
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def _listen(self):
        try:
            self._socket.settimeout(None)
            while data := self._socket.recv(65536):
                self.received += data
                self.answers.feed(data)
        except OSError:
            pass
        self.ended.set()
