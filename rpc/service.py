"""JSON-RPC 2.0: from a request's bytes to an answer's bytes. Pure but for the `run` that is handed in.

    body                        answer
    not JSON                    one error, Parse error, id null
    object with an id           result or error under that id (a text, a number or null)
    object without an id        nothing: a notification, carried out all the same
    array                       an array of the answers that are not nothing, or nothing; empty or too long: one error
    anything else               one error, Invalid Request, id null

Where CometBFT deviates (an empty batch, a null id, a missing version) the specification wins. An answer to GET
has the id -1, as there.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec
from msgspec import Raw, Struct

from chain.limits import NAME_BYTES_MAX, RPC_ANSWERS_BYTES_MAX, RPC_BATCH_MAX
from rpc.errors import Code, RpcError, invalid_params, not_done
from rpc.parameters import Json, Parameter, Parsed, parse_json, parse_uri
from rpc.schema import METHODS, Method

Run = Callable[[Method, Mapping[str, Parsed]], Awaitable[Struct]]
"""Does a method, on whatever thread; raises `RpcError`."""

Id = str | int | float | None
GET_ID = -1

_encoder = msgspec.json.Encoder()


async def answer_body(body: bytes, run: Run) -> bytes | None:
    """The answer to a POST's body, or None where there is none."""
    try:
        document = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        return encode_error(None, RpcError(Code.PARSE_ERROR, f"error unmarshaling request: {error}"))
    if isinstance(document, list):
        return await _answer_batch(document, run)
    return await answer_request(document, run)


async def _answer_batch(requests: list[Any], run: Run) -> bytes | None:
    if not 1 <= len(requests) <= RPC_BATCH_MAX:
        text = f"batch request exceeds maximum ({RPC_BATCH_MAX}) allowed number of requests"
        return encode_error(None, RpcError(Code.INVALID_REQUEST, text if requests else "empty batch"))
    some: list[Raw] = []
    size = 0
    for request in requests:
        allowed = run if size <= RPC_ANSWERS_BYTES_MAX else _refuse
        answer = await answer_request(request, allowed)
        if answer is not None:
            some.append(Raw(answer))
            size += len(answer)
    return _encoder.encode(some) if some else None


async def _refuse(_method: Method, _given: Mapping[str, Parsed]) -> Struct:
    raise not_done(
        f"the answers before this one have more than {RPC_ANSWERS_BYTES_MAX} bytes: ask in another batch"
    )


async def answer_request(request: Any, run: Run) -> bytes | None:
    """The answer to one decoded request, or None for a notification."""
    try:
        id_, method_name, params = read_request(request)
    except RpcError as error:
        return encode_error(_id_of(request), error)
    is_notification = "id" not in request
    try:
        method = find_method(method_name)
        result = await run(method, parse_params(method.parameters, params))
    except RpcError as error:
        return None if is_notification else encode_error(id_, error)
    return None if is_notification else encode_result(id_, result)


async def answer_get(name: str, query: Mapping[str, str], run: Run) -> tuple[bytes, bool]:
    """The answer to a GET of a method that exists, and whether it is a result."""
    try:
        method = METHODS[name]
        given = {
            parameter.name: parse_uri(parameter, query.get(parameter.name)) for parameter in method.parameters
        }
        return encode_result(GET_ID, await run(method, given)), True
    except RpcError as error:
        return encode_error(GET_ID, error), False


def read_request(request: Any) -> tuple[Id, str, Json]:
    """Id, method and parameters of a request object. Raises `RpcError`."""
    if not isinstance(request, dict):
        raise RpcError(Code.INVALID_REQUEST, "expected an object")
    if request.get("jsonrpc") != "2.0":
        raise RpcError(Code.INVALID_REQUEST, 'expected "jsonrpc": "2.0"')
    id_, method, params = request.get("id"), request.get("method"), request.get("params")
    if isinstance(id_, bool) or not isinstance(id_, str | int | float | None):
        raise RpcError(Code.INVALID_REQUEST, "id: expected a text, a number or null")
    if not isinstance(method, str):
        raise RpcError(Code.INVALID_REQUEST, "method: expected a text")
    if not isinstance(params, dict | list | None):
        raise RpcError(Code.INVALID_REQUEST, "params: expected an object or an array")
    return id_, method, params


def find_method(name: str) -> Method:
    """A method by its name. Raises `RpcError`."""
    found = METHODS.get(name)
    if found is None:
        shown = name[:NAME_BYTES_MAX]
        raise RpcError(Code.METHOD_NOT_FOUND, f"expected a method that GET / lists, got {shown!r}")
    return found


def parse_params(parameters: tuple[Parameter, ...], params: Json) -> dict[str, Parsed]:
    """Every parameter's value, by name or by position; names that nobody knows are let be. Raises `RpcError`."""
    if isinstance(params, list):
        if len(params) > len(parameters):
            raise invalid_params(f"expected at most {len(parameters)} parameters, got {len(params)}")
        given = dict(zip((parameter.name for parameter in parameters), params, strict=False))
    else:
        assert params is None or isinstance(params, dict)  # as `read_request` says
        given = params or {}
    return {parameter.name: parse_json(parameter, given.get(parameter.name)) for parameter in parameters}


def encode_result(id_: Id, result: Struct) -> bytes:
    """A result under an id."""
    return _encoder.encode({"jsonrpc": "2.0", "id": id_, "result": result})


def encode_error(id_: Id, error: RpcError) -> bytes:
    """An error under an id."""
    body: dict[str, object] = {"code": int(error.code), "message": error.message}
    if error.data:
        body["data"] = error.data
    return _encoder.encode({"jsonrpc": "2.0", "id": id_, "error": body})


def _id_of(request: Any) -> Id:
    id_ = request.get("id") if isinstance(request, dict) else None
    return id_ if isinstance(id_, str | int | float) and not isinstance(id_, bool) else None
