import fnmatch
import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.operations.logs.pattern import PatternError, compiled

LINE = '127.0.0.1 Prod frank [10/Oct/2000:13:25:15 -0700] "GET /index.html HTTP/1.0" 404 1534'
TRAIL = json.dumps(
    {
        "eventType": "UpdateTrail",
        "sourceIPAddress": "111.111.111.111",
        "arrayKey": ["value", "another value"],
        "objectList": [{"name": "a", "id": 1}, {"name": "b", "id": 2}],
        "SomeObject": None,
        "ThisFlag": True,
        "latency": 12.5,
        "cluster.name": "c",
        "code": "404",
    }
)


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("", "anything"),
        ("  ", ""),
        ("ERROR", "[ERROR 400] BAD REQUEST"),
        ("ERROR", "ERRORCODE: -1"),
        ("ERROR REQUEST", "[ERROR 400] BAD REQUEST"),
        ('"INTERNAL SERVER ERROR"', "500 INTERNAL SERVER ERROR"),
        (r'"say \"no\""', 'they say "no"'),
        ("?ERROR ?WARN", "WARN low disk"),
        ("?ERROR ?WARN", "ERROR no disk"),
        ("ERROR -Exiting", "[ERROR] caught"),
        ('-"went wrong"', "all is well"),
        ("ERROR ?WARN", "ERROR alone"),
        ('?"a b" ?c', "x a b y"),
        ("größe", "die größe zählt"),
        ("%AUTHORIZED%", "[ERROR 401] UNAUTHORIZED REQUEST"),
        (r"  %^\[[A-Z]+ 4\d{2}\] BAD%  ", "[ERROR 400] BAD REQUEST"),
        ("%[Ee]rror|[Ff]ail%", "a Failure"),
        (r'ERROR %\d+$% "BAD R"', "ERROR BAD REQUEST 400"),
        ("-%4[0-9]{2}% REQUEST", "[ERROR 500] REQUEST"),
        ("?WARN ?%ERR.*BAD%", "[ERROR 400] BAD REQUEST"),
        (r"%[\x25\x22]%", "100%"),
    ],
)
def test_terms_match(pattern: str, message: str) -> None:
    assert compiled(pattern)(message)


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("ERROR", "error"),
        ("ERROR REQUEST", "ERROR"),
        ("?ERROR ?WARN", "INFO"),
        ("ERROR -Exiting", "Exiting with ERRORCODE: -1"),
        ("-ERROR", "ERROR"),
        ("ERROR ?WARN", "WARN"),
        ('"a b"', "a  b"),
        ("%AUTHORIZED%", "Authorized"),
        ("ERROR %[5]..%", "[ERROR 400] BAD REQUEST"),
        ("%[4]..% %[5]..%", "[ERROR 400] BAD REQUEST"),
        ("-%4[0-9]{2}% REQUEST", "[ERROR 400] REQUEST"),
        ("?WARN ?%ERR.*GOOD%", "[ERROR 400] BAD REQUEST"),
    ],
)
def test_terms_do_not_match(pattern: str, message: str) -> None:
    assert not compiled(pattern)(message)


@pytest.mark.parametrize(
    "pattern",
    [
        '{ $.eventType = "UpdateTrail" }',
        "{$.eventType=UpdateTrail}",
        "{ $.eventType = Update* }",
        '{ $.eventType = "*Trail" }',
        "{ $.sourceIPAddress != 123.123.* }",
        '{ $.arrayKey[0] = "value" }',
        '{ $.arrayKey[*] = "another*" }',
        "{ $.objectList[1].id = 2 }",
        "{ $.objectList[*].id >= 2 }",
        "{ $.objectList.* EXISTS }",
        "{ $.SomeObject IS NULL }",
        "{ $.ThisFlag IS TRUE }",
        "{ $.ThisFlag = true }",
        "{ $.SomeOtherObject NOT EXISTS }",
        "{ $.latency > 12 && $.latency < 1.3e1 }",
        "{ $.latency = 12.50 }",
        "{ ($.latency > 100) || ($.ThisFlag IS TRUE && $.code = 4*) }",
        "{ $.code = 404 }",
        '{ $.["cluster.name"] = c }',
        "{ $['cluster.name'] = c }",
        "{ $.latency = 12.5 || $.nothing.at.all = 1 && $.neither = 2 }",
        "{ $.eventType = %Trail% }",
        "{$.eventType=%^Up[a-z]{4}Tr|x%&&$.code!=%5%}",
        "{ $.arrayKey[*] = %val.{2}% }",
        "{ $.arrayKey[1] = %^another value$% }",
        r"{ $.* = %111\.111\.111\.1[0-9]{1,2}% }",
        r"{ $.latency = %^1\d\.5$% }",
        "{ ($.eventType != %^Trail%) }",
    ],
)
def test_json_matches(pattern: str) -> None:
    assert compiled(pattern)(TRAIL)


@pytest.mark.parametrize(
    "pattern",
    [
        '{ $.eventType = "updateTrail" }',
        "{ $.sourceIPAddress != 111.111.* }",
        "{ $.nothing != 1 }",
        "{ $.nothing IS NULL }",
        "{ $.ThisFlag IS FALSE }",
        "{ $.ThisFlag = 1 }",
        "{ $.arrayKey[2] EXISTS }",
        "{ $.eventType[0] EXISTS }",
        "{ $.eventType.* EXISTS }",
        "{ $.eventType > 1 }",
        '{ $.latency = "12.5" }',
        "{ $.objectList = anything }",
        "{ $.SomeObject NOT EXISTS }",
        "{ $.eventType = %^Trail% }",
        "{ $.eventType != %Trail% }",
        "{ $.nothing != %a% }",
        "{ $.objectList = %.% }",
    ],
)
def test_json_does_not_match(pattern: str) -> None:
    assert not compiled(pattern)(TRAIL)


@pytest.mark.parametrize(
    "message", ["plain text", "", "{", '{"a":', "[" * 200_000, "{" * 200_000, "1", "NaN"]
)
def test_a_message_that_is_not_json_matches_no_json_pattern(message: str) -> None:
    assert not compiled("{ $.a NOT EXISTS }")(message)


def test_numbers_of_any_size_are_compared() -> None:
    huge = '{"a": ' + "9" * 400 + "}"
    assert compiled("{ $.a > 1 }")(huge)
    assert not compiled("{ $.a > 1 }")('{"a": -' + "9" * 400 + "}")
    assert not compiled("{ $.a > 1 }")('{"a": NaN}')
    assert compiled("{ $.a > 1 }")('{"a": 1e999}')


@pytest.mark.parametrize(
    "pattern",
    [
        "[ip, id, user, timestamp, request, status_code, size]",
        "[ip, id, user, timestamp, request, status_code = 4*, size]",
        "[ip, id, user, timestamp, request = *.html*, status_code = 404, size]",
        "[..., status_code = 4*, bytes > 1000]",
        "[ip = 127.0.0.1, ...]",
        "[ip, ..., bytes >= 1534]",
        '[ip, id, user = "frank", ...]',
        "[ip, id, user = bob || user = frank, ...]",
        "[ip, id != Test && id != Beta, ...]",
        "[ip, id, user, timestamp = *Oct*, ...]",
        "[a, b, c, d, e, f, g, ...]",
        "[...]",
        "[ip, id, (user = frank && status = 404), timestamp, request, status, size]",
        r"[ip=%127\.0\.0\.[1-9]%, user, username, timestamp, request =*.html*, status = 4*, bytes]",
        "[..., request = %^GET /[a-z.]+ HTTP%, status != %^5%, bytes]",
        "[ip, id = Test || id = %^P%, ...]",
    ],
)
def test_fields_match(pattern: str) -> None:
    assert compiled(pattern)(LINE)


@pytest.mark.parametrize(
    "pattern",
    [
        "[ip, id]",
        "[ip, id, user, timestamp, request, status_code = 5*, size]",
        "[..., bytes < 1000]",
        "[a, b, c, d, e, f, g, h, ...]",
        "[ip != 127.0.0.1, ...]",
        "[ip, id, user, timestamp, request, status_code, size, more]",
        "[ip, ..., status = %^5%, size]",
        "[ip, ..., status != %^4%, size]",
    ],
)
def test_fields_do_not_match(pattern: str) -> None:
    assert not compiled(pattern)(LINE)


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("foo:bar", "Invalid character(s) in term ':'"),
        ("a, b", "Invalid character(s) in term ','"),
        ("SUCCESS*", "Invalid character(s) in term '*'"),
        ('"open', "Invalid filter pattern"),
        ("{", "Invalid filter pattern"),
        ("{ $.a }", "Invalid filter pattern"),
        ("{ $.a = }", "Invalid filter pattern"),
        ("{ $.a = 1", "Invalid filter pattern"),
        ("{ $.a = 1 } x", "Invalid filter pattern"),
        ("{ $.a > word }", "Invalid filter pattern"),
        ("{ a = 1 }", "Invalid filter pattern"),
        ("{ $.a IS MAYBE }", "Invalid filter pattern"),
        ("{ $.a NOT THERE }", "Invalid filter pattern"),
        ("{ " + "(" * 400 + "$.a = 1", "Invalid filter pattern"),
        ("[", "Invalid filter pattern"),
        ("[]", "Invalid filter pattern"),
        ("[a,]", "Invalid filter pattern"),
        ("[a, ..., b, ...]", "Invalid filter pattern"),
        ("[a] b", "Invalid filter pattern"),
        ("{ $.*.* = 1 || $.a[*].* = 1 }", "Invalid filter pattern"),
        ("%something!%", "Invalid character(s) in term '!'"),
        ("{ $.a = %(ab)% }", "Invalid character(s) in term '('"),
        ("[a = %é%]", "Invalid character(s) in term 'é'"),
        ("%open", "Invalid character(s) in term '%'"),
        ("a%b%", "Invalid character(s) in term '%'"),
        ("{ $.a = %open }", "Invalid filter pattern"),
        ("{ $.a > %1% }", "Invalid filter pattern"),
        ("{ %a% = 1 }", "Invalid filter pattern"),
        ("[%a%]", "Invalid filter pattern"),
        ("[a = %a%%b%]", "Invalid filter pattern"),
        ("%%", "Invalid filter pattern"),
        ("%a% -%b% ?%c%", "A filter pattern can have at most 2 regular expressions"),
        (
            "{ $.a = %a% || $.b = %b% || $.c = %c% }",
            "A filter pattern can have at most 2 regular expressions",
        ),
        ("[a=%a%, b=%b%, c=%c%]", "A filter pattern can have at most 2 regular expressions"),
        (
            "%a{1000}%",
            "A regular expression can have at most 500 terms, counted with their repetitions",
        ),
    ],
)
def test_a_pattern_that_cannot_be_read_says_why(pattern: str, message: str) -> None:
    with pytest.raises(PatternError) as refused:
        compiled(pattern)
    assert refused.value.message == message


@given(
    st.one_of(
        st.text(max_size=1024),
        st.text('{}[]()$.*=<>!&|"%?- \\,1aIS', max_size=200),
        st.builds("{{ {} }}".format, st.text('$.a[]*"=<>!&|() 1xISNOTEXISTS', max_size=100)),
        st.builds("[{}]".format, st.text('.a,*"=<>!&|() 1x', max_size=100)),
        st.builds("%{}%".format, st.text("a1^$?*+{},[]|\\.-dx ", max_size=20)),
    ),
    st.sampled_from([LINE, TRAIL, "", "[]", '{"a": [1, {"b": null}]}']),
)
def test_any_text_is_a_pattern_or_refused(pattern: str, message: str) -> None:
    try:
        matches = compiled(pattern)
    except PatternError:
        return
    assert matches(message) in (True, False)


@given(st.lists(st.text("ab*", max_size=4), max_size=4), st.text("ab", max_size=12))
def test_wildcards_mean_what_shell_patterns_mean(parts: list[str], text: str) -> None:
    glob = "x" + "*".join(parts)
    pattern = '{ $.a = "' + glob + '" }'
    expected = fnmatch.fnmatchcase("x" + text, glob)
    assert compiled(pattern)(json.dumps({"a": "x" + text})) is expected


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("{ $.a = " + "a*" * 500 + "b }", json.dumps({"a": "a" * 1_000_000})),
        ("{ $.a = *" + "a" * 900 + "b* }", json.dumps({"a": "a" * 1_000_000})),
        ("{ $.*.*.* = 1 }", json.dumps({"a": [[1] * 300_000]})),
        ("{ " + " || ".join(["$.a = 1"] * 100) + " }", json.dumps({"a": [1] * 300_000})),
        ('"' + "a" * 1000 + 'b"', "a" * 1_000_000),
        ("[" + ",".join(["a=*a*b"] * 100) + ", ...]", "a " * 500_000),
        ("[x, ...]", '"' * 1_000_000),
        ("[x, ...]", "[" * 1_000_000),
        ("[x, ...]", "[ " * 500_000),
        ("[x, ...]", "[]" * 500_000),
        ("[x, ...]", '" ' * 500_000 + '"'),
    ],
)
def test_matching_a_megabyte_is_never_slow(pattern: str, message: str) -> None:
    matches = compiled(pattern)
    started = time.thread_time()
    matches(message)
    assert time.thread_time() - started < 1
