"""Asks the nameserver of this host over one connection and listens to its change feed, until SIGTERM; then tells how often connections were lost."""

import datetime
import signal

import zmq
from zmq.utils.monitor import recv_monitor_message

TIMEOUT = 5000  # ms, for an answer

running = True


def stop(*_):
    global running
    running = False


def connect(context, kind, port):
    """Connect, and return the socket with one that tells when its connection is lost."""
    sock = context.socket(kind)
    monitor = sock.get_monitor_socket(zmq.EVENT_DISCONNECTED)
    sock.connect("tcp://127.0.0.1:%d" % port)
    return sock, monitor


def lost(monitor):
    """Count the connections that were lost since it was called last."""
    count = 0
    while monitor.poll(0):
        recv_monitor_message(monitor)
        count += 1
    return count


signal.signal(signal.SIGTERM, stop)
context = zmq.Context()
asker, asker_monitor = connect(context, zmq.REQ, 5557)
feed, feed_monitor = connect(context, zmq.SUB, 16543)
feed.setsockopt(zmq.SUBSCRIBE, b"")
lookups = unanswered = 0
while running and not unanswered:
    now = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None).isoformat()
    asker.send_string('pytroll://request/any request u@h %s v1.01 application/json {"service": ""}' % now)
    if asker.poll(TIMEOUT):
        asker.recv()
        lookups += 1
    else:
        unanswered += 1
    if lookups == 1:
        print("served", flush=True)
    while feed.poll(5):
        feed.recv()
print("%d lookups, %d connections lost, %d questions open" % (lookups, lost(asker_monitor) + lost(feed_monitor), unanswered), flush=True)
context.destroy(linger=0)
