"""Messages as Python posttroll 1.11, 1.13 and 1.16 write and read them (doc/protocol.md, sections 2 and 3).

Written from the description of the wire for tests. What ends the real program ends these peers too: no exception is
caught that the real one lets through.
"""

import datetime as dt
import json
import os
import pwd
import re
import socket

MAGIC = "pytroll:/"
UTC = dt.timezone.utc


class MessageError(Exception):
    """A text that is no message. From 1.14 on subscribers drop it; before, it ended them like any other exception."""


class Message:
    """The parts of a message."""

    def __init__(self, subject, kind, data="", version=None, sender=None, time=None):
        self.subject = subject
        self.kind = kind
        self.data = data
        self.version = version
        self.sender = sender or f"{pwd.getpwuid(os.getuid()).pw_name}@{socket.gethostname()}"
        self.time = time or dt.datetime.now(UTC)


class Dialect:
    """How one version speaks."""

    newest = "v1.2"
    drops_bad_messages = True  # else they end a subscriber
    describes_itself = True  # announces supported_message_version and backend
    feed_by_multicast = False  # the nameserver announces its change feed by multicast
    mixes_backends = True  # else all sockets of a program have its backend

    def version(self, message):
        """Choose the version for a message that has none."""
        return "v1.2" if holds_datetime(message.data) else "v1.01"

    def feed_version(self, message):
        """Choose the version for an announcement on the change feed."""
        return self.version(message)

    def write_time(self, time, version):
        return (time.replace(tzinfo=None) if version <= "v1.01" else time).isoformat()

    write_head_time = write_time

    def read_time(self, text):
        return dt.datetime.fromisoformat(text)

    def check_version(self, word):
        if word > self.newest:
            raise MessageError(f"version {word}")
        return word

    def now(self):
        """The time that entries of a nameserver carry."""
        return dt.datetime.now(UTC)

    def encode(self, message):
        version = message.version or self.version(message)
        head = " ".join((MAGIC + message.subject, message.kind, message.sender,
                         self.write_head_time(message.time, version), version))
        if not message.data:
            return head
        if isinstance(message.data, str):
            return f"{head} text/ascii {message.data}"
        data = json.dumps(message.data, default=lambda value: self.write_time(value, version))
        return f"{head} application/json {data}"

    def decode(self, text):
        if not text.startswith(MAGIC):
            raise MessageError("wrong magic")
        words = re.split(r"\s+", text[len(MAGIC):], maxsplit=6)
        if len(words) < 5:
            raise MessageError("too few words")
        version = self.check_version(words[4])
        message = Message(words[0], words[1], "", version, words[2], self.read_time(words[3]))
        message.data = self.read_data(words)
        if not (message.subject and message.kind and message.sender):
            raise MessageError("empty word")
        return message

    def read_data(self, words):
        if len(words) == 5:
            return ""
        mime, data = words[5].lower(), words[6]  # a mime without data is an IndexError
        if mime == "application/json":
            try:
                return json.loads(data, object_hook=self.find_times)
            except ValueError as error:
                raise MessageError("bad JSON") from error
        if mime not in ("text/ascii", "binary/octet-stream"):
            raise MessageError(f"mime {mime}")
        return data

    def find_times(self, value):
        if isinstance(value, dict):
            return {key: self.find_times(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.find_times(item) for item in value]
        if isinstance(value, str):
            try:
                return self.read_time(value)
            except ValueError:
                return value
        return value


class Dialect16(Dialect):
    """1.14 and later."""


class Dialect13(Dialect):
    """1.12 and 1.13: always v1.2, and passes announcements on in the version that they came with."""

    drops_bad_messages = False
    describes_itself = False
    mixes_backends = False

    def version(self, message):
        return "v1.2"

    def feed_version(self, message):
        return message.version


class Dialect11(Dialect):
    """1.9 to 1.11: v1.01 alone, no offsets, and no secure backend."""

    newest = "v1.01"
    drops_bad_messages = False
    describes_itself = False
    mixes_backends = False
    feed_by_multicast = True

    def version(self, message):
        return "v1.01"

    def write_time(self, time, version):
        return time.isoformat()  # with the offset, in data that has one

    def write_head_time(self, time, version):
        return time.replace(tzinfo=None).isoformat()

    def read_time(self, text):
        if not 19 <= len(text) <= 26:
            raise ValueError(f"time {text!r}")
        return dt.datetime.strptime(text if "." in text else text + ".0", "%Y-%m-%dT%H:%M:%S.%f")

    def check_version(self, word):
        if word[:5] != "v1.01":
            raise MessageError(f"version {word}")
        return "v1.01"

    def read_data(self, words):
        return "" if len(words) < 7 else super().read_data(words)

    def now(self):
        return dt.datetime.now(UTC).replace(tzinfo=None)


DIALECTS = {"1.11": Dialect11(), "1.13": Dialect13(), "1.16": Dialect16()}


def holds_datetime(value):
    """Tell whether a datetime stands anywhere in value."""
    if isinstance(value, dict):
        return any(map(holds_datetime, value.values()))
    if isinstance(value, (list, tuple)):
        return any(map(holds_datetime, value))
    return isinstance(value, dt.datetime)
