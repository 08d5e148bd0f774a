"""Whatever the parameters of a call, it is answered in AWS's words, soon, and all or nothing."""

import pytest
from hypothesis import given, reject
from hypothesis import strategies as st
from tests.wire.fuzz.calls import OPERATIONS, fuzzed, modelled, written
from tests.wire.fuzz.hostile import parameters
from tests.wire.fuzz.world import SIGNERS, World, understood


@pytest.mark.parametrize("name", OPERATIONS)
@fuzzed(12)
@given(data=st.data(), signer=st.sampled_from(SIGNERS))
def test_any_parameters_are_answered(
    world: World, name: str, data: st.DataObject, signer: str
) -> None:
    operation = modelled(name)
    existing = world.known(operation.service_model.service_name)
    params = data.draw(parameters(operation.input_shape, existing))
    try:
        raw = written(operation, params)
    except UnicodeEncodeError:
        reject()  # botocore puts no lone surrogates into a path
    request = world.signed(raw, signer)
    response = world.judged(request, signer, operation.name)
    understood(response, operation.service_model.resolved_protocol, operation)
