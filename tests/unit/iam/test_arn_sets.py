"""A set of ARN patterns answers as its patterns do one by one, however it sorts them."""

from hypothesis import given
from hypothesis import strategies as st

from sluicegate.iam.arns import arn_set, completed, fits, split
from sluicegate.iam.patterns import pattern, template

SEGMENT = st.text("ab*?", max_size=3)
PATTERN = st.builds(
    lambda region, resource: f"arn:aws:s3:{region}:1:{resource}",
    SEGMENT,
    st.text("ab*?/:", max_size=5),
)
ARN = st.builds(
    lambda region, resource: f"arn:aws:s3:{region}:1:{resource}",
    st.text("ab", max_size=3),
    st.text("ab/:", max_size=5),
)


@given(st.lists(PATTERN, max_size=6), ARN)
def test_a_set_of_patterns_has_what_one_of_them_fits(patterns: list[str], arn: str) -> None:
    parts = [
        completed(split(template(text, has_wildcards=True, has_variables=False)))
        for text in patterns
    ]
    one_by_one = any(fits(pattern(text).split(":", 5), arn.split(":", 5)) for text in patterns)
    assert arn_set(parts).has(arn) is one_by_one
