"""The engine and the reference station side by side, without sockets, in time that tests move."""

import random
from datetime import UTC, datetime, timedelta
from fractions import Fraction

from gateway.core.effects import ReadBack, ReportStation
from gateway.core.events import (
    AlarmReceived,
    ControlsReported,
    NoticeReceived,
    SamplesTaken,
    StationReplied,
    TransactionsChanged,
)
from gateway.simulators.grid import Grid
from gateway.simulators.station_core import Core
from gateway.simulators.station_handlers import handle
from gateway.simulators.station_options import Nameplate, StationOptions
from gateway.simulators.station_wire import CallError
from gateway.stations.outcomes import answered, refused
from support.engine_bench import NOON, Bench, an_engine
from translators.canonical.capability import Current, Evse, Ratings, StationProfile, Transaction
from translators.canonical.telemetry import Sample
from translators.ocpp.inbound import alarm, notice
from translators.ocpp.metering import samples
from translators.units import Kind

PLATE = Nameplate(v_nom=240)


def options(**changes):
    """Return the options of a station that nobody connects to."""
    values = {"id": "CS1", "password": "", "url": "", "plate": PLATE, "meter_interval_s": 1.0}
    return StationOptions(**{**values, **changes})


def profile_of(station, version="2.1"):
    """Return what a gateway knows of a station with these options."""
    plate = station.plate
    ratings = Ratings(
        max_w=Fraction(plate.max_w),
        max_charge_rate_w=Fraction(plate.max_charge_w),
        max_discharge_rate_w=Fraction(plate.max_discharge_w),
        max_va=Fraction(plate.max_va),
        max_var=Fraction(plate.max_var),
        max_var_neg=Fraction(plate.max_var_neg),
        v_nom=Fraction(plate.v_nom),
        max_a=None if plate.max_a is None else Fraction(plate.max_a),
    )
    evses = tuple(
        Evse(
            number,
            Current.DC,
            station.phases,
            ratings,
            der_modes=frozenset(station.der_modes) if version == "2.1" else frozenset(),
            v2x_operation_modes=frozenset(station.v2x_modes) if version == "2.1" else frozenset(),
            charging_rate_units=("W",),
        )
        for number in range(1, station.evses + 1)
    )
    return StationProfile("CS1", version, Fraction(station.nominal_frequency_hz), evses)


class Side:
    """A gateway's engine beside a station; `noise` is what the meter is wrong by, as a share."""

    def __init__(self, book, station=None, *, noise=0.0, seed=0, version="2.1", tells_soc=True):
        self.options = station or options()
        self.bench = Bench(an_engine(book))
        self.seconds = NOON.timestamp()
        nominal = self.options.nominal_frequency_hz
        self.grid = Grid(frequency_hz=nominal, clock=lambda: self.seconds)
        self.core = Core(self.options, self.grid, self.seconds)
        self.core.negotiated(version)
        self.noise, self._random = noise, random.Random(seed)  # noqa: S311 - noise
        self.tells_soc = tells_soc
        self._answered = 0
        self._running = {}
        self.bench.connect(profile_of(self.options, version))
        self.core.greet(self.seconds)
        self.run(0)

    def run(self, seconds, step=0.5):
        """Let time pass; everything that is said meanwhile is heard."""
        end = self.seconds + seconds
        while True:
            self.bench.now = datetime.fromtimestamp(self.seconds, UTC)
            self.bench.at((self.bench.now - NOON) / timedelta(minutes=1))
            self._answer()
            self.core.advance(self.seconds)
            self._hear()
            self._answer()
            if self.seconds >= end:
                return
            self.seconds = min(end, self.seconds + step)

    def _answer(self):
        """Let the station answer what it was asked."""
        fresh = self.bench.effects[self._answered :]
        self._answered = len(self.bench.effects)
        for effect in [e for e in fresh if isinstance(e, ReadBack)][1:]:
            self.bench.hear(ControlsReported("CS1", effect.request_id, (), complete=False))
        for call in self.bench.outstanding():
            reply = self._reply(call)
            event = StationReplied(
                "CS1", call.request_id, reply.status, reply.reason, reply.payload
            )
            self.bench.hear(event)

    def _reply(self, call):
        try:
            return answered(handle(self.core, call.action, call.payload, self.seconds))
        except CallError as error:
            return refused(error.code, str(error))

    def _hear(self):
        while self.core.outbox:
            action, payload = self.core.outbox.popleft()
            match action:
                case "NotifyDERStartStop":
                    self.bench.hear(NoticeReceived(notice("CS1", payload)))
                case "NotifyDERAlarm":
                    self.bench.hear(AlarmReceived(alarm("CS1", payload)))
                case "MeterValues":
                    self._measured(payload["evseId"], payload["meterValue"])
                case "TransactionEvent":
                    self._transaction(payload)

    def _transaction(self, payload):
        number, evse = payload["transactionInfo"]["transactionId"], payload["evse"]["id"]
        before = dict(self._running)
        if payload["eventType"] == "Ended":
            self._running.pop(number, None)
        else:
            self._running[number] = Transaction(evse, number)
        if self._running != before:
            self.bench.hear(TransactionsChanged("CS1", tuple(self._running.values())))
        self._measured(evse, payload["meterValue"])

    def _measured(self, evse, values):
        read = samples("CS1", evse, values).samples
        plate = self.options.plate
        shown = []
        full = {"W": plate.max_w, "var": plate.max_var, "V": plate.v_nom, "Hz": 1.0, "pct": 0.0}
        for sample in read:
            if sample.kind is Kind.PERCENT and not self.tells_soc:
                continue
            wrong = self._random.uniform(-1, 1) * self.noise * full[sample.kind.value]
            shown.append(
                Sample(
                    "CS1",
                    evse,
                    sample.kind,
                    sample.value + Fraction(round(wrong, 3)),
                    sample.at,
                    sample.phase,
                )
            )
        self.bench.hear(SamplesTaken("CS1", tuple(shown)))

    def hears(self, command):
        """Let the utility command something now."""
        self.bench.command(command)
        self.run(0)

    @property
    def minute(self):
        """Minutes since noon, as commands count them."""
        return (self.seconds - NOON.timestamp()) / 60

    @property
    def not_followed(self):
        """The functions that were found not to be followed, in order."""
        return [e.details["function"] for e in self.bench.audited("control.not_followed")]

    @property
    def reports(self):
        """What the utility was told of the station, in order."""
        return [e for e in self.bench.effects if isinstance(e, ReportStation)]
