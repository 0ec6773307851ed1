"""What a node tells of the modules that are really deployed."""

import pytest

from node.description import describe_module
from rpc.contracts import Contract, record_of
from tests.contracts.ledger import CONTRACTS, Ledger, address, compiled, key
from vm.module_codec import code_hash, decode_module

MODULES = dict(compiled())


def contract(name: str) -> Contract:
    """A contract of ours by its description."""
    data = MODULES[name]
    return Contract(describe_module(name, code_hash(data), decode_module(data)))


@pytest.mark.parametrize("name", CONTRACTS)
def test_every_type_of_every_method_is_described(name: str) -> None:
    described = contract(name).description
    known = {"uint", "int", "bool", "bytes", "str", "addr", ""}
    known |= {one.name for one in described.enums} | {one.name for one in described.records}
    fields = [field for one in (*described.records, *described.events) for field in one.fields]
    fields += [field for method in described.methods for field in method.parameters]
    types = {field.type for field in fields} | {method.result for method in described.methods}
    assert {one.removeprefix("List[").split(",")[0] for one in types} <= known
    assert len(known) == 7 + len(described.enums) + len(described.records)


def test_a_call_by_name_is_carried_out_and_a_view_read_by_name() -> None:
    ledger, registry = Ledger(), contract("registry")
    call = registry.call("register", npwp_commitment=bytes(32), name="CV Mitra", nib_commitment=b"\x01" * 32)
    (result,) = ledger.execute([ledger.sign(key("mitra"), call)]).results
    assert registry.decode_event(result.events[0])["name"] == "CV Mitra"
    arguments = registry.encode_arguments("supplier_record", {"supplier": address("mitra")})
    read = record_of(
        registry.decode_view("supplier_record", ledger.view("registry", "supplier_record", *arguments))
    )
    assert (read.text("name"), read.data("nib_commitment")) == ("CV Mitra", b"\x01" * 32)
