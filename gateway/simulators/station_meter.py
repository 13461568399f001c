"""What a simulated station tells of its power flow and of its transaction (J, E)."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.simulators.station_car import Car
from gateway.simulators.station_inverter import Inverter
from gateway.simulators.station_wire import Json, instant, rounded


@dataclass(frozen=True, slots=True)
class Wiring:
    """How a meter is wired: conductors that it sees from the other side, and whether it tells each."""

    reversed: frozenset[str] = frozenset()
    each: bool = False

    def signs(self, phases: int) -> dict[str, int]:
        """Return for each conductor whether it is seen as it is."""
        names = [f"L{number}" for number in range(1, phases + 1)]
        return {name: -1 if name in self.reversed else 1 for name in names}


def meter_value(
    inverter: Inverter, car: Car, now: float, wiring: Wiring = Wiring(), *, soc: bool = True
) -> Json:
    """Return one MeterValue; import and export, of which one is 0, come both."""
    signs = wiring.signs(inverter.phases)
    seen = sum(signs.values()) / len(signs)
    p_w, q_var = inverter.p_w * seen, inverter.q_var * seen
    values = [
        _sampled("Power.Active.Import", max(0.0, -p_w), "W"),
        _sampled("Power.Active.Export", max(0.0, p_w), "W"),
        _sampled("Power.Reactive.Import", max(0.0, -q_var), "var"),
        _sampled("Power.Reactive.Export", max(0.0, q_var), "var"),
        _sampled("Voltage", inverter.voltage_v, "V"),
        _sampled("Frequency", inverter.frequency_hz, "Hz"),
    ]
    if soc and car.present:
        values.append(_sampled("SoC", car.soc_pct, "Percent"))
    for phase, sign in signs.items() if wiring.each else ():
        share = sign * inverter.p_w / len(signs)
        values += [
            _sampled("Power.Active.Import", max(0.0, -share), "W") | {"phase": phase},
            _sampled("Power.Active.Export", max(0.0, share), "W") | {"phase": phase},
        ]
    return {"timestamp": instant(now), "sampledValue": values}


def _sampled(measurand: str, value: float, unit: str) -> Json:
    return {
        "measurand": measurand,
        "value": rounded(value),
        "context": "Sample.Periodic",
        "unitOfMeasure": {"unit": unit},
    }


@dataclass(slots=True)
class Transaction:
    """A running transaction."""

    id: str
    started: float
    evse: int = 1
    _next_event: int = 0

    def event(self, kind: str, trigger: str, now: float, meter: Json, **info: str) -> Json:
        """Return a TransactionEvent; `info` goes into transactionInfo."""
        number, self._next_event = self._next_event, self._next_event + 1
        return {
            "eventType": kind,
            "timestamp": instant(now),
            "triggerReason": trigger,
            "seqNo": number,
            "transactionInfo": {"transactionId": self.id, **info},
            "evse": {"id": self.evse, "connectorId": 1},
            "meterValue": [meter],
        }


def connector_status(now: float, evse: int, state: str) -> Json:
    """Return a StatusNotification."""
    return {
        "timestamp": instant(now),
        "connectorStatus": state,
        "evseId": evse,
        "connectorId": 1,
    }
