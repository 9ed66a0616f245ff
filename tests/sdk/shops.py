"""Webhook endpoints in the frameworks that shops are written in, each run by the real framework."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

import django
import httpx
import pytest
from cf_partner_sdk.integrations import WebhookReceiver
from cf_partner_sdk.integrations.django import view
from cf_partner_sdk.integrations.fastapi import route
from cf_partner_sdk.integrations.flask import blueprint
from django.conf import settings
from django.test import Client as DjangoClient
from django.test import override_settings
from django.urls import path as django_path
from fastapi import FastAPI
from flask import Flask
from starlette.applications import Starlette

PATH = "/cf/webhooks"

Answer = tuple[int, Any]
"""Status and JSON."""
Post = Callable[[dict[str, str], bytes], Answer]
"""Posts headers and raw body to the endpoint."""


def configure_django() -> None:
    """Django has one configuration for a process; the tests share it."""
    if settings.configured:
        return
    settings.configure(
        ALLOWED_HOSTS=["*"],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        MIDDLEWARE=["django.middleware.csrf.CsrfViewMiddleware"],
        SECRET_KEY="only for tests",
    )
    django.setup()


def flask_shop(receiver: WebhookReceiver) -> Post:
    app = Flask(__name__)
    app.register_blueprint(blueprint(receiver))

    def post(headers: dict[str, str], body: bytes) -> Answer:
        answer = app.test_client().post(PATH, data=body, headers=headers)
        return answer.status_code, answer.get_json(silent=True)

    return post


def django_shop(receiver: WebhookReceiver) -> Post:
    configure_django()
    urls = type("Urls", (), {"urlpatterns": [django_path(PATH[1:], view(receiver))]})
    client = DjangoClient(enforce_csrf_checks=True, raise_request_exception=False)

    def post(headers: dict[str, str], body: bytes) -> Answer:
        given = {name: value for name, value in headers.items() if name != "content-type"}
        with override_settings(ROOT_URLCONF=urls):
            answer = client.post(PATH, body, headers["content-type"], headers=given)
        is_json = answer.headers.get("content-type") == "application/json"
        return answer.status_code, answer.json() if is_json else None

    return post


def asgi_post(app: Any, headers: dict[str, str], body: bytes) -> Answer:
    async def call() -> httpx.Response:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://shop") as client:
            return await client.post(PATH, content=body, headers=headers)

    answer = asyncio.run(call())
    is_json = answer.headers.get("content-type") == "application/json"
    return answer.status_code, answer.json() if is_json else None


def starlette_shop(receiver: WebhookReceiver, kind: Callable[..., Any] = Starlette) -> Post:
    app = kind()
    app.router.routes.append(route(receiver))
    return partial(asgi_post, app)


def fastapi_shop(receiver: WebhookReceiver) -> Post:
    return starlette_shop(receiver, FastAPI)


EACH = pytest.mark.parametrize(
    "open_shop",
    [flask_shop, django_shop, starlette_shop, fastapi_shop],
    ids=["flask", "django", "starlette", "fastapi"],
)
