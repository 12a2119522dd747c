"""What the OpenAPI document says of itself (drf-spectacular)."""

SPECTACULAR_SETTINGS = {
    "TITLE": "AIW3 NFT",
    "DESCRIPTION": "Membership NFTs on Solana that grow with their owner.",
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "realtime.openapi.document_streams",
    ],
    "TAGS": [
        {"name": "auth", "description": "Sign in with a Solana wallet; tokens, stream tickets"},
        {"name": "tiers", "description": "The ladder, public"},
        {"name": "my NFTs", "description": "What I hold, what I qualify for; unlocking the first"},
        {"name": "upgrades", "description": "From a burn to the next tier's NFT"},
        {"name": "badges", "description": "Earned, activated, consumed by an upgrade"},
        {"name": "leaderboards", "description": "Who is first, public; and where I am"},
        {
            "name": "notifications",
            "description": "My inbox, mail and Web Push; what I want to hear",
        },
        {"name": "streams", "description": "Every step as it happens (server-sent events)"},
        {"name": "trading", "description": "For the trading system, by service key"},
        {"name": "benefits", "description": "What a wallet's NFT gives, by service key"},
        {"name": "NFTs", "description": "What the metadata address of a mint points to, public"},
    ],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
}
