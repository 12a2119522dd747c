"""For pages that stand alone, outside the design of the site: links in letters, for example."""

# Their own style is inside them; nothing is loaded and nothing runs.
CSP = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
