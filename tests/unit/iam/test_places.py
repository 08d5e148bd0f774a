"""Where statements stand, as AWS's simulator counts, and the condition keys they mention."""

import json

import pytest

from sluicegate.iam.places import mentioned, spans

ALLOW = '{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}'
VERSION = '{"Version":"2012-10-17","Statement":'


def places(text: str) -> list[tuple[int, int, int, int]]:
    return [
        (span.start.line, span.start.column, span.end.line, span.end.column) for span in spans(text)
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{VERSION}[{ALLOW}]}}", [(1, 38, 1, 95)]),
        # AWS points behind the brace where the statement stands alone.
        (f"{VERSION}{ALLOW}}}", [(1, 38, 1, 94)]),
        # And behind the one before, at the comma.
        (f"{VERSION}[{ALLOW},{ALLOW}]}}", [(1, 38, 1, 95), (1, 95, 1, 153)]),
        (f'{{"Id":"Statement","Statement":\r\n[\n{ALLOW}]}}', [(2, 2, 3, 58)]),
        ('{"Statement":[{"Resource":"}{\\"]"}],"Id":"["}', [(1, 15, 1, 35)]),
        ('{"St\\u0061tement":{"Condition":{"Bool":{"a:b":"true"}}}}', [(1, 20, 1, 56)]),
        ("{", []),
    ],
)
def test_a_statement_stands_where_aws_says(
    text: str, expected: list[tuple[int, int, int, int]]
) -> None:
    assert places(text) == expected


def test_keys_are_those_of_conditions_and_variables_each_once_as_written() -> None:
    first = {
        "Condition": {"StringLike": {"s3:prefix": ["${aws:Username}/*", "${*}"], "S3:Prefix": "a"}},
        "Resource": "arn:aws:s3:::${aws:PrincipalTag/team, 'none'}/*",
    }
    second = {"Condition": {"Null": {"aws:TokenIssueTime": "true"}}, "Resource": ["*"]}
    document = {"Version": "2012-10-17", "Statement": [first, second]}
    assert mentioned(json.dumps(document)) == (
        ("s3:prefix", "aws:PrincipalTag/team", "aws:Username"),
        ("aws:TokenIssueTime",),
    )


def test_an_old_document_has_no_variables_and_an_unreadable_one_no_keys() -> None:
    assert mentioned(json.dumps({"Statement": {"Resource": "${aws:username}"}})) == ((),)
    assert mentioned("{") == ()
