"""Messages, read and written as Python posttroll does it, step by step (doc/protocol.md, sections 2 and 3): what the suite is measured beside. Written from
the description of the wire and of what the real program does on the way; what costs time there is done here too."""

import datetime as dt
import json
import os
import pwd
import re
import socket
import warnings
from functools import partial

MAGIC = "pytroll:/"
NEWEST, OLDEST = "v1.2", "v1.01"
SETTINGS = {"backend": "unsecure_zmq"}


class Message:
    """The parts of a message. As there, one that is made or read is checked, and its data written once to see whether that works."""

    def __init__(self, subject, kind, data="", version=None):
        self.subject = subject
        self.kind = kind
        self.sender = own_name()
        self.time = dt.datetime.now(dt.timezone.utc)
        self.data = data
        self.version = version
        self.check()

    @classmethod
    def decode(cls, text):
        """Read a message from text or bytes. As there, this warns, which nobody sees."""
        warnings.warn("another way to make a message is newer", PendingDeprecationWarning, stacklevel=2)
        if isinstance(text, bytes):
            text = text.decode("utf-8")
        if not text.startswith(MAGIC):
            raise ValueError("wrong magic")
        words = re.split(r"\s+", text[len(MAGIC):], maxsplit=6)
        if len(words) < 5 or words[4] > NEWEST:
            raise ValueError("no message that can be read")
        self = cls.__new__(cls)
        self.subject, self.kind, self.sender = (word.strip() for word in words[:3])
        self.time = dt.datetime.fromisoformat(words[3].strip())
        self.version = words[4]
        self.data = ""
        if len(words) > 5:
            if words[5].lower() != "application/json":
                raise ValueError("another mime type")
            self.data = json.loads(words[6], object_hook=find_times)
        self.check()
        return self

    def check(self):
        """Make sure that the message can be written."""
        if not (self.subject and self.kind and self.sender):
            raise ValueError("empty word")
        if self.data:
            to_json(self.data, self.choose_version())

    def choose_version(self):
        return self.version or setting("message_version") or needed_version(self.data)

    def encode(self):
        """Write the message."""
        self.check()
        version = self.choose_version()
        head = "{}{} {} {} {} {}".format(MAGIC, self.subject, self.kind, self.sender, write_time(self.time, version), version)
        if not self.data:
            return head
        return " ".join((head, "application/json", to_json(self.data, version)))


def setting(name):
    """Look a setting up, in a tree of them."""
    found = SETTINGS
    for part in name.split("."):
        try:
            found = found[part.replace("-", "_")]
        except (KeyError, TypeError):
            return None
    return found


def own_name():
    return f"{pwd.getpwuid(os.getuid())[0]}@{socket.gethostname()}"


def to_json(data, version):
    return json.dumps(data, default=partial(write_value, version=version))


def write_value(value, version):
    try:
        return write_time(value, version)
    except AttributeError as error:
        raise TypeError(f"{value!r} can't be written") from error


def write_time(time, version):
    return (time.replace(tzinfo=None) if version <= OLDEST else time).isoformat()


def needed_version(data):
    return NEWEST if holds_time(data) else OLDEST


def holds_time(value):
    if isinstance(value, dt.datetime):
        return True
    if isinstance(value, dict):
        return any(holds_time(item) for item in value.values())
    if isinstance(value, (list, tuple)):
        return any(holds_time(item) for item in value)
    return False


def find_times(value):
    """Turn texts into datetimes, anywhere below an object. The hook is called for inner objects too, so those are gone through once for each level."""
    if isinstance(value, dict):
        return dict([(key, to_time(item)) for key, item in value.items()])
    return [to_time(item) for item in value]


def to_time(item):
    if isinstance(item, str):
        try:
            return dt.datetime.fromisoformat(item)
        except ValueError:
            return item
    if isinstance(item, (dict, list)):
        return find_times(item)
    return item
