"""Whatever the bytes of a correctly signed body, target or path, it is answered in AWS's words."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.wire.fuzz.bodies import forms, json_bodies
from tests.wire.fuzz.calls import OPERATIONS, fuzzed, modelled, written
from tests.wire.fuzz.working import calls
from tests.wire.fuzz.world import SIGNERS, World, understood
from tests.wire.generator import Fill, Generator

_WITH_BODIES = [name for name in OPERATIONS if modelled(name).http["method"] == "POST"]
_FILLS: st.SearchStrategy[Fill] = st.sampled_from(("required", "all"))


@pytest.mark.parametrize("name", _WITH_BODIES)
@fuzzed(4)
@given(data=st.data(), signer=st.sampled_from(SIGNERS))
def test_any_body_is_answered(world: World, name: str, data: st.DataObject, signer: str) -> None:
    operation = modelled(name)
    params = calls(world).get(name, {})
    if operation.input_shape is not None and data.draw(st.booleans()):
        generator, fill = Generator(data.draw(st.integers(0, 3))), data.draw(_FILLS)
        params = generator.members(operation.input_shape, fill=fill)
    raw = written(operation, params)
    spoiled = json_bodies(raw.body) if raw.body.startswith(b"{") else forms(raw.body)
    raw = replace(raw, body=data.draw(spoiled))
    response = world.judged(world.signed(raw, signer), signer, operation.name)
    understood(response, operation.service_model.resolved_protocol)
