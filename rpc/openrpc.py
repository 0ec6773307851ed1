"""The OpenRPC 1.3 document of the methods, made from the table and the answers' types."""

from typing import Any

import msgspec

from rpc.parameters import Parameter, ParameterKind
from rpc.schema import METHODS, SUBSCRIPTION_METHODS

_SCHEMAS: dict[ParameterKind, dict[str, Any]] = {
    ParameterKind.HEIGHT: {"type": "string", "pattern": "^[0-9]+$"},
    ParameterKind.COUNT: {"type": "string", "pattern": "^[0-9]+$"},
    ParameterKind.FLAG: {"type": "boolean"},
    ParameterKind.HASH: {"type": "string", "pattern": "^[0-9A-Fa-f]{64}$"},
    ParameterKind.BYTES: {"type": "string", "contentEncoding": "base64"},
    ParameterKind.HEX: {"type": "string", "pattern": "^([0-9A-Fa-f]{2})*$"},
    ParameterKind.TEXT: {"type": "string"},
    ParameterKind.BYTES_LIST: {"type": "array", "items": {"type": "string", "contentEncoding": "base64"}},
    ParameterKind.HASH_LIST: {"type": "array", "items": {"type": "string"}},
}


def make_openrpc(version: str) -> dict[str, Any]:
    """The document, for this version of the software."""
    rows = [(method.name, method.parameters, method.answer, method.text) for method in METHODS.values()]
    rows += [(name, *row) for name, row in SUBSCRIPTION_METHODS.items()]
    answers = {answer for _, _, answer, _ in rows}
    ordered = sorted(answers, key=lambda answer: answer.__name__)
    schemas, components = msgspec.json.schema_components(ordered, ref_template="#/components/schemas/{name}")
    by_answer = dict(zip(ordered, schemas, strict=True))
    return {
        "openrpc": "1.3.2",
        "info": {"title": "Terang node", "version": version},
        "methods": [
            {
                "name": name,
                "summary": text,
                "paramStructure": "either",
                "params": [_parameter(parameter) for parameter in parameters],
                "result": {"name": answer.__name__, "schema": by_answer[answer]},
            }
            for name, parameters, answer, text in rows
        ],
        "components": {"schemas": components},
    }


def _parameter(parameter: Parameter) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "description": parameter.kind.value,
        "required": parameter.is_required,
        "schema": _SCHEMAS[parameter.kind],
    }
