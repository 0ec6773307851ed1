"""Methods that read blocks and what belongs to them. Each is a function of a `Backend` and its parameters.

Heights follow CometBFT: none means the latest, and one outside the chain is refused with the range. What is not kept
any more says so, and from which height on it is; headers, certificates and validators are kept longer than blocks.
"""

from chain.block import Header, compute_block_id, encode_block
from chain.hashing import Digest
from chain.limits import RPC_BLOCKS_MAX, VALIDATORS_MAX
from chain.pruned import Pruned
from chain.result import encode_result
from chain.transaction import compute_transaction_id
from chain.validators import ValidatorSet
from chain.vote import BlockId, Height
from rpc import answers
from rpc.backend import Backend
from rpc.errors import not_done
from rpc.render import (
    base64_of,
    hexadecimal,
    render_block,
    render_block_id,
    render_commit,
    render_header,
    render_parameters,
    render_result,
    render_validator,
)


def block(backend: Backend, height: int | None) -> answers.BlockAnswer:
    """A block at a height."""
    return _block_answer(backend, resolve_height(backend, height))


def block_by_hash(backend: Backend, hash_: bytes | None) -> answers.BlockAnswer:
    """A block by its id."""
    height = None if hash_ is None else backend.height_of(BlockId(Digest(hash_)))
    if height is None:
        nothing = answers.BlockIdJson(hash="", parts=answers.PartSetHeader(total=0, hash=""))
        return answers.BlockAnswer(block_id=nothing, block=None)
    return _block_answer(backend, height)


def header(backend: Backend, height: int | None) -> answers.HeaderAnswer:
    """A header at a height."""
    return answers.HeaderAnswer(header=render_header(get_header(backend, resolve_height(backend, height))))


def header_by_hash(backend: Backend, hash_: bytes | None) -> answers.HeaderAnswer:
    """A header by its block's id."""
    height = None if hash_ is None else backend.height_of(BlockId(Digest(hash_)))
    found = None if height is None else render_header(get_header(backend, height))
    return answers.HeaderAnswer(header=found)


def blockchain(backend: Backend, min_height: int | None, max_height: int | None) -> answers.BlockchainAnswer:
    """Headers of a range, newest first, at most twenty."""
    last = backend.standing().height
    if last == 0:
        return answers.BlockchainAnswer(last_height="0", block_metas=[])
    for asked in (min_height or 0, max_height or 0):
        if asked < 0:
            raise not_done(f"height must be greater than 0, but got {asked}")
    highest = min(max_height or last, last)
    since = get_blocks_since(backend)
    if highest < since:
        raise Pruned(highest, since, "blocks")
    lowest = max(min_height or 1, since, highest - RPC_BLOCKS_MAX + 1)
    if lowest > highest:
        raise not_done(f"min height {lowest} can't be greater than max height {highest}")
    metas = [_meta(backend, Height(number)) for number in range(highest, lowest - 1, -1)]
    return answers.BlockchainAnswer(last_height=str(last), block_metas=metas)


def block_results(backend: Backend, height: int | None) -> answers.BlockResultsAnswer:
    """Results of a block's transactions."""
    resolved = resolve_height(backend, height)
    found, root = backend.results(resolved), backend.state_root_after(resolved)
    if found is None or root is None:
        raise not_done(f"could not find results for height #{resolved}")
    return answers.BlockResultsAnswer(
        height=str(resolved),
        txs_results=[render_result(result) for result in found] or None,
        finalize_block_events=None,
        validator_updates=None,
        consensus_param_updates=None,
        app_hash=base64_of(root),
    )


def commit(backend: Backend, height: int | None) -> answers.CommitAnswer:
    """A header and its certificate."""
    resolved = resolve_height(backend, height)
    found, certificate = get_header(backend, resolved), backend.certificate(resolved)
    if certificate is None:
        raise not_done(f"could not find block for height #{resolved}")
    signed = answers.SignedHeader(
        header=render_header(found), commit=render_commit(certificate, backend.validators(resolved))
    )
    return answers.CommitAnswer(signed_header=signed, canonical=True)


def validators(
    backend: Backend, height: int | None, page: int | None, per_page: int | None
) -> answers.ValidatorsAnswer:
    """Who decides a height; a page has at most as many as a set has."""
    resolved = resolve_height(backend, height, ahead=1)
    found = get_validators(backend, resolved)
    size = 30 if per_page is None or per_page < 1 else min(per_page, VALIDATORS_MAX)
    number, pages = 1 if page is None else page, max(1, -(-len(found) // size))
    if not 1 <= number <= pages:
        raise not_done(f"page should be within [1, {pages}] range, given {number}")
    shown = found.validators[(number - 1) * size : number * size]
    return answers.ValidatorsAnswer(
        block_height=str(resolved),
        validators=[render_validator(validator) for validator in shown],
        count=str(len(shown)),
        total=str(len(found)),
    )


def consensus_params(backend: Backend, height: int | None) -> answers.ConsensusParamsAnswer:
    """The parameters in force at a height."""
    resolved = resolve_height(backend, height, ahead=1)
    found = backend.parameters(resolved)
    if found is None:
        raise not_done(f"could not find parameters for height #{resolved}")
    return answers.ConsensusParamsAnswer(
        block_height=str(resolved), consensus_params=render_parameters(found)
    )


def committed(backend: Backend, height: int | None) -> answers.CommittedAnswer:
    """Ours: ids and exact results of a block, for whoever follows the chain."""
    resolved = resolve_height(backend, height)
    found, results = backend.block(resolved), backend.results(resolved)
    root = backend.state_root_after(resolved)
    if found is None or results is None or root is None:
        raise not_done(f"could not find block for height #{resolved}")
    return answers.CommittedAnswer(
        height=resolved,
        time_ms=found.block.header.time_ms,
        block_id=hexadecimal(compute_block_id(found.block.header)),
        state_root=hexadecimal(root),
        transactions=[
            answers.CommittedTx(
                hash=hexadecimal(compute_transaction_id(raw)), result=base64_of(encode_result(result))
            )
            for raw, result in zip(found.block.transactions, results, strict=True)
        ],
    )


# --- Looking up ---------------------------------------------------------------------------------------------


def resolve_height(backend: Backend, height: int | None, *, ahead: int = 0) -> Height:
    """The height that is meant; `ahead` of the last block where that is known already. Raises `RpcError` and `Pruned`."""
    standing = backend.standing()
    last = standing.height
    if height is None:
        return Height(last + ahead)
    if height <= 0:
        raise not_done(f"height must be greater than 0, but got {height}")
    if height > last + ahead:
        raise not_done(
            f"height {height} must be less than or equal to the current blockchain height {last + ahead}"
        )
    if height < standing.headers_since:
        raise Pruned(height, standing.headers_since, "headers")
    return Height(height)


def get_header(backend: Backend, height: Height) -> Header:
    """The header at a height. Raises `RpcError`."""
    found = backend.header(height)
    if found is None:
        raise not_done(f"could not find block for height #{height}")
    return found


def get_validators(backend: Backend, height: Height) -> ValidatorSet:
    """The validators of a height. Raises `RpcError`."""
    found = backend.validators(height)
    if found is None:
        raise not_done(f"could not find validators for height #{height}")
    return found


def get_blocks_since(backend: Backend) -> Height:
    """The oldest block that is kept, or the next one where there is none yet."""
    standing = backend.standing()
    return Height(standing.height + 1) if standing.earliest is None else standing.earliest.height


def _block_answer(backend: Backend, height: Height) -> answers.BlockAnswer:
    found = backend.block(height)
    if found is None:
        raise not_done(f"could not find block for height #{height}")
    before = backend.validators(Height(height - 1)) if height > 1 else None
    return answers.BlockAnswer(
        block_id=render_block_id(compute_block_id(found.block.header)),
        block=render_block(found.block, before),
    )


def _meta(backend: Backend, height: Height) -> answers.BlockMeta:
    found = backend.block(height)
    if found is None:
        raise not_done(f"could not find block for height #{height}")
    return answers.BlockMeta(
        block_id=render_block_id(compute_block_id(found.block.header)),
        block_size=str(len(encode_block(found.block))),
        header=render_header(found.block.header),
        num_txs=str(len(found.block.transactions)),
    )
