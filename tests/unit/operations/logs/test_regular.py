import random
import re
import sys
import tracemalloc
import warnings
from types import FrameType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.operations.logs import regular
from sluicegate.operations.logs.refusals import PatternError
from sluicegate.operations.logs.regular import Expression


@pytest.mark.parametrize(
    ("expression", "texts"),
    [
        ("AUTHORIZED", ["[ERROR 401] UNAUTHORIZED REQUEST", "[SUCCESS 200] AUTHORIZED REQUEST"]),
        ("^[hc]at", ["hat", "cat trick"]),
        ("[hc]at$", ["hat", "the cat"]),
        ("colou?r", ["color", "colour"]),
        ("^[abcx-z]$", [*"abcxyz"]),
        ("^a{3,5}$", ["aaa", "aaaa", "aaaaa"]),
        ("^a{2,}$", ["aa", "a" * 600]),
        ("^a{,2}$", ["", "a", "aa"]),
        ("^a{0}b{1}$", ["b"]),
        ("gra|ey", ["gray", "grey"]),
        ("^starting|^initializing|^shutting down", ["starting", "shutting down"]),
        ("abcc|ab[^c]$", ["abcc d", "d aba"]),
        (r"\[.\]", ["[a]", "[7]", "[@]", "[]]", "[ ]", "[\n]", "[é]", "[😀]"]),
        (r"10\.10\.0\.1", ["from 10.10.0.1 on"]),
        ("10.10.0.1", ["10010,051"]),
        ("^ab*c$", ["ac", "abc", "abbbc"]),
        ("^ab[0-9]*$", ["ab", "ab0", "ab129"]),
        ("ab+c", ["abc", "abbbc"]),
        (r"^\d\D\s\S\w\W$", ["1a\tb_-", "2é é9é"]),
        (r"\x3A\x28\x25\x5b", [":(%["]),
        (r"^[\d\-x^\]]+$", ["1-x^]"]),
        (r"^[^\s,]$", ["a", "é"]),
        ("^[a-c-]$", ["b", "-"]),
        (r"^[+*?.{}|$-]$", [*"+*?.{}|$-"]),
        ("^ :_#=@/;,-$", [" :_#=@/;,-"]),
        ("a*", ["", "b"]),
        ("$", ["", "a\n"]),
        ("a*^b$c?$", ["b"]),
    ],
)
def test_what_an_expression_means(expression: str, texts: list[str]) -> None:
    assert [text for text in texts if not Expression(expression).is_in(text)] == []


@pytest.mark.parametrize(
    ("expression", "texts"),
    [
        ("AUTHORIZED", ["authorized", "", "AUTHORIZE D"]),
        ("^[hc]at", ["a hat", "\nhat"]),
        ("[hc]at$", ["hats", "hat\n"]),
        ("^a{3,5}$", ["aa", "aaaaaa"]),
        ("^a{2,}$", ["a"]),
        ("^a{,2}$", ["aaa"]),
        ("^starting|^initializing", ["skipping initializing"]),
        ("abcc|ab[^c]$", ["aac", "abc"]),
        (r"10\.10\.0\.1", ["10010,051"]),
        ("ab+c", ["ac"]),
        (r"\d|\w", ["٣é"]),
        (r"[^\w ]", ["a b"]),
        ("a^b", ["ab", "a^b", "b"]),
        ("a$b", ["ab", "a$b", "a"]),
    ],
)
def test_what_an_expression_does_not_mean(expression: str, texts: list[str]) -> None:
    assert [text for text in texts if Expression(expression).is_in(text)] == []


@pytest.mark.parametrize("character", [*"!\"'%&()<>`~\t\n", "é", "😀"])
@pytest.mark.parametrize("around", ["a{}b", r"\{}", "[a{}]", "{}", r"[\{}]", "[a-{}]"])
def test_a_character_aws_does_not_document_is_named(around: str, character: str) -> None:
    if character == "é" and "\\" in around:
        return  # it could as well be one of the sets there is not
    with pytest.raises(PatternError) as refused:
        Expression(around.replace("{}", character))
    assert refused.value.message == f"Invalid character(s) in term '{character}'"


@pytest.mark.parametrize(
    "expression",
    [
        *("", "|", "a|", "|a", "a||b", "*", "^*", "$+", "a|?", "a**", "a+?", "a{2}{3}", "a{1,2}?"),
        *("a{", "a}", "{2}", "a{}", "a{,}", "a{x}", "a{3,2}", "a{1, 2}", "a{-1}", "]", "a]"),
        *("[", "[a", "[]", "[^]", "[[]", "[a-", "[b-a]", r"[\d-z]", r"[a-\d]", r"[a\]"),
        *("\\", r"\n", r"\b", r"\1", r"\x", r"\x4", r"\x80", r"\xgg", r"\p", r"\é"),
    ],
)
def test_what_aws_does_not_document_is_refused(expression: str) -> None:
    with pytest.raises(PatternError) as refused:
        Expression(expression)
    assert refused.value.message == "Invalid filter pattern"


@pytest.mark.parametrize(
    "expression",
    ["a{501}", "a{501,}", "a{,501}", "a{250}|a{251}", "a" * 501, "a{9" + "9" * 900 + "}"],
)
def test_how_large_an_expression_may_be(expression: str) -> None:
    Expression("a{250}|b{,249}c+")
    with pytest.raises(PatternError) as refused:
        Expression(expression)
    assert refused.value.message == (
        "A regular expression can have at most 500 terms, counted with their repetitions"
    )


_MEMBERS = st.sampled_from(["a", "b", "a-c", "0-9", " ", "_", r"\d", r"\S", r"\-", r"\]", r"\x2e"])
_TERMS = st.one_of(
    st.sampled_from(["a", "b", "1", " ", "_", ".", r"\d", r"\D", r"\s", r"\S", r"\w", r"\W"]),
    st.sampled_from([r"\.", r"\[", r"\\", r"\x61", r"\x0a", "#", "@"]),
    st.builds(
        lambda negated, members: f"[{negated}{''.join(members)}]",
        st.sampled_from(["", "^"]),
        st.lists(_MEMBERS, min_size=1, max_size=4),
    ),
)
_REPEATS = st.sampled_from(["", "", "?", "*", "+", "{2}", "{1,}", "{0,2}", "{,2}", "{2,3}", "{0}"])
_PIECES = st.one_of(st.builds(str.__add__, _TERMS, _REPEATS), st.sampled_from("^$"))
_EXPRESSIONS = st.lists(
    st.lists(_PIECES, min_size=1, max_size=5).map("".join), min_size=1, max_size=3
).map("|".join)
_TEXTS = st.text("ab1 _.-\n[]\\#é😀", max_size=12)


def _found_by_python(expression: str, text: str) -> bool:
    expression = re.sub(r"\\.|\[(?:\\.|[^\]])*\]|\$", _ended, expression)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of what `--` in a class may once mean
        return re.search(expression, text, re.ASCII | re.DOTALL) is not None


def _ended(match: re.Match[str]) -> str:
    """Python's `$` is before a last newline as well; ours is not."""
    return r"\Z" if match[0] == "$" else match[0]


@given(_EXPRESSIONS, st.lists(_TEXTS, max_size=4))
def test_expressions_mean_what_they_mean_in_python(expression: str, texts: list[str]) -> None:
    ours = Expression(expression)
    for text in texts:
        assert ours.is_in(text) is _found_by_python(expression, text)


@given(st.text(r"ab1^$?*+{},[]|\.-dWx ", max_size=12), _TEXTS)
def test_any_text_is_refused_or_means_what_it_means_in_python(expression: str, text: str) -> None:
    try:
        ours = Expression(expression)
    except PatternError:
        return
    assert ours.is_in(text) is _found_by_python(expression, text)


def _letters(size: int, seed: int = 1) -> str:
    return "".join(random.Random(seed).choices("ab", k=size))


def test_an_expression_of_more_states_than_are_kept_is_still_right() -> None:
    expression = Expression("a.{11}[ab]c")
    text = _letters(20_000)
    assert not expression.is_in(text)
    assert expression.is_in(text + "a" + "b" * 12 + "c")
    assert not expression.is_in(text + "b" * 13 + "c")


def test_what_is_learned_from_a_text_is_bounded() -> None:
    expression, text = Expression("a.{30}c"), _letters(50_000)
    tracemalloc.start()
    try:
        expression.is_in(text)
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 1_000_000


def _lines_run(expression: Expression, text: str) -> int:
    """How many lines of the module run while a text is searched: the price, without a clock."""
    lines = 0

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal lines
        if frame.f_code.co_filename != regular.__file__:
            return None
        lines += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        expression.is_in(text)
    finally:
        sys.settrace(before)
    return lines


_LINES_A_CHARACTER = 40
_LINES_A_TEXT = 100


@pytest.mark.parametrize(
    ("expression", "part"),
    [
        ("a*a*a*a*a*a*a*b", "a"),
        ("a?" * 200 + "a" * 200 + "b", "a"),
        ("[ab]*a[ab]{400}c", _letters(500)),
        ("a.{20}b.{20}c", _letters(500)),
        ("|".join([".*a.*b.*=$"] * 20), "ab"),
        ("|".join(["a{1,60}b{1,60}c"] * 4), "a" * 60 + "b" * 60),
        (".*" * 499 + "=", "a"),
        ("a{,499}=", "a"),
        (r"\S+\S+\S+\s$", "語言 😀"),
        ("^a+$", "a"),
    ],
)
def test_no_expression_makes_more_than_so_many_steps_a_character(
    expression: str, part: str
) -> None:
    text = part * (2_000 // len(part))
    for size in (len(text), 2 * len(text)):
        steps = _lines_run(Expression(expression), (text * 2)[:size])
        assert size <= steps <= _LINES_A_CHARACTER * size + _LINES_A_TEXT


@given(_EXPRESSIONS, st.text("ab1 _", min_size=1, max_size=200))
def test_any_expression_is_linear_in_any_text(expression: str, text: str) -> None:
    steps = _lines_run(Expression(expression), text)
    assert steps <= _LINES_A_CHARACTER * len(text) + _LINES_A_TEXT
