"""Where the links of letters lead. Looking changes nothing: scanners of mail open every link."""

from collections.abc import Callable
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from core.pages import CSP
from notifications.kinds import DEFAULT_LANGUAGE
from notifications.mail_words import MAIL_WORDS
from notifications.models import Recipient
from notifications.services.addressing import confirm_address, unsubscribe
from notifications.tokens import BadLink, read_unsubscription, read_verification

View = Callable[[HttpRequest, str], HttpResponse]


def _link(view: View) -> View:
    """The signed token is the proof, so a form of somebody else's site gains nothing."""
    return csrf_exempt(never_cache(require_http_methods(["GET", "HEAD", "POST"])(view)))


@_link
def verify(request: HttpRequest, token: str) -> HttpResponse:
    """A button; pressing it confirms the address."""
    try:
        proof = read_verification(token)
    except BadLink:
        return _page(request, DEFAULT_LANGUAGE, "verify_failed", status=404)
    language = _language(proof.user_id)
    if request.method != "POST":
        return _page(request, language, "verify_lead", button="verify_button")
    if not confirm_address(proof=proof, now=timezone.now()):
        return _page(request, language, "verify_failed", status=404)
    return _page(request, language, "verified")


@_link
def unsubscribe_page(request: HttpRequest, token: str) -> HttpResponse:
    """A button for people; mail programs POST by themselves (RFC 8058)."""
    try:
        wish = read_unsubscription(token)
    except BadLink:
        return _page(request, DEFAULT_LANGUAGE, "unsubscribe_failed", status=404)
    language = _language(wish.user_id)
    if request.method != "POST":
        return _page(request, language, "why", button="unsubscribe_button")
    unsubscribe(wish=wish)
    return _page(request, language, "unsubscribed")


def _language(user_id: UUID) -> str:
    person = Recipient.objects.filter(user_id=user_id).first()
    return person.language if person else DEFAULT_LANGUAGE


def _page(
    request: HttpRequest, language: str, says: str, *, button: str = "", status: int = 200
) -> HttpResponse:
    words = MAIL_WORDS[language]
    context = {
        "language": language,
        "words": words,
        "says": words[says],
        "button": words[button] if button else "",
    }
    response = render(request, "notifications/link.html", context, status=status)
    response.headers["Content-Security-Policy"] = f"{CSP}; form-action 'self'"
    response.headers["Referrer-Policy"] = "no-referrer"  # the address is the proof
    return response
