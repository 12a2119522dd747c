"""Badges are called by their names, in texts that nobody has edited since 0002 wrote them."""

from django.db import migrations

SLUGS = {"en": "Your badge $badgeId ", "de": "Dein Abzeichen $badgeId "}
NAMES = {"en": "Your badge “$badgeName” ", "de": "Dein Abzeichen „$badgeName“ "}
WRITTEN = {
    "badge_activated": {
        "en": "is active and counts for your next tier.",
        "de": "ist aktiv und zählt für deine nächste Stufe.",
    },
    "badge_consumed": {
        "en": "was used for your NFT.",
        "de": "wurde für dein NFT verwendet.",
    },
    "badge_revoked": {
        "en": "was taken back: $reason",
        "de": "wurde zurückgenommen: $reason",
    },
}


def rename(apps, _editor):
    texts = apps.get_model("notifications", "TemplateText").objects
    for kind, endings in WRITTEN.items():
        for language, ending in endings.items():
            own = texts.filter(template__type=kind, language=language)
            own.filter(message=SLUGS[language] + ending).update(message=NAMES[language] + ending)


class Migration(migrations.Migration):
    dependencies = [("notifications", "0003_erased_members")]

    operations = [migrations.RunPython(rename, migrations.RunPython.noop)]
