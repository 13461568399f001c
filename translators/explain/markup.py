"""HTML as values: text is escaped once, and a page fetches nothing and runs only what it holds."""

from __future__ import annotations

import base64
import hashlib
from html import escape

_VOID = frozenset({"br", "meta"})


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def tag(name: str, /, *inside: object, **attributes: object) -> Markup:
    """Return an element; what is no `Markup` is escaped.

    `class_` stands for `class`, `data_n` for `data-n`. Attributes that are None or False are left out,
    True stands alone.
    """
    written = "".join(_attribute(key, value) for key, value in attributes.items())
    if name in _VOID:
        return Markup(f"<{name}{written}>")
    return Markup(f"<{name}{written}>{joined(*inside)}</{name}>")


def joined(*parts: object) -> Markup:
    """Return the parts one after the other, escaped where they are no `Markup`."""
    return Markup(
        "".join(part if isinstance(part, Markup) else escape(str(part)) for part in parts)
    )


def page(title: str, body: Markup, style: str, script: str = "") -> str:
    """Return a whole page whose security policy admits its own style and script by hash, nothing else."""
    head = [
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=_policy(style, script)),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", title),
        tag("style", Markup(style)),
    ]
    last = [tag("script", Markup(script))] if script else []
    whole = tag("html", tag("head", *head), tag("body", body, *last), lang="en")
    return f"<!DOCTYPE html>\n{whole}\n"


def _policy(style: str, script: str) -> str:
    allowed = [f"style-src '{_hash(style)}'"]
    if script:
        allowed.append(f"script-src '{_hash(script)}'")
    return "; ".join(["default-src 'none'", *allowed, "base-uri 'none'", "form-action 'none'"])


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _attribute(key: str, value: object) -> str:
    name = key.rstrip("_").replace("_", "-")
    if value is None or value is False:
        return ""
    return f" {name}" if value is True else f' {name}="{escape(str(value))}"'
