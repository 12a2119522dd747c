"""Which columns of which tables are recorded, whoever writes them and however.

Columns that are hidden are compared, and only that they changed is recorded: hashes of secrets,
and names that may be mail addresses. What is not listed is never recorded.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Audited:
    """`subject` is the column with the user whom a row concerns.

    `insert_if` and `update_if` are SQL about NEW and OLD, for tables that the application writes
    all the time: only rows of which it is true are recorded. It costs what it costs to evaluate.
    """

    table: str
    columns: tuple[str, ...]
    hidden: tuple[str, ...] = ()
    key: str = "id"
    subject: str = ""
    insert_if: str = ""
    update_if: str = ""

    @property
    def arguments(self) -> str:
        """Of the trigger function, as SQL; see `audit.sql`."""
        parts = (self.key, self.subject, ",".join(self.columns), ",".join(self.hidden))
        return ", ".join(f"'{part}'" for part in parts)


# `trading.corrections.take_turn` sets it, until its transaction ends. Anybody could: this finds
# SQL by hand and mistakes, as the volume's own trades find a forger.
NOT_COUNTING = "current_setting('trading.counting', true) IS DISTINCT FROM 'on'"

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
    # There are very many, and `volume_changed` tells what they did. The application changes none.
    Audited(
        "trades",
        ("trade_id", "user_id", "volume_usd", "executed_at", "source", "corrects_id"),
        subject="user_id",
        insert_if="NEW.corrects_id IS NOT NULL",
    ),
    # They open tiers, and move with every trade: that is when `trading` says that it counts.
    Audited(
        "user_volumes",
        ("total", "trades"),
        key="user_id",
        subject="user_id",
        insert_if=NOT_COUNTING,
        update_if=NOT_COUNTING,
    ),
    Audited("volume_milestones", ("amount", "tier_unlocked")),
    Audited("milestones_reached", ("user_id", "milestone_id", "volume"), subject="user_id"),
    Audited(
        "nft_tier",
        (
            "level", "name", "symbol", "description", "colour", "required_volume",
            "badges_needed", "supply_cap", "available_from", "available_until",
            "trading_fee_reduction", "ai_agent_weekly_uses", "priority_support",
            "free_benefits", "picture_url", "is_active", "version",
        ),
    ),
    Audited("nft_tier_supply", ("level", "taken", "last_number"), key="level"),
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
    # Uses are counted up; who counts them down gives a week away once more.
    Audited(
        "nft_benefit_uses",
        ("subject_id", "name", "week", "used"),
        insert_if="false",
        update_if="NOT (NEW.used >= OLD.used AND (NEW.subject_id, NEW.name, NEW.week)"
        " = (OLD.subject_id, OLD.name, OLD.week))",
    ),
    # Histories grow only; what makes them grow is recorded by the rows above and by events.
    Audited(
        "badge_status_history",
        ("badge_id", "from_status", "to_status", "at", "request_id", "reason"),
        insert_if="false",
    ),
    Audited(
        "upgrade_status_history",
        ("request_id", "from_status", "to_status", "at", "reason"),
        insert_if="false",
    ),
    Audited(
        "nft_ownership_changes",
        ("nft_id", "signature", "slot", "at"),
        hidden=("from_wallet", "to_wallet"),
        insert_if="false",
    ),
    # Second factors of staff.
    Audited(
        "otp_totp_totpdevice", ("user_id", "confirmed"), hidden=("key",), subject="user_id"
    ),
    Audited("otp_static_staticdevice", ("user_id", "confirmed"), subject="user_id"),
    Audited("otp_static_statictoken", ("device_id",), hidden=("token",)),
    # What members are told, and whether.
    Audited("notifications_notificationtemplate", ("type", "priority", "link", "is_active")),
    Audited("notifications_templatetext", ("template_id", "language", "title", "message")),
    # What staff did in the admin and why, also where it changed none of the rows above.
    Audited(
        "django_admin_log",
        ("user_id", "content_type_id", "object_id", "action_flag", "change_message"),
    ),
    Audited("audit_legalhold", ("scope", "value", "reason", "released_at")),
)  # fmt: skip
