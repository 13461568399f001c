"""Metrics in the Prometheus text format: counters of what was decided, gauges of what is known now."""

from __future__ import annotations

from collections import Counter as Tally
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from gateway.core.effects import Audit, Effect, RespondToUtility
from gateway.core.events import CommandReceived, Event, Now, ResponsePosted, UtilityChanged
from gateway.core.ledger import EntryState
from gateway.core.world import World
from translators.canonical.controls import function_of

_REMEMBERED = 10_000
"""Commands whose time of receipt is kept until their stations accept them."""
_DRIFT = frozenset({EntryState.WANTED, EntryState.UNKNOWN, EntryState.CLEAR_FAILED})
"""States in which a station does not hold what it should, or nobody knows."""
_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)


class Meters:
    """Counts what the runtime hears and decides; `text` is a scrape."""

    def __init__(self, world: World, now: Callable[[], Now]) -> None:
        """Count from zero; gauges are read from `world` at each scrape."""
        self._registry = CollectorRegistry()
        self._registry.register(_Gauges(world, now, self))
        self._now = now
        self.up: dict[tuple[str, str], bool] = {}
        """By utility and station: whether the link to it works."""
        self._since: dict[str, float] = {}
        self._owed: dict[str, float] = {}
        self._commands = self._counter(
            "dergate_commands", "Controls that utilities asked for.", "source", "control", "outcome"
        )
        self._controls = self._counter(
            "dergate_controls", "Controls at stations, by what became of them.", "outcome"
        )
        self._denied = self._counter("dergate_auth_failures", "Connections refused.", "reason")
        self._connects = self._counter("dergate_station_connects", "Stations that came.", "result")
        self._displaced = self._counter(
            "dergate_session_displacements", "Second connections under one id."
        )
        self._lost = self._counter("dergate_mapping_loss", "What translation lost.", "rule")
        self._end_to_end = Histogram(
            "dergate_command_end_to_end_seconds",
            "From the receipt of a command until a station accepted a control of it.",
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._lag = Histogram(
            "dergate_response_lag_seconds",
            "From an answer being owed until its utility took it.",
            buckets=_SECONDS,
            registry=self._registry,
        )

    def text(self) -> bytes:
        """Return all metrics, text format 0.0.4."""
        return generate_latest(self._registry)

    def heard(self, event: Event) -> None:
        """Count an event."""
        match event:
            case CommandReceived(command=command, refusals=refusals):
                source = command.origin.utility
                for control in command.controls:
                    self._commands.labels(source, function_of(control), "received").inc()
                for refusal in refusals:
                    self._commands.labels(source, refusal.function, "refused").inc()
            case UtilityChanged(utility=utility, station=station, up=up):
                self.up[utility, station] = up
            case ResponsePosted(key=key, accepted=accepted):
                since = self._owed.pop(key, None)
                if accepted:
                    self._took(since, self._lag)
            case _:
                pass

    def decided(self, effects: Iterable[Effect]) -> None:
        """Count what was decided."""
        now = self._now().monotonic
        for effect in effects:
            if isinstance(effect, Audit):
                self._audited(effect, now)
            elif isinstance(effect, RespondToUtility):
                _remember(self._owed, effect.key, now)

    def _counter(self, name: str, words: str, *labels: str) -> Counter:
        return Counter(name, words, labels, registry=self._registry)

    def _audited(self, record: Audit, now: float) -> None:
        subject, _, what = record.kind.partition(".")
        match subject:
            case "command" if what == "received":
                _remember(self._since, record.subject, now)
            case "command" if what == "refused":
                self._refused(record)
            case "control":
                self._controls.labels(what).inc()
                for loss in record.details.get("losses", ()):
                    self._lost.labels(loss["rule"]).inc()
                if what == "accepted":
                    command = str(record.details.get("command"))
                    self._took(self._since.pop(command, None), self._end_to_end)
            case "station" if what == "connected":
                self._connects.labels("connected").inc()
            case "security":
                self._noticed(what, int(record.details.get("count") or 1))
            case _:
                pass

    def _refused(self, record: Audit) -> None:
        source = record.subject.partition("/")[0]
        for refusal in record.details.get("refusals", ()):
            self._commands.labels(source, refusal["function"], "refused").inc()

    def _noticed(self, what: str, count: int) -> None:
        match what:
            case "access.duplicate":
                self._displaced.inc(count)
                self._connects.labels("refused").inc(count)
            case _ if what.startswith("access."):
                self._denied.labels(what.removeprefix("access.")).inc(count)
                self._connects.labels("refused").inc(count)
            case _:
                pass

    def _took(self, since: float | None, histogram: Histogram) -> None:
        if since is not None:
            histogram.observe(max(0.0, self._now().monotonic - since))


class _Gauges(Collector):
    """What is known now."""

    def __init__(self, world: World, now: Callable[[], Now], meters: Meters) -> None:
        self._world, self._now, self._meters = world, now, meters

    def describe(self) -> Iterable[Metric]:
        """Return nothing: names are checked when they are collected."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Yield each gauge with its values."""
        yield _gauge(
            "dergate_stations", "Enrolled stations.", ("state", "ocpp_version"), self._stations()
        )
        yield _gauge(
            "dergate_utility_up", "Share of its links that work, 0 to 1.", ("peer",), self._up()
        )
        yield _gauge(
            "dergate_utility_clock_offset_seconds",
            "A utility's clock minus ours.",
            ("peer",),
            {(peer,): offset.total_seconds() for peer, offset in self._now().offsets.items()},
        )
        yield _gauge(
            "dergate_fail_safe_stations",
            "Stations of a utility, by how it is heard: heard, silent, limited.",
            ("peer", "stage"),
            self._heard(),
        )
        yield _gauge(
            "dergate_site_excess",
            "What a site's stations may use beyond its bound (W, or A of a phase) and nobody can revoke.",
            ("site", "direction", "resource"),
            self._excess(),
        )
        yield _gauge(
            "dergate_responses_outbox",
            "Answers that utilities did not take yet.",
            (),
            {(): len(self._world.owed)},
        )
        yield _gauge(
            "dergate_reconcile_drift",
            "Controls that stations should hold and may not.",
            (),
            {(): self._drift()},
        )

    def _stations(self) -> Mapping[tuple[str, ...], float]:
        return Tally(
            (
                "connected" if state.connected else "away",
                "" if state.profile is None else state.profile.ocpp_version,
            )
            for state in self._world.stations.values()
        )

    def _up(self) -> Mapping[tuple[str, ...], float]:
        links: defaultdict[tuple[str, ...], list[bool]] = defaultdict(list)
        for (peer, _), up in self._meters.up.items():
            links[(peer,)].append(up)
        return {peer: sum(ups) / len(ups) for peer, ups in links.items()}

    def _heard(self) -> Mapping[tuple[str, ...], float]:
        hearings = self._world.hearings.items()
        return Tally((peer, hearing.stage.value) for (peer, _), hearing in hearings)

    def _excess(self) -> Mapping[tuple[str, ...], float]:
        return {
            (site.id, slot.value, name): float(amount)
            for site in self._world.sites.values()
            for slot, excess in site.excess.items()
            for name, amount in excess.items()
        }

    def _drift(self) -> int:
        return sum(
            entry.state in _DRIFT
            for state in self._world.stations.values()
            for entry in state.ledger.entries.values()
        )


def _gauge(
    name: str, words: str, labels: tuple[str, ...], values: Mapping[tuple[str, ...], float]
) -> Metric:
    gauge = GaugeMetricFamily(name, words, labels=labels)
    for names, value in sorted(values.items()):
        gauge.add_metric(names, value)
    return gauge


def _remember(times: dict[str, float], key: str, now: float) -> None:
    """Keep when something began; the oldest give way."""
    times.setdefault(key, now)
    while len(times) > _REMEMBERED:
        del times[next(iter(times))]
