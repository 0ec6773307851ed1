"""A network, a bank and a gateway, each in processes of its own, with orders that wait for their release."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from node.home import Home
from pilot.keyring import Keyring
from rpc.client import SyncClient
from tests.network.running import Running, running_network
from tests.payments.banking import BankProcess
from tests.payments.ordering import Ordering
from tests.payments.paying import GatewayProcess


@dataclass
class Town:
    """What the tests of the gateway need; orders are taken one after the other. The second gateway is not started."""

    network: Running
    bank: BankProcess
    gateway: GatewayProcess
    second: GatewayProcess
    ordering: Ordering

    def take_order(self) -> int:
        """A requested order that no test has had."""
        return self.ordering.orders.pop(0)

    def hand_over(self) -> None:
        """The supplier gives its account to the gateway."""
        supplier = self.ordering.keyring.address_of(self.ordering.supplier)
        answer = self.gateway.hand_over(supplier, self.ordering.account)
        assert answer.status_code == 200, answer.text


@contextmanager
def running_town(path: Path, *, orders: int) -> Iterator[Town]:
    """All of it, with so many requested orders; the gateway runs."""
    with running_network(path, validators=1, full_nodes=2) as network:
        bank = BankProcess(path / "bank")
        nodes, genesis = network.testnet.rpc_addresses, Home(network.testnet.nodes[0].home).genesis
        gateway, second = (
            GatewayProcess(path / name, genesis, nodes, bank.client.address) for name in ("gateway", "second")
        )
        try:
            bank.start()
            gateway.start()
            with SyncClient([nodes[0]]) as client:
                ordering = Ordering(client, Keyring(network.testnet.operators), gateway.treasury)
                ordering.prepare(orders)
                gateway.wait_until_up()
                yield Town(network, bank, gateway, second, ordering)
        finally:
            for one in (gateway, second):
                one.kill()
                one.http.close()
            bank.kill()
            bank.client.http.close()
