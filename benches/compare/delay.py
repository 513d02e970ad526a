"""A network with a delay, for compare.sh: two TUN devices, and what goes into one comes out of the other later.

usage: delay.py NEAR-NAMESPACE FAR-NAMESPACE PACKETS

Makes the devices near0 and far0 and hands them to the two network namespaces, where whoever started it gives them
addresses. Each line on standard input is a delay in milliseconds for one way, and is answered with a line once it holds.
IPv6 packets get lost. The file PACKETS gets a line for each TCP packet of the near side: when it went in or came out, by
the monotonic clock in seconds, `out` or `in` as that side sees it, and how many bytes it carries. Ends with its standard
input. Needs root.
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


def carried(packet):
    """How many bytes an IPv4 packet with TCP in it carries for those who talk."""
    ip_header = (packet[0] & 15) * 4
    return len(packet) - ip_header - (packet[ip_header + 12] >> 4) * 4


def main():
    near, far = (tun(f"{side}0", namespace) for side, namespace in zip(("near", "far"), sys.argv[1:3]))
    packets = open(sys.argv[3], "w", encoding="ascii")
    other = {near: far, far: near}
    delay = 0.0
    under_way = collections.deque()
    print("ready", flush=True)
    # Spins while a packet is under way: to sleep would add what the system takes to wake this up.
    while True:
        if not under_way:
            packets.flush()
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
                if source == near:
                    print(now, "out", carried(packet), file=packets)
        while under_way and under_way[0][0] <= time.monotonic():
            _, destination, packet = under_way.popleft()
            if destination == near:
                print(time.monotonic(), "in", carried(packet), file=packets)
            os.write(destination, packet)


if __name__ == "__main__":
    main()
