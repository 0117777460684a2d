"""Example questions from a library's own content: made from its sentences, kept where it answers them for certain.

A sentence of a plain English form is turned into a question whose answer is known ("X was founded in 1972." into "When
was X founded?" and "1972"); then the library is asked. Most sentences give no question, on purpose: what stands on the
page must read well and be answered rightly.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from threading import Lock, Thread

from rag.assistant import Assistant
from rag.candidates import same_words
from rag.errors import PinciteError, QuestionError
from rag.library import View
from rag.sentences import sentences
from rag.structure import sections
from rag.values import Document

DOCUMENTS = 40  # looked into, spread over the library
TEXT = 20_000  # characters of each document
ASKED = 15  # questions put to the library
SURE = 0.5  # confidence of an answer that is good enough to be shown first
LONGEST = 90  # characters of a question
_SENTENCE = range(20, 301)  # characters of a sentence that is looked at
_RECENT = 2000  # who is said to hold an office beside an earlier year may hold it no more

_UPPER = "A-ZÀ-ÖØ-ÞĀĂĄĆČĎĐĒĘĚĞİĶŁŃŇŌŐŘŚŞŠŢŤŪŮŰŹŻŽ"
_CAPITAL = rf"[{_UPPER}][\w'’-]++"
_PERSON = rf"{_CAPITAL}(?: (?:{_CAPITAL}|[{_UPPER}]\.)){{0,2}} (?:(?:de|da|van|von|der|den|bin|al) ){{0,2}}{_CAPITAL}"
_NAME = rf"(?:[Tt]he )?{_CAPITAL}(?: (?:(?:of|for|and) (?:the )?)?{_CAPITAL}){{0,5}}"
_THING = r"(?P<thing>[\w'’-]++(?: [\w'’-]++(?:\.\d+)?){0,5})"
_WORD = r"(?: [\w'’£$€%-]++(?:[.,]\d+)?)"
_REST = rf"(?P<rest>{_WORD}{{0,7}}?)"
_MONTH = "(?:January|February|March|April|May|June|July|August|September|October|November|December)"
_DATE = (
    rf"(?P<answer>\d{{1,2}} {_MONTH}(?: (?:1\d|20)\d\d)?|{_MONTH} \d{{1,2}}(?:, (?:1\d|20)\d\d)?"
    rf"|(?:{_MONTH} )?(?:1\d|20)\d\d)"
)
_NUMBER = r"\d[\d,.]*(?: (?:thousand|million|billion|trillion))?"
_COUNT = (
    rf"(?P<answer>(?:(?i:about|almost|at least|as many as|more than|nearly|over|some|up to) )?{_NUMBER}) "
    r"(?P<what>[a-z]+s|people)"
)
_FIRST = r"(?:(?:After|At|By|During|For|In|On|Since) [^,]+, )?"  # what may stand before the subject
_STOP = r"[.,;](?!\d)"
_MORE = r" (?:after|and|at|between|by|for|from|in|of|on|to|when|who|with)\b"
_END = rf"(?={_STOP}|:|{_MORE})"

_DONE = (
    "abolished|acquired|adopted|annexed|appointed|approved|arrested|assassinated|banned|born|bought|built|captured|"
    "closed|completed|conquered|constructed|created|crowned|demolished|deported|designed|destroyed|discovered|dissolved|"
    "elected|established|executed|finished|formed|founded|held|inaugurated|introduced|invaded|invented|killed|launched|"
    "liberated|nationalised|nationalized|occupied|opened|outlawed|overthrown|passed|published|ratified|rebuilt|released|"
    "renamed|reopened|restored|signed|sold"
)
# Of all other verbs a date alone may say too little, as in "was designated in 1966 as".
_DONE_SO = rf"(?:first |officially )?(?:{_DONE}|(?!based|estimated|located|ranked|used)[a-z]+ed(?! (?:in|on)\b))"
_MADE = "built|composed|designed|directed|discovered|established|founded|invented|led|opened|painted|published|won"
_HAS_DONE = r"[a-z]+e[dn]|bought|built|held|kept|lost|made|sent|sold|spent|won"
_DOES = "chairs|commands|directs|edits|heads|leads|owns|runs|built|designed|discovered|founded|invented|wrote"
_TITLE = (
    "(?i:ambassador|archbishop|author|bishop|chair|chairman|chairperson|chairwoman|chancellor|chief executive|clerk|"
    "commissioner|dean|director|director-general|editor|founder|general secretary|governor|head|king|leader|manager|"
    "mayor|minister|owner|pope|premier|president|prime minister|principal|queen|rector|secretary|secretary-general|"
    "secretary of state|speaker|treasurer)"
)
_OFFICE = rf"(?:[\w'’-]++ ){{0,3}}{_TITLE} (?:of|for|at) {_NAME}"
_NATION = rf"[{_UPPER}][a-z]+(?:an|ch|ese|i|ish)"
_REGULAR = (
    "abolish acquire adopt announce annex appoint approve arrive attack capture close confirm conquer construct create "
    "declare defeat destroy develop die discover elect end enter establish expand explore found introduce invade join "
    "kill land launch merge move open pass propose publish purchase receive recognise recognize release reopen replace "
    "resign restore retire return reveal seize sign start suspend unveil visit"
).split()
_BASES = {f"{base.removesuffix('e')}ed": base for base in _REGULAR} | {
    "banned": "ban",
    "became": "become",
    "began": "begin",
    "bought": "buy",
    "built": "build",
    "left": "leave",
    "married": "marry",
    "met": "meet",
    "occupied": "occupy",
    "sold": "sell",
    "took": "take",
    "won": "win",
    "wrote": "write",
}
_ALONE = (  # of these verbs, those that need nothing after them
    "arrived|began|closed|died|ended|landed|launched|left|merged|met|moved|opened|reopened|resigned|retired|returned|"
    "started"
)
_DID = rf"(?P<verb>(?P<alone>{_ALONE})|{'|'.join(_BASES)})(?P<rest>(?(alone)|{_WORD}){_WORD}{{0,6}}?)"
_FORMS = [
    (re.compile(sentence), question)
    for sentence, question in (
        # ... Ada Cole, president of Borduria, ...
        (
            rf"\b(?P<answer>{_PERSON})(?:,(?: who is)? the| is the|,) (?P<office>{_OFFICE}){_STOP}",
            "Who is the {office}?",
        ),
        # ... Ada Cole, the Bordurian president, ...
        (
            rf"\b(?P<answer>{_PERSON}), the (?P<office>{_NATION} (?:[\w-]+ ){{0,2}}{_TITLE}){_STOP}",
            "Who is the {office}?",
        ),
        # ... Ada Cole, who heads the Institute, ...
        (rf"\b(?P<answer>{_PERSON}), who (?P<does>(?:{_DOES}) {_NAME}){_END}", "Who {does}?"),
        # The Institute was founded by Ada Cole ...
        (rf"^{_THING} (?:was|were) (?P<made>{_MADE}) by (?P<answer>{_PERSON}){_END}", "Who {made} {thing}?"),
        # The Institute was opened to the public in 1932 ...
        (
            rf"^{_THING} (?P<was>was|were) (?P<done>{_DONE_SO}){_REST} (?:in|on) {_DATE}{_END}",
            "When {was} {thing} {done}{rest}?",
        ),
        # ... the Institute, which was founded in 1932, ...
        (
            rf"(?:^|[a-z,] )(?P<thing>{_NAME}), which was (?P<done>{_DONE}){_REST} (?:in|on) {_DATE}{_END}",
            "When was {thing} {done}{rest}?",
        ),
        # ... Ada Cole (born 1932) ...
        (rf"\b(?P<thing>{_PERSON}) \((?P<done>born) (?:(?:in|on) )?{_DATE}\)", "When was {thing} {done}?"),
        # In 1932 the Institute was opened ...
        (
            rf"^(?:In|On) {_DATE},? {_THING} (?P<was>was|were) (?P<done>{_DONE})(?:(?={_MORE})|{_REST}{_STOP})",
            "When {was} {thing} {done}{rest}?",
        ),
        # The Institute opened its doors in 1932 ...
        (rf"^{_THING} {_DID} (?:in|on) {_DATE}{_END}", "When did {thing} {base}{rest}?"),
        # In 1932 Borduria joined the League.
        (rf"^(?:In|On) {_DATE},? {_THING} {_DID}{_STOP}", "When did {thing} {base}{rest}?"),
        # Borduria has sent 300 soldiers to the border ...
        (
            rf"^{_FIRST}(?P<thing>{_NAME}) (?P<has>has|have) (?P<done>{_HAS_DONE}) {_COUNT}{_REST}{_STOP}",
            "How many {what} {has} {thing} {done}{rest}?",
        ),
        # At least 300 soldiers were sent to Borduria ...
        (
            rf"^{_FIRST}{_COUNT} (?P<was>were) (?P<done>{_HAS_DONE}){_REST}{_STOP}",
            "How many {what} {was} {done}{rest}?",
        ),
        # Borduria keeps 300 soldiers at the border ...
        (
            rf"^{_FIRST}(?P<thing>{_NAME}) (?P<verb>employs|has|holds|keeps|operates|owns|runs) {_COUNT}{_REST}{_STOP}",
            "How many {what} does {thing} {base}{rest}?",
        ),
        # The Arch Bridge is 318 metres long ...
        (
            rf"^{_THING} is (?P<answer>{_NUMBER} (?:feet|kilomet\w+|met\w+|miles)) (?P<how>high|long|tall|wide){_END}",
            "How {how} is {thing}?",
        ),
        # The Institute is based in Borduria ...
        (
            rf"^{_THING} is (?P<done>based|headquartered|located) in (?P<answer>{_NAME}){_END}",
            "Where is {thing} {done}?",
        ),
        # The Arch Bridge cost £48.6 million ...
        (rf"^{_THING} cost (?P<answer>[£$€]{_NUMBER}){_END}", "How much did {thing} cost?"),
    )
]

_ASKED = frozenset("does done made office rest thing what".split())  # groups that hold words of the sentence's own
_LEANING = frozenset(  # words that need another sentence, or begin a clause that a question has no place for
    "he she it they we you i him her them us me his its their our your my this that these those there here who which "
    "whom whose what when where while had has have was were is are be been being will would could should may might "
    "and but or if because as than then later again early late sometime also still only even such so not now today "
    "yesterday".split()
)
_VAGUE = frozenset("a an another other others one some any many several few most all each every no both".split())
_NO_MORE = frozenset("a an former late then next new acting outgoing first last previous future".split())
_THE_SAME = re.compile(  # "the town", which another sentence names; not "the siege of Paris", "the czars", "the world"
    r"\b[Tt]he (?:[a-z][\w-]* )*?(?!public|world)[a-z][\w-]*[^\Ws](?= (?:at|by|for|from|in|into|on|to|with)\b|$)"
    r"|\b[a-z]\w*(?:['’]s|s['’])"  # "the company's"
)
_BEFORE = frozenset("after at before by during for from in near on since through under until with without".split())
_YEAR = re.compile(r"\b(?:1\d|20)\d\d\b")
_INSIDE = re.compile(r"(?<=[a-z,] )[^\W\d][\w'’-]+")


@dataclass(frozen=True, slots=True)
class Draft:
    """A question, the words of a document that should answer it, and the document's id."""

    question: str
    answer: str
    document_id: str

    @property
    def kind(self) -> str:
        """The word that the question begins with."""
        return self.question.split()[0]


def examples(assistant: Assistant, most: int = 3) -> list[str]:
    """At most `most` questions that the library answers, the surest first; [] where none can be made.

    From different documents and of different kinds as far as there are such. The same every time for the same library.
    At most 40 documents are looked into and 15 questions asked.
    """
    with assistant.library.view() as view:
        found = _drafts_in(view)
        least = max(SURE, assistant.threshold_in(view))
    asked = [(_confidence(assistant, draft), draft) for draft in _spread(found, ASKED)]
    sure = [draft for confidence, draft in sorted(asked, key=lambda one: -one[0]) if confidence >= least]
    chosen = _spread(sure, most)
    return [draft.question for draft in sure if draft in chosen]


class Examples:
    """The examples of a library as it is now. After a change they are looked for anew, and nobody waits for them."""

    def __init__(self, assistant: Assistant):
        self._assistant = assistant
        self._generation = -1
        self._found: list[str] = []
        self._making = Lock()

    def __call__(self) -> list[str]:
        """What was found; [] while the library is another than it was found in, and the search begins."""
        with suppress(PinciteError):  # a library that cannot be read has no examples
            if self._is_current():
                return self._found
            if not self._making.locked():
                Thread(target=self.find, daemon=True).start()
        return []

    def find(self) -> None:
        """Look for them, once for all who come at the same time."""
        with self._making, suppress(PinciteError):  # whoever comes next tries again
            if not self._is_current():
                generation = self._now()
                self._found, self._generation = examples(self._assistant), generation

    def _is_current(self) -> bool:
        return self._generation == self._now()

    def _now(self) -> int:
        with self._assistant.library.view() as view:
            return view.generation


def drafts(sentence: str, inside: Collection[str] = (), recent: bool = True) -> list[tuple[str, str]]:
    """Questions that a sentence answers, each with the answer in the sentence's words.

    inside: words that stand inside sentences of the same text, written as there; they tell whether the first word of
    this sentence is a name. recent: whether who holds an office can be taken to hold it still.
    """
    found = []
    for form, question in _FORMS if len(sentence) in _SENTENCE else ():
        match = form.search(sentence)
        if match and (recent or "office" not in form.groupindex) and _stands_alone(match):
            parts = _parts(match, inside)
            asked = question.format(**parts) if parts else ""
            if len(asked) <= LONGEST and re.search(rf" {_CAPITAL}", asked):
                found.append((asked, match["answer"]))
    return found


def _drafts_in(view: View) -> list[Draft]:
    """Drafts from documents in English, no question twice."""
    entries = view.entries()
    found: dict[str, Draft] = {}
    for entry in entries[:: -(-len(entries) // DOCUMENTS) or 1]:
        if entry.metadata.get("language", "en").lower().startswith("en"):
            for draft in _drafts_of(view.document(entry.id)):
                found.setdefault(draft.question, draft)
    return list(found.values())


def _drafts_of(document: Document) -> Iterator[Draft]:
    last = document.body_start + TEXT
    inside = frozenset(_INSIDE.findall(document.text, document.body_start, last))
    year = _RECENT  # the last one that was named
    for start, end in sections(document):
        section = document.text[start : min(end, last)]
        for first, after in sentences(section):
            sentence = " ".join(section[first:after].split())
            year = max(map(int, _YEAR.findall(sentence)), default=year)
            for question, answer in drafts(sentence, inside, recent=year >= _RECENT):
                yield Draft(question, answer, document.id)


def _stands_alone(match: re.Match[str]) -> bool:
    """Whether what goes into a question from a sentence leans on no other sentence."""
    parts = {name: match[name] or "" for name in _ASKED.intersection(match.groupdict())}
    if any(_THE_SAME.search(part) or _LEANING.intersection(part.lower().split()) for part in parts.values()):
        return False
    return not _NO_MORE.intersection(parts.get("office", "").split())


def _parts(match: re.Match[str], inside: Collection[str]) -> dict[str, str] | None:
    """What goes into the question, the verb as it stands after "did"; None where the thing asked about is too vague."""
    parts = {name: value or "" for name, value in match.groupdict().items()}
    verb = parts.get("verb", "")
    parts["base"] = "have" if verb == "has" else _BASES.get(verb, verb.removesuffix("s"))
    if "thing" in parts:
        parts["thing"] = _thing(parts["thing"], match.start("thing") == 0, inside)
        return parts if parts["thing"] else None
    return parts


def _thing(text: str, is_first: bool, inside: Collection[str]) -> str:
    """A thing as it is written inside a sentence; "" where it is vague or its first word could be a name or none."""
    words = text.split()
    first, second = words[0], " ".join(words[1:2])
    if words[-1] == "the" or any(word.lower() in _VAGUE or re.fullmatch("[a-z]+ly", word) for word in words):
        return ""
    if not is_first:
        return text
    if first == "The":
        return f"the{text[3:]}"
    if first in inside and (first.lower() not in inside or second[:1].isupper()):
        return text
    is_act = first.lower() in inside and {"of", "for", "on"} & {*words[:3]}  # "Construction of the Arch Bridge"
    return text[0].lower() + text[1:] if is_act and first.lower() not in _BEFORE else ""


def _confidence(assistant: Assistant, draft: Draft) -> float:
    """That of the library's answer to a draft's question, 0 where it is another answer than the draft's."""
    try:
        answer = assistant.ask(draft.question)
    except QuestionError:
        return 0.0
    return answer.confidence if same_words(answer.text) == same_words(draft.answer) else 0.0


def _spread(found: Sequence[Draft], count: int) -> list[Draft]:
    """At most `count`: of as many documents, then of as many kinds as there are, then the first."""
    chosen: list[Draft] = []
    left = list(found)
    while left and len(chosen) < count:
        documents = Counter(draft.document_id for draft in chosen)
        kinds = Counter(draft.kind for draft in chosen)
        best = min(left, key=lambda draft: (documents[draft.document_id], kinds[draft.kind]))
        left.remove(best)
        chosen.append(best)
    return chosen
