"""People of the staff, who have a browser and the admin: nothing else of ours is used."""

import re
from html import unescape
from typing import Self

import httpx

from demo.system import System
from tests.patience import EACH_ITS_CONNECTION, PATIENCE

ROW = re.compile(r"<tr>(.*?)</tr>", re.DOTALL)
CELL = re.compile(r"<td>(.*?)</td>", re.DOTALL)
TAG = re.compile(r"<[^>]+>")


class Staff:
    def __init__(self, system: System) -> None:
        self.http = httpx.Client(
            base_url=system.base_url, timeout=PATIENCE, trust_env=False, limits=EACH_ITS_CONNECTION
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def sign_in(self, name: str, password: str) -> None:
        self.http.get("/admin/login/")
        self.submit("/admin/login/", {"username": name, "password": password, "next": "/admin/"})

    def see(self, path: str, **query: str) -> str:
        return self.http.get(path, params=query).raise_for_status().text

    def submit(self, path: str, form: dict[str, str]) -> httpx.Response:
        """What the page answers, or where it leads."""
        token = {"csrfmiddlewaretoken": self.http.cookies["csrftoken"]}
        answer = self.http.post(path, data={**form, **token})
        assert answer.status_code in {200, 302}, answer.text
        return answer

    def make_auditor(self, user_id: str) -> None:
        """As a superuser."""
        page = f"/admin/accounts/user/{user_id}/change/"
        group = re.search(r'<option value="(\d+)"[^>]*>auditor<', self.see(page))
        assert group is not None
        form = {
            "username": "", "is_active": "on", "is_staff": "on", "groups": group[1],
            "reason": "audits from today",
        }  # fmt: skip
        assert self.submit(page, form).status_code == 302

    def timeline(self, correlation: str) -> list[list[str]]:
        """The rows of the table, as texts."""
        page = self.see(
            "/admin/audit/record/timeline/", kind="correlation", value=correlation
        ).partition("<tbody>")[2]
        return [
            [unescape(TAG.sub("", cell)).strip() for cell in CELL.findall(row)]
            for row in ROW.findall(page)
        ]
