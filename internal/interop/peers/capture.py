"""What goes over a network interface: counts the frames that it sees, those of TCP, and those that a text stands in.

Usage: capture.py INTERFACE TEXT
"""

import json
import socket
import struct
import sys

from sockets import end_when_asked

ETH_P_ALL, ETH_P_IP, TCP = 3, 0x0800, 6
HEADER = 14  # bytes, of Ethernet


def is_tcp(frame):
    return struct.unpack("!H", frame[12:HEADER])[0] == ETH_P_IP and frame[HEADER + 9] == TCP


def main():
    interface, text = sys.argv[1], sys.argv[2].encode()
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    sock.bind((interface, 0))
    print("ready", flush=True)
    frames = segments = readable = 0
    while True:
        frame = sock.recv(65536)
        frames += 1
        segments += is_tcp(frame)
        readable += text in frame
        print(json.dumps({"frames": frames, "segments": segments, "readable": readable}), flush=True)


if __name__ == "__main__":
    end_when_asked()
    main()
