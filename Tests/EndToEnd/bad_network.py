"""A seeded bad network on real sockets: the relay of relay.py with loss in bursts, delay, jitter and a bottleneck.

The same model as Tests/BadNetwork, which does it in virtual time.
"""

import heapq
import itertools
import random
import select
import time
from dataclasses import dataclass

from relay import UDPRelay

HEADERS = 28  # UDP and IPv4


@dataclass
class Conditions:
    delay: float = 0.0  # seconds, one way
    jitter: float = 0.0  # more or less than that, at random
    loss: float = 0.0  # share of datagrams
    burst: float = 1.0  # lost in a row, in the mean
    bit_rate: int | None = None  # bits a second
    queue: float = 2.0  # seconds that the bottleneck holds


class _Line:
    def __init__(self, conditions, seed):
        self.conditions = conditions
        self._random = random.Random(seed)
        self._in_burst = False
        self._free = 0.0
        self.waits = []  # (time, seconds in the bottleneck's queue) of each datagram

    def arrival(self, size, now):
        """When a datagram sent now arrives, or None if it is lost."""
        conditions, leaves = self.conditions, now
        if conditions.bit_rate:
            wait = max(self._free - now, 0)
            self.waits.append((now, wait))
            if wait > conditions.queue:
                return None
            self._free = leaves = max(self._free, now) + (size + HEADERS) * 8 / conditions.bit_rate
        if self._is_lost():
            return None
        return leaves + conditions.delay + self._random.uniform(-conditions.jitter, conditions.jitter)

    def _is_lost(self):
        if not self.conditions.loss:
            return False
        leave = 1 / self.conditions.burst
        enter = leave * self.conditions.loss / (1 - self.conditions.loss)
        chance = self._random.random()
        self._in_burst = chance >= leave if self._in_burst else chance < enter
        return self._in_burst


class BadRelay(UDPRelay):
    """`down` is what the gateway sends, `up` what comes back; both may be given other conditions while it runs."""

    def __init__(self, gateway_port, down, up=None, seed=1):
        self.down, self.up = _Line(down, seed), _Line(up or Conditions(delay=down.delay), seed + 1)
        self._waiting, self._order = [], itertools.count()
        super().__init__(gateway_port)

    def _run(self):
        while True:
            now = time.monotonic()
            while self._waiting and self._waiting[0][0] <= now:
                _, _, pass_on = heapq.heappop(self._waiting)
                pass_on()
            timeout = max(0, self._waiting[0][0] - now) if self._waiting else None
            readable, _, _ = select.select([self._front, self._woken, *self._backs.values()], [], [], timeout)
            if self._woken in readable:
                return
            for end in readable:
                self._pass_on(end)

    def _forward(self, from_gateway, datagram, pass_on):
        now = time.monotonic()
        arrival = (self.down if from_gateway else self.up).arrival(len(datagram), now)
        if arrival is None:
            self.lost += 1
        else:
            heapq.heappush(self._waiting, (arrival, next(self._order), pass_on))
