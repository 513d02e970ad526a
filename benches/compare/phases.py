"""Where the time of a logout over https goes: what the client spends itself before, between and after its round trips.

usage: phases.py PLAN PACKETS ROUNDS NAME…

Runs the named contestants of a plan of compare.sh in turns and prints, for each, the medians of its phases in
milliseconds. When a packet left and came is read from the file that delay.py writes.
"""

import os
import random
import shutil
import statistics
import sys
import time

PHASES = ("start", "hello", "request", "end", "network", "total")


class Contestant:
    """One line of the plan: `name  pristine-config  config  change  KEY=VALUE…  program  argument…`."""

    def __init__(self, line):
        self.name, self.pristine, self.config, _, *words = line.rstrip("\n").split("\t")
        settings = next(index for index, word in enumerate(words) if "=" not in word)
        self.environment = dict(word.split("=", 1) for word in words[:settings])
        self.command = words[settings:]
        self.times = []

    def run(self):
        """Runs once, from a fresh config, and returns when that began and ended."""
        shutil.copyfile(self.pristine, self.config)
        os.chmod(self.config, 0o600)
        quiet = [(os.POSIX_SPAWN_OPEN, stream, os.devnull, os.O_RDWR, 0) for stream in range(3)]
        began = time.monotonic()
        child = os.posix_spawn(self.command[0], self.command, self.environment, file_actions=quiet)
        _, status = os.waitpid(child, 0)
        if status != 0:
            sys.exit(f"{self.name} failed")
        return began, time.monotonic()


def phases(began, ended, packets):
    """What a run spends before its first packet, until its ClientHello, until its request, and after the answer."""
    sent = [(when, size) for when, way, size in packets if way == "out" and when < ended]
    came = [(when, size) for when, way, size in packets if way == "in" and when < ended]
    hello, *later = (when for when, size in sent if size)
    finished = later[0]
    # The handshake's last message and the request go out together, or one right after the other.
    request = max(when for when in later if when < finished + (finished - hello) / 2)
    flight = max(when for when, size in came if size and when < finished)
    answer = max(when for when, size in came if size)
    ours = (sent[0][0] - began, hello - came[0][0], request - flight, ended - answer)
    total = ended - began
    return (*ours, total - sum(ours), total)


def main():
    plan, log, rounds, *names = sys.argv[1:]
    with open(plan, encoding="utf-8") as lines:
        contestants = [contestant for contestant in map(Contestant, lines) if contestant.name in names]
    packets = open(log, encoding="ascii")
    # The first round warms the caches and is not counted.
    for count in range(int(rounds) + 1):
        for contestant in random.sample(contestants, len(contestants)):
            packets.seek(0, os.SEEK_END)
            began, ended = contestant.run()
            # Until the goodbyes, too, have crossed the network and are written down.
            time.sleep(0.05)
            seen = [line.split() for line in packets]
            if count > 0:
                contestant.times.append(
                    phases(began, ended, [(float(when), way, int(size)) for when, way, size in seen])
                )
    print(f"{'milliseconds':<28}", *(f"{phase:>8}" for phase in PHASES))
    for contestant in contestants:
        medians = (statistics.median(column) * 1000 for column in zip(*contestant.times))
        print(f"{contestant.name:<28}", *(f"{median:8.2f}" for median in medians))


if __name__ == "__main__":
    main()
