"""TCP ports on loopback whose connections reach the gateway by a way of their own."""

import socket
import ssl
import threading


class Port:
    """Listens; `carry(client)` runs for each connection, in a thread of its own."""

    def __init__(self):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self._listener.close()

    def carry(self, client):
        raise NotImplementedError

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self.carry, args=(client,), daemon=True).start()


class Relay(Port):
    """Passes bytes both ways; what the client sends in writes of at most `piece` bytes."""

    def __init__(self, target_port, piece=65536):
        self._target, self._piece = target_port, piece
        super().__init__()

    def connect(self):
        """The connection to the gateway."""
        server = socket.create_connection(("127.0.0.1", self._target))
        server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return server

    def carry(self, client):
        try:
            server = self.connect()
        except OSError:
            client.close()
            return
        threading.Thread(target=pass_on, args=(server, client), daemon=True).start()
        pass_on(client, server, self._piece)


class TLSRelay(Relay):
    """A relay whose connections go on inside TLS."""

    def __init__(self, target_port, context):
        self._context = context
        super().__init__(target_port)

    def connect(self):
        return self._context.wrap_socket(super().connect())


def pass_on(source, destination, size=65536):
    """Carries one direction to its end, in writes of at most `size` bytes."""
    try:
        while data := source.recv(65536):
            for position in range(0, len(data), size):
                destination.sendall(data[position:position + size])
        # TLS has no half-close in Python: its sockets forget their keys.
        whole = isinstance(source, ssl.SSLSocket) or isinstance(destination, ssl.SSLSocket)
        destination.shutdown(socket.SHUT_RDWR if whole else socket.SHUT_WR)
    except OSError:
        for end in (source, destination):
            hang_up(end)


def hang_up(end):
    """Closes a socket that another thread may be reading: closing alone would leave that one waiting."""
    try:
        end.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    end.close()
