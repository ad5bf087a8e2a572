"""Make pairs of keys as posttroll-generate-keys does, by pyzmq.

Usage: certificates.py DIRECTORY NAME...
"""

import sys

from zmq.auth import create_certificates

for name in sys.argv[2:]:
    create_certificates(sys.argv[1], name)
