"""The validators of openadr3-client for GAC 2.2 and NL-Flex 1.0 judge events as our contracts do.

Events grow from those that stand beside the clauses: other numbers, more intervals, and up to two of the
changes that break a clause. Where the verdicts differ a table says why; a row that nothing needs is a fault.
"""

from copy import deepcopy
from random import Random

from support.translation import book
from translators.errors import DocumentError
from translators.openadr.contracts import breach, changed, terms_of
from translators.openadr.wire import event_of

EVENTS = 200
DIFFERENCES = {
    # what we say, what the validator says: why
    ("gac_2_2.targets", "sound"): "an event for nobody passes there: no target of none is no EAN",
    ("gac_2_2.interval_ids", "sound"): "the client makes a number of a text in the place of an id",
    ("gac_2_2.payload", "sound"): "the validator looks at the payloads of the last interval alone",
}
UNREADABLE = {
    # what the model of the client demands of any event, before a validator sees it
    "intervalPeriod.start: Field required": "3.1 makes start optional",
    "targets.0: Input should be a valid string": "targets of 3.0.1, to a model of 3.1",
    "interval payload must contain at least one payload": "the standard allows an empty list",
}


def grown(contract, seed):
    """Return an event of a contract, sound or with up to two changes that break it."""
    random = Random(seed)  # noqa: S311 - no secret
    kind = random.choice(terms_of(book(), contract).events)
    event = varied(deepcopy(kind.sound), random)
    ways = [case.change for clause in kind.clauses for case in clause.breaks]
    for way in random.sample(ways, random.choice([0, 1, 1, 2])):
        try:
            event = changed(event, way)
        except (KeyError, IndexError, TypeError):
            continue  # the first change took away what the second one changes
    return event


def varied(event, random):
    """Return a sound event that is as sound with other numbers, and more limits."""
    if event["programID"] == "gac":
        first = random.randrange(3)
        event["intervals"] = [
            {"id": first + n, "payloads": [{"type": "IMPORT_CAPACITY_LIMIT", "values": [n]}]}
            for n in range(random.randrange(2, 6))
        ]
        event["targets"] = [
            f"{random.randrange(10**18):018}" for _ in range(random.randrange(1, 4))
        ]
    for interval in event.get("intervals", ()):
        for payload in interval["payloads"]:
            if payload["type"] in {"ACTIVE_BASELINE", "IMPORT_CAPACITY_LIMIT"}:
                payload["values"] = [random.randrange(10**5) / 100]
    return event


def ours(contract, event):
    """Return the rule that an event breaks, "" where it keeps the contract."""
    try:
        found = breach(terms_of(book(), contract), event_of(event))
    except DocumentError as error:
        return str(error)
    return "" if found is None else found.rule


async def test_sound_and_broken_events_are_judged_alike(service):
    judge = service("openadr3_compliance", "judge.py")
    explained = set()
    for contract in ("gac_2_2", "nl_flex_1_0"):
        alike = {"sound": 0, "broken": 0}
        for seed in range(EVENTS):
            event = grown(contract, seed)
            (told,) = await judge.ask(contract=contract, event=event)
            mine, verdict = ours(contract, event), _verdict(told)
            if verdict in UNREADABLE:
                assert mine, event
                explained.add(verdict)
            elif bool(mine) != (verdict == "broken"):
                assert (mine, verdict) in DIFFERENCES, (event, told)
                explained.add((mine, verdict))
            else:
                alike[verdict] += 1
        assert min(alike.values()) > EVENTS / 10
    assert explained == DIFFERENCES.keys() | UNREADABLE.keys()


def _verdict(told):
    """Return what the validator says; of an event that the client cannot read why not."""
    if "unreadable" in told:
        return next(it for it in UNREADABLE if it in told["unreadable"])
    return "broken" if told["broken"] else "sound"
