"""Methods that tell of the node itself: where it stands, whom it knows, what it is deciding."""

import json
import time
from urllib.parse import urlsplit

from chain.block import APP_VERSION, BLOCK_VERSION, NO_BLOCK_ID, compute_block_id
from chain.hashing import Digest
from chain.keys import PublicKey, address_of, format_address
from chain.time import format_time
from chain.validators import ValidatorSet
from chain.vote import Height
from rpc import answers
from rpc.backend import Backend, ConsensusStanding, NodeInfo, Peer, RoundVotes
from rpc.errors import not_done
from rpc.render import NO_TIME, base64_of, hexadecimal, render_key, render_node_id
from rpc.values import FieldInfo, FieldsInfo, MethodInfo, Room

P2P_VERSION = "1"
CHANNELS = "010203"  # consensus, blocks, transactions: by priority
_NIL_VOTE = "nil-Vote"


def health(_backend: Backend) -> answers.Empty:
    """That the node answers."""
    return answers.Empty()


def status(backend: Backend) -> answers.StatusAnswer:
    """Who the node is and where it stands."""
    info, standing = backend.info, backend.standing()
    validators = backend.validators(Height(standing.height + 1))
    return answers.StatusAnswer(
        node_info=_node_info(
            info, info.node_key, info.moniker, listen_address=info.p2p_address, rpc_address=info.rpc_address
        ),
        sync_info=_sync_info(backend),
        validator_info=_validator_info(info, validators),
        state_root=hexadecimal(standing.state_root),
    )


def storage(backend: Backend) -> answers.StorageAnswer:
    """Ours: what the node keeps of the past, how much room it takes, and how long the disk lasts."""
    room = backend.room()
    if room is None:
        raise not_done("nothing is kept here but what is proven: ask a node")
    return make_storage(room)


def make_storage(room: Room) -> answers.StorageAnswer:
    """The room of a node as it is told."""
    growth, days = room.growth_bytes_per_day, room.days_to_full
    return answers.StorageAnswer(
        role=room.role,
        blocks_since=str(room.blocks_since),
        headers_since=str(room.headers_since),
        states_since=str(room.states_since),
        classes=[answers.ClassJson(name=name, bytes=str(size)) for name, size in room.classes.items()],
        total_bytes=str(room.total_bytes),
        free_bytes=str(room.free_bytes),
        growth_bytes_per_day=None if growth is None else str(growth),
        growth_over_seconds=str(room.growth_over_ms // 1_000),
        days_to_full=None if days is None else str(days),
    )


def net_info(backend: Backend) -> answers.NetInfoAnswer:
    """The links of this moment."""
    info, peers = backend.info, backend.peers()
    return answers.NetInfoAnswer(
        listening=True,
        listeners=[info.p2p_address],
        n_peers=str(len(peers)),
        peers=[_peer(info, peer) for peer in peers],
    )


def genesis(backend: Backend) -> answers.GenesisAnswer:
    """The document that the network started from."""
    return answers.GenesisAnswer(genesis=json.loads(backend.genesis()))


def consensus_state(backend: Backend) -> answers.ConsensusStateAnswer:
    """The height under decision and the votes that are held."""
    standing = backend.consensus()
    if standing is None:
        raise not_done("the node has not begun a height yet")
    validators = backend.validators(standing.height)
    if validators is None:
        raise not_done(f"could not find validators for height #{standing.height}")
    return answers.ConsensusStateAnswer(round_state=_round_state(standing, validators))


def abci_info(backend: Backend) -> answers.AbciInfoAnswer:
    """The contracts' machine and its last block."""
    standing = backend.standing()
    contracts = [contract.id for contract in backend.contracts()]
    return answers.AbciInfoAnswer(
        response=answers.AbciInfo(
            data=json.dumps({"contracts": contracts}),
            version=backend.info.version,
            app_version=str(APP_VERSION),
            last_block_height=str(standing.height),
            last_block_app_hash=base64_of(standing.state_root),
        )
    )


def contracts(backend: Backend) -> answers.ContractsAnswer:
    """Ours: deployed contracts and the hashes of their code."""
    return answers.ContractsAnswer(
        contracts=[
            answers.ContractJson(id=contract.id, code_hash=hexadecimal(contract.code_hash))
            for contract in backend.contracts()
        ]
    )


def abi(backend: Backend, contract: str) -> answers.AbiAnswer:
    """Ours: what a contract takes and gives, by name: methods, records, enums and events of its deployed module."""
    found = backend.describe(contract)
    if found is None:
        raise not_done(f"there is no contract {contract}")
    return answers.AbiAnswer(
        id=found.id,
        code_hash=hexadecimal(found.code_hash),
        source_hash=hexadecimal(found.source_hash),
        enums=[answers.EnumJson(name=one.name, members=list(one.members)) for one in found.enums],
        records=[_fields_json(one) for one in found.records],
        events=[_fields_json(one) for one in found.events],
        methods=[_method_json(one) for one in found.methods],
    )


# --- Parts of answers ---------------------------------------------------------------------------------------


def _node_info(
    info: NodeInfo, node_key: PublicKey, moniker: str, *, listen_address: str, rpc_address: str
) -> answers.NodeInfoJson:
    return answers.NodeInfoJson(
        protocol_version=answers.ProtocolVersion(
            p2p=P2P_VERSION, block=str(BLOCK_VERSION), app=str(APP_VERSION)
        ),
        id=render_node_id(node_key),
        listen_addr=listen_address,
        network=info.chain_id,
        version=info.version,
        channels=CHANNELS,
        moniker=moniker,
        other=answers.NodeInfoOther(tx_index="on", rpc_address=rpc_address),
    )


def _sync_info(backend: Backend) -> answers.SyncInfo:
    standing = backend.standing()
    last = backend.header(standing.height)
    earliest = standing.earliest
    return answers.SyncInfo(
        latest_block_hash=_hash_of(standing.block_id),
        latest_app_hash="" if last is None else hexadecimal(last.state_root),
        latest_block_height=str(standing.height),
        latest_block_time=format_time(standing.time_ms),
        earliest_block_hash="" if earliest is None else hexadecimal(compute_block_id(earliest)),
        earliest_app_hash="" if earliest is None else hexadecimal(earliest.state_root),
        earliest_block_height="0" if earliest is None else str(earliest.height),
        earliest_block_time=NO_TIME if earliest is None else format_time(earliest.time_ms),
        catching_up=standing.is_behind,
    )


def _hash_of(block_id: Digest) -> str:
    return "" if block_id == NO_BLOCK_ID else hexadecimal(block_id)


def _validator_info(info: NodeInfo, validators: ValidatorSet | None) -> answers.ValidatorInfo:
    """A full node shows its node key's address and no power, as CometBFT shows a node that does not vote."""
    if info.validator is None:
        address = format_address(address_of(info.node_key))
        return answers.ValidatorInfo(address=address, pub_key=None, voting_power="0")
    address_bytes = address_of(info.validator)
    found = None if validators is None else validators.by_address(address_bytes)
    return answers.ValidatorInfo(
        address=format_address(address_bytes),
        pub_key=render_key(info.validator),
        voting_power="0" if found is None else str(found.power),
    )


def _peer(info: NodeInfo, peer: Peer) -> answers.PeerJson:
    age_ms = max(0, time.time_ns() // 1_000_000 - peer.connected_ms)
    return answers.PeerJson(
        node_info=_node_info(info, peer.node_key, peer.moniker, listen_address=peer.address, rpc_address=""),
        is_outbound=peer.is_outbound,
        connection_status=answers.ConnectionStatus(
            duration=str(age_ms * 1_000_000),
            send_monitor=answers.MonitorJson(bytes_total=str(peer.sent_bytes)),
            receive_monitor=answers.MonitorJson(bytes_total=str(peer.received_bytes)),
        ),
        remote_ip=urlsplit(peer.address).hostname or "",
    )


def _round_state(standing: ConsensusStanding, validators: ValidatorSet) -> answers.RoundStateJson:
    return answers.RoundStateJson(
        height_round_step=f"{standing.height}/{standing.round}/{standing.step}",
        start_time=format_time(standing.start_ms),
        proposal_block_hash="" if standing.proposal is None else hexadecimal(standing.proposal),
        locked_block_hash="" if standing.locked is None else hexadecimal(standing.locked),
        valid_block_hash="" if standing.valid is None else hexadecimal(standing.valid),
        height_vote_set=[_vote_set(votes, validators) for votes in standing.rounds],
        proposer=answers.ProposerJson(
            address=format_address(standing.proposer),
            index=validators.index_of(standing.proposer) or 0,
        ),
    )


def _vote_set(votes: RoundVotes, validators: ValidatorSet) -> answers.VoteSetJson:
    return answers.VoteSetJson(
        round=votes.round,
        prevotes=[_vote(vote) for vote in votes.prevotes],
        prevotes_bit_array=_bit_array(votes.prevotes, validators),
        precommits=[_vote(vote) for vote in votes.precommits],
        precommits_bit_array=_bit_array(votes.precommits, validators),
    )


def _vote(vote: bytes | None) -> str:
    if vote is None:
        return _NIL_VOTE
    return f"Vote{{{hexadecimal(vote)[:12] or 'nil'}}}"


def _bit_array(votes: tuple[bytes | None, ...], validators: ValidatorSet) -> str:
    """CometBFT's words: who voted, and with how much of the power."""
    marks = "".join("_" if vote is None else "x" for vote in votes)
    pairs = zip(votes, validators.validators, strict=True)
    power = sum(validator.power for vote, validator in pairs if vote is not None)
    total = validators.total_power
    hundredths = power * 100 // total
    return f"BA{{{len(votes)}:{marks}}} {power}/{total} = {hundredths // 100}.{hundredths % 100:02d}"


def _method_json(method: MethodInfo) -> answers.MethodJson:
    return answers.MethodJson(
        name=method.name,
        kind="view" if method.is_view else "call",
        parameters=_field_list(method.parameters),
        result=method.result,
    )


def _fields_json(record: FieldsInfo) -> answers.FieldsJson:
    return answers.FieldsJson(name=record.name, fields=_field_list(record.fields))


def _field_list(fields: tuple[FieldInfo, ...]) -> list[answers.FieldJson]:
    return [answers.FieldJson(name=field.name, type=field.type) for field in fields]
