"""Coverage documents, rules and schemas for tests, each with good defaults."""

from types import SimpleNamespace

from translators.rules.coverage.counting import count
from translators.rules.coverage.rendering import as_table
from translators.rules.coverage_schema import Coverage
from translators.rules.reader import KINDS

_MODELS = {kind.__name__: kind for kind in KINDS}


def metadata(name="t.rule"):
    return {"id": name, "version": "1.0.0", "cites": ["R04.FR.13"]}


def a_document(type_="DERControlBase", *, id="c.doc", direction="source", **changes):  # noqa: A002
    subject = {
        "protocol": changes.pop("protocol", "ieee2030_5"),
        "revisions": changes.pop("revisions", ["2018"]),
        "type": type_,
        "direction": direction,
    }
    body = {
        "apiVersion": "dergate/mapping.v1",
        "kind": "Coverage",
        "metadata": metadata(id),
        "subject": subject,
        "leaves": [],
        **changes,
    }
    return Coverage.model_validate(body)


def a_model(kind, **members):
    """Return a rule's model of any kind; members that are not given are those of the bare rule."""
    body = {"apiVersion": "dergate/mapping.v1", "kind": kind, "metadata": metadata()}
    return _MODELS[kind].model_validate(body | members)


def a_source(element="opModX", *, parent="DERControlBase", **members):
    source = {
        "protocol": members.pop("protocol", "ieee2030_5"),
        "revisions": members.pop("revisions", ["2018"]),
        "parent": parent,
        "elements": element if isinstance(element, list) else [element],
    }
    tests = [{"name": "one", "source": {}}]
    return a_model("SourceMapping", source=source, canonical="FixedVar", tests=tests, **members)


def a_target(**members):
    target = {
        "versions": members.pop("versions", ["2.1"]),
        "message": members.pop("message", "SetDERControl"),
        "operator": members.pop("operator", "der_control"),
    }
    return a_model("TargetMapping", target=target, canonical=["FixedVar"], **members)


def counted(documents, models=(), literals=None):
    """Return the figures; leaves are those that the documents list."""
    schemas = SimpleNamespace(
        leaves=lambda document, revision, _apart: (
            frozenset(document.leaves) | frozenset(document.only.get(revision, ()))
        )
    )
    return count(documents, models, schemas, literals or {})


def table(*arguments, **named):
    return as_table(counted(*arguments, **named)).splitlines()
