"""How long a test waits for what must happen.

Only a failure takes so long. A busy machine, or one that stands still for a while, decides no test.
"""

import httpx

PATIENCE = 150.0  # seconds; less than the limit of a whole test

# One that was idle for five seconds is closed, perhaps while the next call is on its way.
EACH_ITS_CONNECTION = httpx.Limits(max_keepalive_connections=0)
