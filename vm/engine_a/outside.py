"""Operations that reach outside of the function: storage, the block, events, cryptography, other contracts."""

from chain.hashing import sha256
from chain.keys import ADDRESS_BYTES, PublicKey, Signature, is_signed
from sealed.envelope import is_openable, open_envelope
from vm.abi import value_from
from vm.engine_a.frame import Frame
from vm.host import emit
from vm.opcodes import Instruction
from vm.sizes import compute_sizes, cost_of_hash
from vm.traps import trapped


def on_var_get(frame: Frame, i: Instruction) -> int:
    frame.registers[i[1]] = frame.activation.storage.get_var(i[2])
    return frame.pc + 1


def on_var_set(frame: Frame, i: Instruction) -> int:
    frame.activation.storage.set(i[1], (), frame.registers[i[2]])
    return frame.pc + 1


def on_map_get(frame: Frame, i: Instruction) -> int:
    found = frame.activation.storage.get(i[2], frame.values(i[3:]))
    if found is None:
        kind = frame.activation.module.module.storage[i[2]]
        keys = [value_from(part, value) for part, value in zip(kind.keys, frame.values(i[3:]), strict=True)]
        raise trapped("{} has no entry {}", kind.name, tuple(keys) if len(keys) > 1 else keys[0])
    frame.registers[i[1]] = found
    return frame.pc + 1


def on_map_get_or(frame: Frame, i: Instruction) -> int:
    found = frame.activation.storage.get(i[2], frame.values(i[4:]))
    frame.registers[i[1]] = frame.registers[i[3]] if found is None else found
    return frame.pc + 1


def on_map_has(frame: Frame, i: Instruction) -> int:
    frame.registers[i[1]] = frame.activation.storage.has(i[2], frame.values(i[3:]))
    return frame.pc + 1


def on_map_set(frame: Frame, i: Instruction) -> int:
    frame.activation.storage.set(i[1], frame.values(i[3:]), frame.registers[i[2]])
    return frame.pc + 1


def on_map_delete(frame: Frame, i: Instruction) -> int:
    frame.activation.storage.delete(i[1], frame.values(i[2:]))
    return frame.pc + 1


def on_emit(frame: Frame, i: Instruction) -> int:
    activation = frame.activation
    emit(activation.run, activation.contract, activation.module.module.events[i[1]], frame.values(i[2:]))
    return frame.pc + 1


def on_call_contract(frame: Frame, i: Instruction) -> int:
    activation = frame.activation
    activation.contracts.call_external(activation, i[1], frame.values(i[2:]))
    return frame.pc + 1


def on_call_contract_value(frame: Frame, i: Instruction) -> int:
    activation = frame.activation
    result = activation.contracts.call_external(activation, i[2], frame.values(i[3:]))
    assert result is not None, "verified to give a result"
    frame.registers[i[1]] = result
    return frame.pc + 1


def on_caller(frame: Frame, i: Instruction) -> int:
    frame.registers[i[1]] = frame.activation.caller
    return frame.pc + 1


def on_this_contract(frame: Frame, i: Instruction) -> int:
    frame.registers[i[1]] = frame.activation.contract
    return frame.pc + 1


def on_block_height(frame: Frame, i: Instruction) -> int:
    frame.registers[i[1]] = frame.activation.run.environment.height
    return frame.pc + 1


def on_block_time(frame: Frame, i: Instruction) -> int:
    frame.registers[i[1]] = frame.activation.run.environment.time_ms
    return frame.pc + 1


def on_chain_id(frame: Frame, i: Instruction) -> int:
    frame.registers[i[1]] = frame.activation.run.environment.chain_id
    return frame.pc + 1


def on_sha256(frame: Frame, i: Instruction) -> int:
    data = frame.binary(i[2])
    frame.charge(cost_of_hash(len(data)))
    frame.registers[i[1]] = sha256(data)
    return frame.pc + 1


def on_address_of(frame: Frame, i: Instruction) -> int:
    data = frame.binary(i[2])
    frame.charge(cost_of_hash(len(data)))
    frame.registers[i[1]] = sha256(data)[:ADDRESS_BYTES]
    return frame.pc + 1


def on_verify_signature(frame: Frame, i: Instruction) -> int:
    public, message, signature = (frame.binary(register) for register in i[2:5])
    frame.charge(cost_of_hash(len(message)) * 2)
    frame.registers[i[1]] = is_signed(PublicKey(public), message, Signature(signature))
    return frame.pc + 1


def _envelope(frame: Frame, i: Instruction) -> tuple[bytes, bytes, bytes]:
    ciphertext, key, context = (frame.binary(register) for register in i[2:5])
    frame.charge(cost_of_hash(compute_sizes((ciphertext, context))))
    return ciphertext, key, context


def on_envelope_opens(frame: Frame, i: Instruction) -> int:
    frame.registers[i[1]] = is_openable(*_envelope(frame, i))
    return frame.pc + 1


def on_envelope_open(frame: Frame, i: Instruction) -> int:
    document = open_envelope(*_envelope(frame, i))
    if document is None:
        raise trapped("the envelope does not open with this key in this context")
    frame.registers[i[1]] = document
    return frame.pc + 1
