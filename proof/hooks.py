"""Puts a boundary around every commit, RPC call, enqueue and push of this process.

Installed in a process under proof only, around the libraries' own entries, so that code which
is written tomorrow is covered too.
"""

import re
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any
from unittest.mock import patch

import redis
from celery.signals import task_prerun
from django.core.signals import request_started
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.postgresql.base import DatabaseWrapper
from django.db.backends.signals import connection_created
from redis.client import Pipeline

import chain.client
import core.jobs
from chain.background import run_in_background
from chain.rpc import RpcTransport
from nft.jobs import CHECK_BURN, MINT
from proof.points import call_chain
from proof.watch import Watch, began, lost

# The chain's calls run on an event loop of their own: who asked is on another thread's stack.
_asking: ContextVar[tuple[str, ...]] = ContextVar("asking", default=())
_WRITES = re.compile(r"\b(INSERT INTO|UPDATE|DELETE FROM|NOTIFY)\b(?! OF| SKIP|$)", re.IGNORECASE)
# The broker's client pushes too, as part of an enqueue.
_is_enqueuing: ContextVar[bool] = ContextVar("is_enqueuing", default=False)

OF_THE_UPGRADE = (CHECK_BURN, MINT)  # other jobs come at any moment of it


def install(watch: Watch) -> None:
    _watch_commits(watch)
    _watch_rpc(watch)
    _watch_enqueues(watch)
    _watch_pushes(watch)
    task_prerun.connect(_begin_job, weak=False)
    request_started.connect(_begin_request, weak=False)


def _site(*ends: str) -> str:
    return " > ".join([*call_chain(), *ends])


def _begin_job(task: Any = None, **_: Any) -> None:
    began.set(None if task.name in OF_THE_UPGRADE else "")


def _begin_request(**_: Any) -> None:
    began.set(None)


def _watch_commits(watch: Watch) -> None:
    commit: Callable[[DatabaseWrapper], Any] = vars(BaseDatabaseWrapper)["_commit"]

    def watched_commit(self: DatabaseWrapper) -> Any:
        with watch.boundary("commit", _site()):
            return commit(self)

    def watched_execute(
        execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]
    ) -> Any:
        """A statement that writes outside a transaction commits by itself."""
        if context["connection"].in_atomic_block or not _WRITES.search(sql):
            return execute(sql, params, many, context)
        with watch.boundary("commit", _site()):
            return execute(sql, params, many, context)

    def on_connection(connection: DatabaseWrapper, **_: Any) -> None:
        if watched_execute not in connection.execute_wrappers:
            connection.execute_wrappers.append(watched_execute)

    patch.object(DatabaseWrapper, "_commit", watched_commit).start()
    connection_created.connect(on_connection, weak=False)


def _watch_rpc(watch: Watch) -> None:
    request = RpcTransport.request

    async def watched_request(self: RpcTransport, method: str, params: list[Any]) -> Any:
        site = " > ".join([*_asking.get(), *call_chain(), method])
        with watch.boundary("rpc", site):
            loses = watch.meet_rpc(method, params, site)
            if loses == "request":
                raise lost()
            reply = await request(self, method, params)
            if loses == "answer":
                raise lost()
            return reply

    def watched_asking(work: Callable[..., Any], *, deadline: float) -> Any:
        token = _asking.set(call_chain())
        try:
            return run_in_background(work, deadline=deadline)
        finally:
            _asking.reset(token)

    patch.object(RpcTransport, "request", watched_request).start()
    patch.object(chain.client, "run_in_background", watched_asking).start()


def _watch_enqueues(watch: Watch) -> None:
    send = core.jobs._send

    def watched_send(task: str, *rest: Any) -> None:
        with watch.boundary("enqueue", _site(task)):
            token = _is_enqueuing.set(True)
            try:
                send(task, *rest)
            finally:
                _is_enqueuing.reset(token)

    patch.object(core.jobs, "_send", watched_send).start()


def _watch_pushes(watch: Watch) -> None:
    run: Callable[..., Any] = Pipeline.execute
    command: Callable[..., Any] = redis.Redis.execute_command

    def watched_run(self: Any, *rest: Any, **options: Any) -> Any:
        if _is_enqueuing.get():
            return run(self, *rest, **options)
        with watch.boundary("push", _site()):
            return run(self, *rest, **options)

    def watched_command(self: Any, *words: Any, **options: Any) -> Any:
        if words[0] != "PUBLISH":
            return command(self, *words, **options)
        with watch.boundary("push", _site()):
            return command(self, *words, **options)

    patch.object(Pipeline, "execute", watched_run).start()
    patch.object(redis.Redis, "execute_command", watched_command).start()
