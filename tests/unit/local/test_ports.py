import socket

import pytest

from local.ports import PortsTaken, require_free_ports
from local.processes import Process
from tests.support.ports import free_port


def a_process(name: str, port: int, setting: str) -> Process:
    return Process(name, ["true"], port, setting, None)


def test_every_taken_port_is_named_with_its_process_and_its_setting() -> None:
    with socket.socket() as first, socket.socket() as second:
        for each in (first, second):
            each.bind(("127.0.0.1", 0))
            each.listen()
        ports = [each.getsockname()[1] for each in (first, second)]
        wanted = [a_process("order", ports[0], "ORDER_PORT"), a_process("bank", ports[1], "BANK_PORT")]
        with pytest.raises(PortsTaken) as refusal:
            require_free_ports(wanted)
    assert f"port {ports[0]} is in use, and order needs it: free it, or set ORDER_PORT" in str(refusal.value)
    assert f"port {ports[1]} is in use, and bank needs it: free it, or set BANK_PORT" in str(refusal.value)


def test_free_ports_are_accepted() -> None:
    require_free_ports([a_process("order", free_port(), "ORDER_PORT")])
