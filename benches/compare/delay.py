"""A network with a delay, for compare.sh: two TUN devices, and what goes into one comes out of the other later.

usage: delay.py NEAR-NAMESPACE FAR-NAMESPACE

Makes the devices near0 and far0 and hands them to the two network namespaces, where whoever started it gives them
addresses. Each line on standard input is a delay in milliseconds for one way, and is answered with a line once it holds.
IPv6 packets get lost. Ends with its standard input. Needs root.
"""

import collections
import fcntl
import os
import select
import struct
import subprocess
import sys
import time

TUNSETIFF = 0x400454CA
IFF_TUN, IFF_NO_PI = 0x0001, 0x1000


def tun(name, namespace):
    """The descriptor of a new device, which lives as long as this does, also in another namespace."""
    descriptor = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(descriptor, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN | IFF_NO_PI))
    subprocess.run(["ip", "link", "set", name, "netns", namespace], check=True)
    return descriptor


def main():
    near, far = (tun(f"{side}0", namespace) for side, namespace in zip(("near", "far"), sys.argv[1:3]))
    other = {near: far, far: near}
    delay = 0.0
    under_way = collections.deque()
    print("ready", flush=True)
    # Spins while a packet is under way: to sleep would add what the system takes to wake this up.
    while True:
        readable, _, _ = select.select([near, far, sys.stdin], [], [], 0 if under_way else None)
        now = time.monotonic()
        for source in readable:
            if source is sys.stdin:
                line = sys.stdin.readline()
                if not line:
                    return
                delay = float(line) / 1000
                print(line.strip(), flush=True)
                continue
            packet = os.read(source, 65536)
            if packet[0] >> 4 == 4:
                under_way.append((now + delay, other[source], packet))
        while under_way and under_way[0][0] <= time.monotonic():
            _, destination, packet = under_way.popleft()
            os.write(destination, packet)


if __name__ == "__main__":
    main()
