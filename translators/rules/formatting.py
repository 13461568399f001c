"""One form of mapping files: keys in the order of the language, comments kept, nothing else changed."""

from __future__ import annotations

from io import StringIO
from typing import Any, TypeAliasType, get_args, get_origin

from pydantic import BaseModel
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from translators.errors import MappingError
from translators.rules.reader import KINDS

_WIDEST = 4096
_MODELS = {model.__name__: model for model in KINDS}


def formatted(path: str, text: str) -> str:
    """Return the file in its one form; `MappingError` where it is no YAML.

    Keys that the language does not know stay behind those that it does, for lint to name.
    """
    yaml = YAML(typ="rt")
    yaml.preserve_quotes = True
    yaml.width = _WIDEST
    yaml.brace_single_entry_mapping_in_flow_sequence = True
    yaml.indent(mapping=2, sequence=4, offset=2)
    try:
        documents = [document for document in yaml.load_all(text) if document is not None]
    except MarkedYAMLError as exc:
        mark = exc.problem_mark
        where = path if mark is None else f"{path}:{mark.line + 1}:{mark.column + 1}"
        raise MappingError(exc.problem or "is no YAML", where=where, rule="yaml") from exc
    except YAMLError as exc:
        raise MappingError("is no text that YAML knows", where=path, rule="yaml") from exc
    for document in documents:
        model = _MODELS.get(document.get("kind")) if isinstance(document, CommentedMap) else None
        if model is not None:
            _order(document, model)
    written = StringIO()
    yaml.dump_all(documents, written)
    lines = (line.rstrip() for line in written.getvalue().splitlines())
    return "\n".join(lines).rstrip("\n") + "\n"


def _order(node: Any, kind: Any) -> None:
    """Put the keys of a node, and of all below it, in the order of its type."""
    if isinstance(kind, TypeAliasType):
        _order(node, kind.__value__)
    elif isinstance(kind, type) and issubclass(kind, BaseModel):
        if isinstance(node, CommentedMap):
            _order_members(node, kind)
    elif get_origin(kind) is dict:
        for value in node.values() if isinstance(node, CommentedMap) else ():
            _order(value, get_args(kind)[1])
    elif get_origin(kind) is list:
        for value in node if isinstance(node, CommentedSeq) else ():
            _order(value, get_args(kind)[0])
    else:  # a choice: the branch that fits the node finds its keys
        for part in get_args(kind):
            _order(node, part)


def _order_members(node: CommentedMap, model: type[BaseModel]) -> None:
    members = {field.alias or name: field.annotation for name, field in model.model_fields.items()}
    known = [name for name in members if name in node]
    wanted = [*known, *(name for name in node if name not in members)]
    if list(node) != wanted:
        for name in wanted:
            node.move_to_end(name)
    for name in known:
        _order(node[name], members[name])
