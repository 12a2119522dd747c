"""Which columns of which tables are recorded, whoever writes them and however.

Columns that are hidden are compared, and only that they changed is recorded: hashes of secrets,
and names that may be mail addresses. What is not listed is never recorded.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Audited:
    """`subject` is the column with the user whom a row concerns.

    With `only`, rows are recorded alone where that column has a value, and when they are new.
    """

    table: str
    columns: tuple[str, ...]
    hidden: tuple[str, ...] = ()
    key: str = "id"
    subject: str = ""
    only: str = ""

    @property
    def arguments(self) -> str:
        """Of the trigger function, as SQL; see `audit.sql`."""
        parts = (self.key, self.subject, ",".join(self.columns), ",".join(self.hidden))
        return ", ".join(f"'{part}'" for part in parts)


AUDITED = (
    Audited(
        "accounts_user",
        ("wallet_address", "is_staff", "is_superuser", "is_active"),
        hidden=("username", "password"),
        subject="id",
    ),
    Audited("accounts_user_groups", ("user_id", "group_id"), subject="user_id"),
    Audited("accounts_user_user_permissions", ("user_id", "permission_id"), subject="user_id"),
    Audited("auth_group", ("name",)),
    Audited("auth_group_permissions", ("group_id", "permission_id")),
    Audited(
        "accounts_servicekey",
        ("name", "scopes", "is_active", "expires_at"),
        hidden=("secret_hash",),
    ),
    Audited(
        "badge_definitions",
        ("slug", "name", "description", "image_url", "required_for_tier", "is_active", "position"),
    ),
    Audited(
        "earned_badges",
        ("user_id", "definition_id", "status", "reserved_for", "revoke_reason"),
        subject="user_id",
    ),
    # A trade never changes; there are very many, and `volume_changed` tells what they did.
    Audited(
        "trades",
        ("trade_id", "user_id", "volume_usd", "executed_at", "source", "corrects_id"),
        subject="user_id",
        only="corrects_id",
    ),
    Audited("volume_milestones", ("amount", "tier_unlocked")),
    Audited(
        "nft_tier",
        (
            "level", "name", "symbol", "description", "colour", "required_volume",
            "badges_needed", "supply_cap", "available_from", "available_until",
            "trading_fee_reduction", "ai_agent_weekly_uses", "priority_support",
            "free_benefits", "picture_url", "is_active", "version",
        ),
    ),
    Audited("nft_tier_required_badges", ("tier_id", "badgedefinition_id")),
    Audited(
        "nft_awardrule",
        (
            "badge_id", "is_active", "volume_at_least", "trades_at_least", "trades_within_days",
            "opens_at", "closes_at", "tier_level", "tier_days",
        ),
    ),
    Audited("nft_awardrule_badges", ("awardrule_id", "badgedefinition_id")),
    Audited(
        "user_nfts",
        (
            "user_id", "issued_to_id", "tier_level", "origin", "status", "mint_address",
            "transaction_signature", "burn_signature", "held_since",
        ),
        subject="user_id",
    ),
    Audited(
        "upgrade_requests",
        (
            "user_id", "current_nft_id", "new_nft_id", "target_level", "status", "is_late",
            "submitted_signature", "burn_signature", "closing_as", "closing_reason",
            "waived_badges", "error_code",
        ),
        subject="user_id",
    ),
    Audited(
        "nft_mintorder",
        ("purpose", "request_id", "number", "mint_address", "status", "signature", "error_code"),
        subject="user_id",
    ),
    Audited(
        "nft_burntransaction",
        ("request_id", "signature", "fee_lamports", "sponsored_at"),
    ),
    Audited(
        "nft_reviewdecision",
        ("request_id", "verdict", "signature", "reason", "outcome", "problem"),
    ),
    Audited("audit_legalhold", ("scope", "value", "reason", "released_at")),
)  # fmt: skip
