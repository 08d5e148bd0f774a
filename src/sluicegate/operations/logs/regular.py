"""PURE: whether a text holds what a regular expression describes, in time linear in the text.

Where a search stands is a set of places, kept as an integer: a character moves all of them at once
(`_Places.after`). Sets that were seen are numbered, so that a search mostly reads a table. No step
looks back, whatever the expression: its size is the price of a step, never a reason for more steps.
"""

import re

from .branches import OTHER, Branch, branches

_MOST_STATES = 1_000
_UNKNOWN, _FOUND, _LOST = -1, -2, -3
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")


class Expression:
    """A regular expression, given without its percent signs; `PatternError` says what is wrong.

    What is learned from one text serves for the next. It is bounded, and kept for one search: an
    expression is for one thread.
    """

    def __init__(self, text: str) -> None:
        self._places = _Places(branches(text))
        self._states: dict[int, int] = {}
        self._sets: list[int] = []
        self._following: list[int] = []

    def is_in(self, text: str) -> bool:
        """Whether a part of the text matches."""
        places, following = self._places, self._following
        if places.at_first & places.found:
            return True
        state = self._numbered(places.at_first)
        for letter in places.letters(text):
            after = following[state + letter]
            if after < 0:
                after = self._learned(state, letter)
                if after < 0:
                    return after == _FOUND
            state = after
        return bool(self._set(state) & places.found_at_end)

    def _learned(self, state: int, letter: int) -> int:
        """The state behind a letter, for the first time; how a search ends is no state."""
        waiting = self._places.after(self._set(state), letter)
        if waiting & self._places.found:
            return _FOUND
        if not waiting:
            return _LOST
        if len(self._sets) == _MOST_STATES and waiting not in self._states:
            # Begun anew, so that there is a bound to the memory; a step costs the same either way.
            for learned in (self._states, self._sets, self._following):
                learned.clear()
            return self._numbered(waiting)
        after = self._numbered(waiting)
        self._following[state + letter] = after
        return after

    def _numbered(self, waiting: int) -> int:
        """The number of a state: where its row begins in `_following`."""
        state = self._states.get(waiting)
        if state is None:
            state = self._states[waiting] = len(self._following)
            self._sets.append(waiting)
            self._following += [_UNKNOWN] * len(self._places.takes)
        return state

    def _set(self, state: int) -> int:
        return self._sets[state // len(self._places.takes)]


class _Places:
    """The places of all branches, a bit each, and a bit behind each branch: there it has matched.

    A set of places is the integer of their bits: the places that wait for the next character.
    """

    def __init__(self, parts: list[Branch]) -> None:
        self.found = self.found_at_end = 0
        self._optional = self._repeating = 0
        takes = [0] * (OTHER + 1)
        at_first = at_any = 0
        bit = 1
        for branch in parts:
            at_first |= bit
            at_any |= 0 if branch.from_start else bit
            for place in branch.places:
                self._optional |= bit * place.is_optional
                self._repeating |= bit * place.repeats
                for character in place.takes:
                    takes[character] |= bit
                bit <<= 1
            if branch.to_end:
                self.found_at_end |= bit
            else:
                self.found |= bit
            bit <<= 1
        self.at_first = self._with_skipped(at_first)
        self._at_any = self._with_skipped(at_any)
        # Characters that all places treat alike are one letter: there is less to learn.
        self.takes = list(dict.fromkeys(takes))
        letter_of = {places: letter for letter, places in enumerate(self.takes)}
        self._letters = bytes(letter_of[places] for places in takes).ljust(256, b"\0")

    def letters(self, text: str) -> bytes:
        """A text with a letter, an index into `takes`, for each of its characters."""
        if not text.isascii():
            text = _NOT_ASCII.sub(chr(OTHER), text)
        return text.encode("latin-1").translate(self._letters)

    def after(self, waiting: int, letter: int) -> int:
        """The places that wait once those that waited were given a letter."""
        took = waiting & self.takes[letter]
        return self._with_skipped(took << 1 | took & self._repeating) | self._at_any

    def _with_skipped(self, waiting: int) -> int:
        """Optional places let the one behind them wait too.

        Optional places in a row are a row of ones. Adding those that wait carries from the lowest
        of them through the rest of the row to the place behind it: where a carry came, one waits.
        """
        skipped = waiting & self._optional
        return waiting | (skipped + self._optional) ^ skipped ^ self._optional
