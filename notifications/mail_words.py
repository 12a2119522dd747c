"""The fixed words of letters and of the pages that their links lead to."""

from collections.abc import Mapping

MAIL_WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "open": "Open",
        "why": "You get this letter because you asked AIW3 NFT to write to you.",
        "unsubscribe": "No more letters of this kind",
        "unsubscribe_all": "No more letters at all",
        "preferences": "All settings",
        "verify_subject": "Is this your address?",
        "verify_lead": "Somebody gave this address to AIW3 NFT, to get notifications there.",
        "verify_do": "If it was you, confirm it within 24 hours:",
        "verify_button": "Yes, this is my address",
        "verify_ignore": "If it was not, do nothing: we will not write to you.",
        "verified": "Your address is confirmed.",
        "verify_failed": "This link is not valid any more. Ask for a new one in your settings.",
        "unsubscribe_button": "Stop these letters",
        "unsubscribed": "Done. We will not send these letters any more.",
        "unsubscribe_failed": "This link is not valid.",
        "back": "To AIW3 NFT",
    },
    "de": {
        "open": "Öffnen",
        "why": "Du bekommst diesen Brief, weil du AIW3 NFT darum gebeten hast.",
        "unsubscribe": "Keine Briefe dieser Art mehr",
        "unsubscribe_all": "Gar keine Briefe mehr",
        "preferences": "Alle Einstellungen",
        "verify_subject": "Ist das deine Adresse?",
        "verify_lead": "Jemand hat AIW3 NFT diese Adresse für Benachrichtigungen genannt.",
        "verify_do": "Wenn du es warst, bestätige sie innerhalb von 24 Stunden:",
        "verify_button": "Ja, das ist meine Adresse",
        "verify_ignore": "Wenn nicht, tu nichts: Wir schreiben dir dann nicht.",
        "verified": "Deine Adresse ist bestätigt.",
        "verify_failed": "Dieser Link gilt nicht mehr. Fordere in den Einstellungen einen neuen an.",
        "unsubscribe_button": "Diese Briefe abbestellen",
        "unsubscribed": "Erledigt. Diese Briefe schicken wir nicht mehr.",
        "unsubscribe_failed": "Dieser Link gilt nicht.",
        "back": "Zu AIW3 NFT",
    },
}
