"""A page as a visitor of the site reads it."""

from django.test import Client

HTML = {"Accept": "text/html"}


def text_of(client: Client, path: str, **headers: str) -> str:
    answer = client.get(path, headers=HTML | headers)
    assert answer.status_code == 200, answer.content
    return answer.content.decode()
