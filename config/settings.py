"""All configuration, read once from the environment. See docs/configuration.md.

The modules beside this one hold settings that are the same everywhere.
"""

import sys
from datetime import timedelta
from pathlib import Path

from chain.clusters import EXPLORERS, GENESIS_HASHES
from chain.signers import read_signer
from config.appearance import UNFOLD as UNFOLD
from config.jobs import CELERY_BEAT_SCHEDULE as CELERY_BEAT_SCHEDULE
from config.jobs import CELERY_TASK_ROUTES as CELERY_TASK_ROUTES
from config.openapi import SPECTACULAR_SETTINGS as SPECTACULAR_SETTINGS
from config.policies import CONTENT_SECURITY_POLICIES as CONTENT_SECURITY_POLICIES
from config.policies import CONTENT_SECURITY_POLICY as CONTENT_SECURITY_POLICY
from core.env import database, env, versioned_secrets
from notifications.vapid import read_vapid_key

BASE_DIR = Path(__file__).resolve().parent.parent

# --- The site -------------------------------------------------------------------------
DEBUG = env.bool("DEBUG", False)
SECRET_KEY = env.str("SECRET_KEY")
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", [])
PUBLIC_BASE_URL = env.str("PUBLIC_BASE_URL", "http://127.0.0.1:8000").rstrip("/")
ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"

INSTALLED_APPS = [
    # Serves development. Nothing else imports it: Twisted is a sixth of the time to start.
    *(["daphne"] if "runserver" in sys.argv else []),
    "unfold.apps.BasicAppConfig",  # before the admin, whose templates it replaces
    "backoffice.apps.BackofficeAdminConfig",  # django.contrib.admin with our site
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "channels",
    "corsheaders",
    "csp",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
    "axes",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "core",
    "chain",
    "events",
    "accounts",
    "trading",
    "badges",
    "nft",
    "realtime",
    "analytics",
    "notifications",
    "audit",
    "backoffice",
    "web",
    "proof",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "core.correlation.CorrelationIdMiddleware",
    "web.policies.PolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "web.language.PageLanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "audit.middleware.AuditMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",  # last: it answers in place of a refused sign-in
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "web.context.page",
            ]
        },
    }
]

# --- Data -----------------------------------------------------------------------------
DATABASES = {"default": database("DATABASE_URL", pool_size=env.int("DATABASE_POOL_SIZE", 20))}
# LISTEN/NOTIFY needs a session of its own, which a transaction pooler does not give.
DATABASE_DIRECT_URL = env.str("DATABASE_DIRECT_URL", env.str("DATABASE_URL"))
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.str("REDIS_URL")
REDIS_TIMEOUT_SECONDS = 1.0
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "OPTIONS": {
            "socket_timeout": REDIS_TIMEOUT_SECONDS,
            "socket_connect_timeout": REDIS_TIMEOUT_SECONDS,
        },
        "KEY_PREFIX": "aiw3",
    }
}
# For Channels' own consumers, should a site add some; ours need none (docs/decisions/0016).
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.core.RedisChannelLayer",
        "CONFIG": {"hosts": [REDIS_URL]},
    }
}

# --- Kafka ----------------------------------------------------------------------------
# Without servers every consumer group reads the log in Postgres, and nothing is copied.
KAFKA_BOOTSTRAP_SERVERS = env.str("KAFKA_BOOTSTRAP_SERVERS", "")
KAFKA_SECURITY_PROTOCOL = env.str("KAFKA_SECURITY_PROTOCOL", "PLAINTEXT")  # or SSL, SASL_SSL
KAFKA_SASL_MECHANISM = env.str("KAFKA_SASL_MECHANISM", "")  # as SCRAM-SHA-512
KAFKA_SASL_USERNAME = env.str("KAFKA_SASL_USERNAME", "")
KAFKA_SASL_PASSWORD = env.str("KAFKA_SASL_PASSWORD", "")
KAFKA_CA_PATH = env.str("KAFKA_CA_PATH", "")  # PEM; empty: the system's
KAFKA_CLIENT_ID = env.str("KAFKA_CLIENT_ID", "aiw3-nft")
KAFKA_PREFIX = env.str("KAFKA_PREFIX", "")  # of topics, groups and transactions: shared clusters
KAFKA_REPLICATION_FACTOR = env.int("KAFKA_REPLICATION_FACTOR", -1)  # -1: the broker's default
KAFKA_SESSION_TIMEOUT_MS = env.int(
    "KAFKA_SESSION_TIMEOUT_MS", 10_000
)  # until a dead member is replaced

# --- People ---------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = env.bool("SECURE_COOKIES", True)
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", False)
SECURE_PROXY_SSL_HEADER = (
    ("HTTP_X_FORWARDED_PROTO", "https") if env.bool("BEHIND_PROXY", False) else None
)
SECURE_REDIRECT_EXEMPT = [r"^(healthz|readyz|metrics)$"]  # asked from inside, without TLS
SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", 0)
SECURE_HSTS_INCLUDE_SUBDOMAINS = env.bool("SECURE_HSTS_INCLUDE_SUBDOMAINS", False)
SECURE_HSTS_PRELOAD = env.bool("SECURE_HSTS_PRELOAD", False)
SECURE_CONTENT_TYPE_NOSNIFF = True
CORS_ALLOWED_ORIGINS: list[str] = env.list("CORS_ALLOWED_ORIGINS", [])
CORS_ALLOW_CREDENTIALS = bool(CORS_ALLOWED_ORIGINS)
CSRF_FAILURE_VIEW = "web.views.errors.csrf_failure"
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", [])

# Sign-In-With-Solana. The domain comes from here, never from the Host header.
SIWS_DOMAIN = env.str("SIWS_DOMAIN", PUBLIC_BASE_URL.split("://", 1)[-1])
SIWS_URI = env.str("SIWS_URI", PUBLIC_BASE_URL)
SIWS_NONCE_TTL = timedelta(minutes=5)
STREAM_TICKET_START_TTL = timedelta(seconds=30)
STREAM_TICKET_RESUME_TTL = timedelta(minutes=10)

SIMPLE_JWT = {
    "SIGNING_KEY": env.str("JWT_SIGNING_KEY"),
    "ALGORITHM": "HS256",
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=15),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=14),
    "USER_ID_FIELD": "id",
    "USER_ID_CLAIM": "sub",
}

# --- Admin ----------------------------------------------------------------------------
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",  # refuses whoever has to wait
    "django.contrib.auth.backends.ModelBackend",
]
# Staff need an authenticator beside their password or wallet; off in the demo only.
ADMIN_REQUIRE_OTP = env.bool("ADMIN_REQUIRE_OTP", True)
OTP_TOTP_ISSUER = "AIW3 NFT"
OTP_ADMIN_HIDE_SENSITIVE_DATA = True
# A sign-in to the admin ends so long after its last page, and so long after its first.
ADMIN_SESSION_IDLE = timedelta(seconds=env.int("ADMIN_SESSION_IDLE_SECONDS", 30 * 60))
ADMIN_SESSION_AGE = timedelta(seconds=env.int("ADMIN_SESSION_AGE_SECONDS", 12 * 3600))
# So many wrong passwords from one address, and it waits: the address, not the account, which
# anybody could lock. A sign-in clears nothing: a member's own would, for guesses at others.
AXES_LOCKOUT_PARAMETERS = ["ip_address"]
AXES_FAILURE_LIMIT = env.int("ADMIN_LOGIN_FAILURES", 10)
AXES_COOLOFF_TIME = timedelta(seconds=env.int("ADMIN_LOGIN_PAUSE_SECONDS", 15 * 60))
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_CLIENT_IP_CALLABLE = "backoffice.throttling.client_address"
AXES_LOCKOUT_CALLABLE = "backoffice.throttling.locked_out"
AXES_SENSITIVE_PARAMETERS = ["username", "ip_address", "csrfmiddlewaretoken"]
AXES_DISABLE_ACCESS_LOG = True  # it would tell of every member who signs in
AXES_ENABLE_ADMIN = False  # ours is in backoffice.admin
AXES_VERBOSE = False
# --- HTTP API -------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.authentication.BearerAuthentication",
        "accounts.authentication.SessionAuthentication",
    ],
    "DEFAULT_PARSER_CLASSES": ["core.parsers.JSONParser"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_PAGINATION_CLASS": "core.api.CursorPagination",
    "DEFAULT_SCHEMA_CLASS": "core.openapi.Schema",
    "EXCEPTION_HANDLER": "core.api.exception_handler",
    "COERCE_DECIMAL_TO_STRING": True,
    # How many proxies of ours append to X-Forwarded-For; 0 ignores the header.
    "NUM_PROXIES": env.int("TRUSTED_PROXIES", 1 if SECURE_PROXY_SSL_HEADER else 0),
}
# Calls by one user, service key or (before sign-in) network address: see core.throttling.
RATE_LIMITS = {
    "upgrade": env.str("RATE_LIMIT_UPGRADE", "5/min"),
    "burn_transaction": env.str("RATE_LIMIT_BURN_TRANSACTION", "30/min"),
    "nonce": env.str("RATE_LIMIT_NONCE", "30/min"),
    "auth": env.str("RATE_LIMIT_AUTH", "30/min"),
    "csp_report": env.str("RATE_LIMIT_CSP_REPORT", "60/min"),
    "mail_address": env.str("RATE_LIMIT_MAIL_ADDRESS", "10/h"),
    # Opening streams, by address and server process; generous, because offices share one.
    "stream": env.str("RATE_LIMIT_STREAM", "1200/min"),
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024  # bytes in a request body
# Django's own SECURE_* headers apply to every response; static files come from WhiteNoise.
STATIC_URL = "/static/"
STATIC_ROOT = env.path("STATIC_ROOT", BASE_DIR / "staticfiles")
STATICFILES_DIRS = [BASE_DIR / "static"]

# Where the NFTs' metadata and pictures are kept; any of Django's storages, S3 for example.
NFT_STORAGE_BACKEND = env.str("NFT_STORAGE_BACKEND", "django.core.files.storage.FileSystemStorage")
NFT_STORAGE_OPTIONS = env.json("NFT_STORAGE_OPTIONS", {"location": str(BASE_DIR / "build" / "nft")})
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    "nft": {"BACKEND": NFT_STORAGE_BACKEND, "OPTIONS": NFT_STORAGE_OPTIONS},
}

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
LOCALE_PATHS = [BASE_DIR / "locale"]
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_SECURE = SESSION_COOKIE_SECURE
TIME_ZONE = "UTC"
USE_TZ = True
FORMAT_MODULE_PATH = ["config.formats"]

# --- Streams --------------------------------------------------------------------------
# Counts are per user and per deployment; policies say what one stream too many does.
STREAMS_PER_USER = env.int("STREAMS_PER_USER", 3)
STREAMS_PER_USER_POLICY = env.str("STREAMS_PER_USER_POLICY", "supersede")  # or refuse: 429
STREAMS_TOTAL = env.int("STREAMS_TOTAL", 10_000)
STREAMS_TOTAL_POLICY = env.str("STREAMS_TOTAL_POLICY", "evict")  # the oldest; or refuse: 503
STREAM_HEARTBEAT_SECONDS = env.float("STREAM_HEARTBEAT_SECONDS", 30.0)
STREAM_RETRY_MS = env.int("STREAM_RETRY_MS", 2000)
STREAM_REPLAY_LIMIT = env.int("STREAM_REPLAY_LIMIT", 1000)  # events; further behind is a reset
STREAM_PENDING_BYTES = env.int("STREAM_PENDING_BYTES", 256 * 1024)
STREAM_GRACE_SECONDS = env.float("STREAM_GRACE_SECONDS", 2.0)  # for a last message to get out
STREAM_START_SECONDS = env.float("STREAM_START_SECONDS", 5.0)
STREAM_DEAF_SECONDS = env.float("STREAM_DEAF_SECONDS", 3.5)  # the head comes every second
STREAM_LOG_POLL_SECONDS = env.float("STREAM_LOG_POLL_SECONDS", 1.0)  # while deaf
STREAM_SESSION_CHECK_SECONDS = env.float("STREAM_SESSION_CHECK_SECONDS", 5.0)
STREAM_POLLS_PER_USER = env.int("STREAM_POLLS_PER_USER", 6)  # that wait, in one process
STREAM_POLL_WAIT_SECONDS = 30  # the longest that a poll may ask for
STREAM_POLL_PAGE = env.int("STREAM_POLL_PAGE", 100)  # events
STREAM_VANISHED_SECONDS = env.float("STREAM_VANISHED_SECONDS", 60.0)  # nothing acknowledged
STREAM_SIGN_IN_THREADS = env.int("STREAM_SIGN_IN_THREADS", 2)  # each keeps one connection

# --- Watching -------------------------------------------------------------------------
METRICS_PUBLIC = env.bool("METRICS_PUBLIC", False)  # else for staff and operators only

# --- Jobs -----------------------------------------------------------------------------
CELERY_BROKER_URL = REDIS_URL
CELERY_BROKER_TRANSPORT = "core.broker:Transport"
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "socket_connect_timeout": REDIS_TIMEOUT_SECONDS,
    # A hanging broker must not hang its callers. The worker's blocking pop waits for its
    # answer in the event loop and is not cut off by this.
    "socket_timeout": REDIS_TIMEOUT_SECONDS,
    "max_retries": 1,  # to connect; without it a caller tries for ever
    "interval_start": 0,
    "visibility_timeout": 120,  # seconds until a message of a dead worker comes back
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # for ever; worker and beat outlast any outage
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SOFT_TIME_LIMIT = 45
CELERY_TASK_TIME_LIMIT = 60
CELERY_WORKER_CONCURRENCY = env.int("WORKER_CONCURRENCY", 10)
CELERY_WORKER_PREFETCH_MULTIPLIER = 4
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_DEFAULT_QUEUE = "default"
# --- Solana ---------------------------------------------------------------------------
SOLANA_RPC_URL = env.str("SOLANA_RPC_URL")
SOLANA_CHAIN = env.str("SOLANA_CHAIN", "localnet")  # the SIWS chain id
# Which cluster is believed. A private cluster makes up its own; empty: any.
SOLANA_GENESIS_HASH = env.str("SOLANA_GENESIS_HASH", GENESIS_HASHES.get(SOLANA_CHAIN, ""))
SOLANA_RPC_TIMEOUT_SECONDS = env.float("SOLANA_RPC_TIMEOUT_SECONDS", 5.0)  # one call
SOLANA_RPC_DEADLINE_SECONDS = env.float("SOLANA_RPC_DEADLINE_SECONDS", 10.0)  # one look
# One look that a person waits for, who rather hears soon that the chain does not answer.
SOLANA_RPC_CALLER_SECONDS = env.float("SOLANA_RPC_CALLER_SECONDS", 4.0)
SOLANA_SLOT_DURATION = timedelta(milliseconds=env.int("SOLANA_SLOT_MS", 400))
CHAIN_POLL_INTERVAL = timedelta(milliseconds=env.int("CHAIN_POLL_MS", 400))
LOCALNET_ALLOWED = env.bool("LOCALNET_ALLOWED", False)
MINT_AUTHORITY = read_signer("MINT_AUTHORITY_KEYPAIR")  # shows only its address
AUTHORITY_BALANCE_LOW_LAMPORTS = env.int("AUTHORITY_BALANCE_LOW_LAMPORTS", 500_000_000)
MINT_DERIVATION_SECRETS = versioned_secrets("MINT_DERIVATION_SECRETS")
# What we offer on top of the base fee, a transaction: others' price, up to the cap.
PRIORITY_FEE_PERCENTILE = env.int("PRIORITY_FEE_PERCENTILE", 75)
PRIORITY_FEE_CAP_LAMPORTS = env.int("PRIORITY_FEE_CAP_LAMPORTS", 100_000)
SPONSOR_BURN_FEES = env.bool("SPONSOR_BURN_FEES", False)
# The most that we pay for members' fees a day (UTC): for all of them, and for one.
SPONSOR_DAILY_LAMPORTS = env.int("SPONSOR_DAILY_LAMPORTS", 100_000_000)
SPONSOR_USER_DAILY_LAMPORTS = env.int("SPONSOR_USER_DAILY_LAMPORTS", 100_000)

# --- Notifications ----------------------------------------------------------------------
# Mail by any of Django's backends: SMTP here, a provider's API by django-anymail's backends
# (`EMAIL_BACKEND=anymail.backends.…`, its keys in ANYMAIL as JSON). Without a host: no mail.
SMTP_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
EMAIL_BACKEND = env.str("EMAIL_BACKEND", SMTP_BACKEND)
EMAIL_HOST = env.str("EMAIL_HOST", "")
EMAIL_PORT = env.int("EMAIL_PORT", 25)
EMAIL_HOST_USER = env.str("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = env.str("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_TLS = env.bool("EMAIL_USE_TLS", False)  # STARTTLS
EMAIL_USE_SSL = env.bool("EMAIL_USE_SSL", False)
EMAIL_TIMEOUT = env.float("EMAIL_TIMEOUT_SECONDS", 10.0)  # each step of a conversation
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", "AIW3 NFT <noreply@localhost>")
EMAIL_ENABLED = bool(EMAIL_HOST) or EMAIL_BACKEND != SMTP_BACKEND
ANYMAIL = env.json("ANYMAIL", {})
# Web Push: without a key there is none. The subject is how push services reach us.
VAPID_SUBJECT = env.str("VAPID_SUBJECT", "mailto:noreply@localhost")
VAPID_KEY = read_vapid_key("VAPID_PRIVATE_KEY", subject=VAPID_SUBJECT)  # shows the public one
PUSH_LOOPBACK_ALLOWED = env.bool("PUSH_LOOPBACK_ALLOWED", False)  # for development and tests
# How many messages a provider takes from us: the mail server, each push service.
NOTIFICATION_RATES = {
    "email": env.str("NOTIFICATION_RATE_EMAIL", "600/min"),
    "web_push": env.str("NOTIFICATION_RATE_WEB_PUSH", "1200/min"),
}

# --- Audit ----------------------------------------------------------------------------
# Ed25519 seeds, 32 bytes each; the highest number signs. Verifiers know the log by its name.
AUDIT_SIGNING_KEYS = versioned_secrets("AUDIT_SIGNING_KEYS")
AUDIT_LOG_NAME = env.str("AUDIT_LOG_NAME", f"{SIWS_DOMAIN}/audit")
AUDIT_CHECKPOINT_EVERY = timedelta(seconds=env.int("AUDIT_CHECKPOINT_SECONDS", 60))
# How long records tell of people; 0: for ever.
_retention_days = env.int("AUDIT_RETENTION_DAYS", 0)
AUDIT_RETENTION = timedelta(days=_retention_days) if _retention_days else None

# --- Benefits -------------------------------------------------------------------------
# The longest that another service may hear of benefits that an event has changed since.
BENEFITS_CACHE_SECONDS = env.int("BENEFITS_CACHE_SECONDS", 60)

# --- Upgrades -------------------------------------------------------------------------
UPGRADE_TTL = timedelta(seconds=env.int("UPGRADE_TTL_SECONDS", 30 * 60))
# How often an open request is looked at for a burn that nobody told us about.
BURN_SWEEP_EVERY = timedelta(seconds=env.int("BURN_SWEEP_SECONDS", 10))
# Blocks to wait, beyond the last valid one of every burn that we issued, before closing.
CLOSING_MARGIN_BLOCKS = env.int("CLOSING_MARGIN_BLOCKS", 32)
# An upgrade or unlock that a step of ours keeps waiting for longer is shown to operators.
STUCK_AFTER = timedelta(seconds=env.int("STUCK_AFTER_SECONDS", 10 * 60))
# How often each NFT's token account is compared with our rows, and how often an NFT that did
# not move is read from its cursor all the same (it may have left and come back).
OWNERSHIP_GLANCE_EVERY = timedelta(seconds=env.int("OWNERSHIP_GLANCE_SECONDS", 10))
OWNERSHIP_REREAD_EVERY = timedelta(seconds=env.int("OWNERSHIP_REREAD_SECONDS", 6 * 3600))
LATE_BURN_WATCH = timedelta(days=env.int("LATE_BURN_WATCH_DAYS", 30))

# --- The pages ------------------------------------------------------------------------
# Where a transaction or an address can be looked up; {kind} is tx or address. Empty: nowhere.
EXPLORER_URL = env.str("EXPLORER_URL", EXPLORERS.get(SOLANA_CHAIN, ""))
# A wallet that the page makes in the browser, and a playground to earn in. Only on a localnet.
DEMO_WALLET = env.bool("DEMO_WALLET", False)
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    # Their request lines hold addresses, and an RPC address may hold a key.
    # axes tells of every member who signs in.
    "loggers": {name: {"level": "WARNING"} for name in ("httpx", "httpx2", "httpcore", "axes")},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", "INFO")},
}
