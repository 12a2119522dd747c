"""What a page may load and run (django-csp).

By the start of its address: the first of CONTENT_SECURITY_POLICIES that fits counts, and
CONTENT_SECURITY_POLICY where none does (docs/pages.md). Violations come to /csp-report.
"""

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],  # wallets bring their pictures as data
        "connect-src": ["'self'"],
        "manifest-src": ["'self'"],
        "worker-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
        "report-uri": ["/csp-report"],
    }
}
CONTENT_SECURITY_POLICIES = {
    # Swagger UI sets styles of its own; its script is served as a file.
    "/api/docs/": {
        "default-src": ["'self'"],
        "style-src": ["'self'", "'unsafe-inline'"],
        "img-src": ["'self'", "data:"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
        "report-uri": ["/csp-report"],
    },
    "/api/": {"default-src": ["'none'"], "frame-ancestors": ["'none'"]},
    # Its scripts evaluate the expressions that they find in attributes (Alpine), and one is inline.
    "/admin/": {
        "default-src": ["'self'"],
        "script-src": ["'self'", "'unsafe-inline'", "'unsafe-eval'"],
        "style-src": ["'self'", "'unsafe-inline'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'", "data:"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
        "report-uri": ["/csp-report"],
    },
}
