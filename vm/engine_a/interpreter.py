"""Which function carries out which operation, and the loop that does it."""

from vm.engine_a import arithmetic, flow, outside, sequences
from vm.engine_a.frame import Frame, Handler
from vm.opcodes import Op
from vm.traps import Stop
from vm.types import RuntimeValue

_TABLE: dict[Op, Handler] = {
    Op.CONST: arithmetic.on_const,
    Op.MOVE: arithmetic.on_move,
    Op.ADD: arithmetic.on_add,
    Op.SUB: arithmetic.on_sub,
    Op.MUL: arithmetic.on_mul,
    Op.DIV: arithmetic.on_div,
    Op.MOD: arithmetic.on_mod,
    Op.MIN: arithmetic.on_min,
    Op.MAX: arithmetic.on_max,
    Op.ABS: arithmetic.on_abs,
    Op.EQ: arithmetic.on_eq,
    Op.NE: arithmetic.on_ne,
    Op.LT: arithmetic.on_lt,
    Op.LE: arithmetic.on_le,
    Op.GT: arithmetic.on_gt,
    Op.GE: arithmetic.on_ge,
    Op.NOT: arithmetic.on_not,
    Op.GET_FIELD: sequences.on_get_field,
    Op.SET_FIELD: sequences.on_set_field,
    Op.LEN: sequences.on_len,
    Op.ITEM: sequences.on_item,
    Op.SET_ITEM: sequences.on_set_item,
    Op.APPEND: sequences.on_append,
    Op.SORT: sequences.on_sort,
    Op.BYTE: sequences.on_byte,
    Op.SLICE: sequences.on_slice,
    Op.CONCAT: sequences.on_concat,
    Op.TO_BYTES: sequences.on_to_bytes,
    Op.BYTES_TO_UINT: sequences.on_bytes_to_uint,
    Op.TO_ADDR: sequences.on_to_addr,
    Op.VAR_GET: outside.on_var_get,
    Op.VAR_SET: outside.on_var_set,
    Op.MAP_GET: outside.on_map_get,
    Op.MAP_GET_OR: outside.on_map_get_or,
    Op.MAP_HAS: outside.on_map_has,
    Op.MAP_SET: outside.on_map_set,
    Op.MAP_DELETE: outside.on_map_delete,
    Op.EMIT: outside.on_emit,
    Op.CALL_CONTRACT: outside.on_call_contract,
    Op.CALL_CONTRACT_VALUE: outside.on_call_contract_value,
    Op.CALLER: outside.on_caller,
    Op.THIS_CONTRACT: outside.on_this_contract,
    Op.BLOCK_HEIGHT: outside.on_block_height,
    Op.BLOCK_TIME: outside.on_block_time,
    Op.CHAIN_ID: outside.on_chain_id,
    Op.SHA256: outside.on_sha256,
    Op.ADDRESS_OF: outside.on_address_of,
    Op.VERIFY_SIGNATURE: outside.on_verify_signature,
    Op.ENVELOPE_OPENS: outside.on_envelope_opens,
    Op.ENVELOPE_OPEN: outside.on_envelope_open,
    Op.IF: flow.on_if,
    Op.ELSE: flow.on_else,
    Op.END: flow.on_end,
    Op.FOR: flow.on_for,
    Op.FOR_ROWS: flow.on_for_rows,
    Op.BREAK: flow.on_break,
    Op.CONTINUE: flow.on_continue,
    Op.RETURN: flow.on_return,
    Op.RETURN_VALUE: flow.on_return_value,
    Op.CALL: flow.on_call,
    Op.CALL_VALUE: flow.on_call_value,
    Op.REQUIRE: flow.on_require,
    Op.FAIL: flow.on_fail,
    Op.TO_UINT: arithmetic.on_to_number,
    Op.TO_INT: arithmetic.on_to_number,
    Op.RECORD: sequences.on_build,
    Op.LIST: sequences.on_build,
}

assert set(_TABLE) == set(Op), "every operation has its function"

_HANDLERS: list[Handler | None] = [None] * (max(Op) + 1)
for _op, _handler in _TABLE.items():
    _HANDLERS[_op] = _handler


def execute(frame: Frame) -> RuntimeValue | None:
    """Runs a frame to its return. A `Stop` is told where it happened on its way out."""
    function = frame.function
    code, gas_of, gas = function.code, function.gas, frame.activation.run.gas
    handlers = _HANDLERS
    pc = 0
    try:
        while pc >= 0:
            frame.pc = pc
            if gas_of[pc]:
                gas.charge(gas_of[pc])
            instruction = code[pc]
            handler = handlers[instruction[0]]
            assert handler is not None, "verified to be an operation"
            pc = handler(frame, instruction)
    except Stop as stop:
        stop.locate(frame.activation.contract, frame.name, function.lines[frame.pc])
        raise
    return frame.result
