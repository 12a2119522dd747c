"""How long a test waits for what must happen.

Only a failure takes so long. A busy machine, or one that stands still for a while, decides no test.
"""

PATIENCE = 150.0  # seconds; less than the limit of a whole test
