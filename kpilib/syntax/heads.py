"""The head of a clause: what stands before its award, cut into segments at the separators."""

from __future__ import annotations

from typing import NamedTuple

from kpilib.syntax.lexer import Word
from kpilib.syntax.phrases import Gap, Joint, Measure, Note, Phrase, Words


class Item(NamedTuple):
    """A measure with the words before and after it in its segment, and the 或/且 that joins it to the one before."""

    measure: Measure
    before: Word | None
    after: Word | None
    joint: str | None
    segment: int


class Head(NamedTuple):
    """The items of a head; `leads` are its segments without a measure that come first, `words` those that name a label."""

    items: list[Item]
    leads: list[Words | Note]
    words: list[Word]
    trailing: list[Words | Note]
    tail_segments: bool
    all_words: list[Word]
    before_items: dict[int, list[Word]]

    def last_group(self) -> list[Item]:
        """The last item and all that 或/且 joins to it."""
        start = len(self.items) - 1
        while start > 0 and self.items[start].joint is not None:
            start -= 1
        return self.items[start:]

    def previous_words(self, item: Item) -> Word | None:
        """The segment without a measure just before the item's, in the same sentence."""
        words = self.before_items.get(item.segment)
        return words[-1] if words else None


def _between(item: Item | None, last: Measure) -> Measure | None:
    """80分以上不满90分: two bounds side by side are one range."""
    if item is None or item.after is not None or item.measure.kind != "bound" or last.kind != "bound":
        return None
    first = item.measure
    if (
        first.amount is None
        or last.amount is None
        or first.operator[0] == last.operator[0]
        or first.of_target
        or last.of_target
    ):
        return None
    if first.amount.unit.kind != last.amount.unit.kind:
        return None
    low, high = (first, last) if first.operator[0] == ">" else (last, first)
    span = first.span.cover(last.span)
    return Measure("between", span, low.amount, high.amount, operator=low.operator, high_operator=high.operator)


def heads(pending: list[Phrase]) -> Head:
    """Cut the pending phrases at separators and sort them out."""
    segments: list[list[Phrase]] = [[]]
    hard_before: list[bool] = [False]
    for phrase in pending:
        if isinstance(phrase, Gap):
            segments.append([])
            hard_before.append(phrase.hard)
        else:
            segments[-1].append(phrase)
    items: list[Item] = []
    pure: list[tuple[int, list[Words | Note]]] = []
    joint: str | None = None
    for number, segment in enumerate(segments):
        measures = [phrase for phrase in segment if isinstance(phrase, Measure)]
        joints = [phrase for phrase in segment if isinstance(phrase, Joint)]
        if not measures and not joints:
            kept = [phrase for phrase in segment if isinstance(phrase, (Words, Note))]
            if kept:
                pure.append((number, kept))
            continue
        before: Word | None = None
        for phrase in segment:
            if isinstance(phrase, Joint):
                joint = phrase.kind
                before = None
            elif isinstance(phrase, Words):
                last = items[-1] if items and items[-1].segment == number else None
                if last is not None and last.after is None and joint is None:
                    items[-1] = Item(last.measure, last.before, phrase.word, last.joint, number)
                before = phrase.word
            elif isinstance(phrase, Measure):
                previous = items[-1] if items and items[-1].segment == number else None
                if previous is not None and previous.after is before and joint is None and before is not None:
                    items[-1] = (
                        Item(previous.measure, previous.before, None, previous.joint, number)
                        if phrase.kind not in ("exact",)
                        else previous
                    )
                merged = _between(previous, phrase) if joint is None and before is None else None
                if merged is not None and previous is not None:
                    items[-1] = Item(merged, previous.before, None, previous.joint, number)
                else:
                    items.append(Item(phrase, before, None, joint, number))
                before, joint = None, None
    all_words = [phrase.word for phrase in pending if isinstance(phrase, Words)]
    last_hard = max((number for number in range(len(segments)) if hard_before[number]), default=0)
    leads: list[Words | Note] = []
    trailing: list[Words | Note] = []
    words: list[Word] = []
    before_items: dict[int, list[Word]] = {}
    for number, kept in pure:
        texts = [phrase for phrase in kept if isinstance(phrase, Words)]
        notes = [phrase for phrase in kept if isinstance(phrase, Note)]
        if items:
            later = [item.segment for item in items if item.segment > number]
            if later and not any(hard_before[between] for between in range(number + 1, later[0] + 1)):
                before_items.setdefault(later[0], []).extend(phrase.word for phrase in texts)
            leads.extend(kept)
        elif number >= last_hard:
            words.extend(phrase.word for phrase in texts)
            leads.extend(notes)
            trailing.extend(texts)
        else:
            leads.extend(kept)
    tail = bool(items) and any(number > items[-1].segment for number, _ in pure)
    return Head(items, leads, words, trailing, tail, all_words, before_items)
