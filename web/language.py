"""The language of the pages. What programs read stays English, and cacheable for everybody."""

from django.http import HttpRequest, HttpResponseBase
from django.middleware.locale import LocaleMiddleware
from django.utils import translation

FOR_PROGRAMS = ("/api/", "/admin/", "/healthz", "/readyz", "/metrics", "/csp-report")


class PageLanguageMiddleware(LocaleMiddleware):
    """By the language cookie, else by what the browser asks for."""

    def process_request(self, request: HttpRequest) -> None:
        if request.path_info.startswith(FOR_PROGRAMS):
            translation.activate("en")
        else:
            super().process_request(request)

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        if request.path_info.startswith(FOR_PROGRAMS):
            return response
        answer: HttpResponseBase = super().process_response(request, response)
        return answer
