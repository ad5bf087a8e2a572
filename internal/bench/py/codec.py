"""Decodes and encodes messages, as it is asked on standard input: "WORK FILE SECONDS". The answer is the number of messages and the seconds
of processors that this process took for them.

Usage: codec.py MESSAGE...
"""

import sys
import time
from pathlib import Path

from wire import Message

BATCH = 10


def works(text):
    """What can be asked for, with one message. Decoding is the same whatever a program wants of it."""
    message = Message.decode(text)
    message.version = None  # as one that a program makes

    def decode():
        Message.decode(text)

    def encode():
        message.encode()

    def make():
        Message(message.subject, message.kind, message.data).encode()

    return {"decode": decode, "encode": encode, "make": make}


def main():
    texts = [Path(name).read_text(encoding="utf-8") for name in sys.argv[1:]]
    for line in sys.stdin:
        work, file, seconds = line.split()
        do = works(texts[int(file)])[work]
        done, begun, used = 0, time.perf_counter(), time.process_time()
        while time.perf_counter() - begun < float(seconds):
            for _ in range(BATCH):
                do()
            done += BATCH
        print(done, time.process_time() - used, flush=True)


main()
