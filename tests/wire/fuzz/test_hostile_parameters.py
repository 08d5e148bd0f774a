"""Whatever the parameters of a call, it is answered in AWS's words, soon, and all or nothing."""

import pytest
from hypothesis import given, reject
from hypothesis import strategies as st
from tests.wire.fuzz.calls import OPERATIONS, fuzzed, modelled, written
from tests.wire.fuzz.hostile import parameters, spoiled
from tests.wire.fuzz.working import calls
from tests.wire.fuzz.world import SIGNERS, World, understood


@pytest.mark.parametrize("name", OPERATIONS)
@fuzzed(10)
@given(data=st.data(), signer=st.sampled_from(SIGNERS))
def test_any_parameters_are_answered(
    world: World, name: str, data: st.DataObject, signer: str
) -> None:
    operation = modelled(name)
    existing, right = world.known(operation.service_model.service_name), calls(world).get(name)
    made = parameters(operation.input_shape, existing)
    params = data.draw(
        made if right is None else made | spoiled(operation.input_shape, existing, right)
    )
    try:
        raw = written(operation, params)
    except (ValueError, TypeError, OverflowError):
        reject()  # botocore puts no lone surrogates into a path, and writes no time that is none
    response = world.judged(world.signed(raw, signer), signer, operation.name)
    understood(response, operation.service_model.resolved_protocol, operation)


def test_the_calls_that_are_spoiled_work_as_they_are(world: World) -> None:
    for name, params in calls(world).items():
        signer = "may everything"
        response = world.judged(world.signed(written(modelled(name), params), signer), signer)
        assert 200 <= response.status < 300, (name, response.body)
