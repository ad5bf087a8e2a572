# A receiver and a sender of announcements on loopback, with the socket options that Python posttroll sets.
import socket
import sys

group, port = sys.argv[1], int(sys.argv[2])
loopback = socket.inet_aton("127.0.0.1")

receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
receiver.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
receiver.bind(("", port))
receiver.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton(group) + loopback)
receiver.settimeout(20)

sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sender.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 31)
sender.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, loopback)
sender.sendto(b"from Python", (group, port))
print("ready", flush=True)

while True:
    datagram = receiver.recv(1024).decode()
    print("received", datagram, flush=True)
    if datagram == "from Go":
        break
