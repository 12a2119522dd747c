"""For clients of our own servers, which speak plain HTTP."""

import ssl

# Without it a client reads the certificates of all authorities first: 50 ms for each call.
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
