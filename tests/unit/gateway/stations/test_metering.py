"""Transactions and measurements of one station: what runs, what is passed on, what is missing or late."""

from fractions import Fraction

from structlog.testing import capture_logs

from gateway.core.events import (
    CarSuspended,
    EventsMissed,
    ReadingsSigned,
    SamplesTaken,
    TransactionsChanged,
)
from support.metering import EVSE, Meter, a_value
from translators.canonical.capability import Transaction
from translators.canonical.codec import encode
from translators.units import Kind


def test_a_transaction_runs_from_its_start_to_its_end():
    meter = Meter()
    meter.hear("Started", evse=EVSE)
    assert meter.running == [(1, "T1")]
    meter.hear("Updated")
    meter.hear("Ended")
    assert meter.running == []
    assert len(meter.context.post.of(TransactionsChanged)) == 2


def test_a_transaction_that_started_before_us_is_known_from_its_first_message_with_an_evse():
    meter = Meter()
    meter.hear("Updated")
    assert meter.running is None
    meter.hear("Updated", evse=EVSE)
    assert meter.running == [(1, "T1")]


def test_the_end_of_an_unknown_transaction_changes_nothing():
    meter = Meter()
    meter.hear("Ended", evse=EVSE)
    assert meter.running is None


def test_an_ended_transaction_is_not_brought_back_by_a_late_message():
    meter = Meter()
    meter.hear("Started", evse=EVSE)
    meter.hear("Ended")
    meter.hear("Updated", evse=EVSE)
    assert meter.running == []


def test_an_evse_runs_one_transaction_and_the_newest_counts():
    meter = Meter()
    meter.hear("Started", "T1", evse={"id": 1})
    meter.hear("Started", "T2", evse={"id": 2})
    meter.hear("Started", "T3", evse={"id": 1})
    assert meter.running == [(2, "T2"), (1, "T3")]


def test_a_transaction_that_names_another_evse_moves():
    meter = Meter()
    meter.hear("Started", evse={"id": 1})
    meter.hear("Updated", evse={"id": 2})
    assert meter.running == [(2, "T1")]


def test_the_engine_is_told_transactions_of_its_station():
    meter = Meter()
    meter.hear("Started", evse=EVSE)
    assert meter.context.post.events == [TransactionsChanged("CS1", (Transaction(1, "T1"),))]


def test_a_token_that_comes_with_an_event_is_answered():
    meter = Meter()
    token = {"idToken": "x", "type": "Central"}
    assert meter.hear(idToken=token) == {"idTokenInfo": {"status": "Accepted"}}
    assert meter.hear() == {}


def test_measurements_come_with_transactions_and_without():
    meter = Meter()
    meter.hear("Started", evse=EVSE, meterValue=[a_value(5000)])
    meter.hear("Updated", meterValue=[a_value(6000)])
    meter.block.meter_values(meter.context, {"evseId": 2, "meterValue": [a_value(7000)]})
    taken = [
        (s.evse, s.kind, s.value) for e in meter.context.post.of(SamplesTaken) for s in e.samples
    ]
    assert taken == [(1, Kind.POWER, -5000), (1, Kind.POWER, -6000), (2, Kind.POWER, -7000)]


def test_what_cannot_be_read_of_a_measurement_leaves_the_rest():
    meter = Meter()
    bad = a_value(1, unitOfMeasure={"unit": "W", "multiplier": 10**9})
    answer = meter.block.meter_values(
        meter.context, {"evseId": 1, "meterValue": [bad, a_value(7000)]}
    )
    assert answer == {}
    (event,) = meter.context.post.of(SamplesTaken)
    assert [sample.value for sample in event.samples] == [Fraction(-7000)]


def test_of_many_ended_transactions_the_first_is_forgotten():
    meter = Meter()
    for number in range(33):
        meter.hear("Started", f"T{number}", evse=EVSE)
        meter.hear("Ended", f"T{number}")
    meter.hear("Updated", "T1", evse=EVSE)
    assert meter.running == []
    meter.hear("Updated", "T0", evse=EVSE)
    assert meter.running == [(1, "T0")]


def test_an_event_that_comes_again_word_for_word_counts_once_and_is_answered():
    meter = Meter()
    token = {"idToken": "x", "type": "Central"}
    for _ in range(2):
        answer = meter.hear(evse=EVSE, idToken=token, meterValue=[a_value()])
        assert answer == {"idTokenInfo": {"status": "Accepted"}}
    assert len(meter.context.post.of(SamplesTaken)) == 1
    assert meter.block.counts == {"again": 1}


def test_numbers_that_a_transaction_skips_are_told_once():
    meter = Meter()
    for number in (0, 3, 4, 2):
        meter.hear("Updated", evse=EVSE, seqNo=number, meterValue=[a_value(number)])
    assert meter.context.post.of(EventsMissed) == [EventsMissed("CS1", "T1", 1, 2)]
    assert meter.block.counts == {"missed": 2, "late": 1}
    assert len(meter.context.post.of(SamplesTaken)) == 4


def test_transactions_are_numbered_each_for_itself():
    meter = Meter()
    for number, transaction in ((0, "T1"), (7, "T2"), (1, "T1"), (8, "T2")):
        meter.hear("Updated", transaction, seqNo=number)
    assert meter.context.post.of(EventsMissed) == []


def test_a_late_word_of_a_transaction_does_not_make_it_run():
    meter = Meter()
    meter.hear("Updated", "T1", seqNo=0)
    meter.hear("Updated", "T1", seqNo=2)
    meter.hear("Started", "T2", evse=EVSE)
    meter.hear("Started", "T1", seqNo=1, evse=EVSE)
    assert meter.running == [(1, "T2")]


def test_of_many_transactions_the_first_is_counted_no_longer():
    meter = Meter()
    for number in range(65):
        meter.hear("Updated", f"T{number}")
    meter.hear("Updated", "T0", seqNo=5)
    assert meter.context.post.of(EventsMissed) == []
    meter.hear("Updated", "T64", seqNo=5)
    assert meter.context.post.of(EventsMissed) == [EventsMissed("CS1", "T64", 1, 4)]


def test_a_report_that_is_older_than_another_one_is_counted_and_passed_on():
    meter = Meter()
    for at in ("12:00:00", "12:00:05", "12:00:01", "12:00:06", "12:00:02"):
        report = {"evseId": 1, "meterValue": [a_value() | {"timestamp": f"2026-12-01T{at}Z"}]}
        meter.block.meter_values(meter.context, report)
    other = {"evseId": 2, "meterValue": [a_value()]}
    meter.block.meter_values(meter.context, other)
    assert meter.block.counts == {"late_reports": 2}
    assert len(meter.context.post.of(SamplesTaken)) == 6


def test_a_station_that_makes_up_evses_is_not_remembered_for_each():
    meter = Meter()
    for evse in (1, *range(1000), 1):
        report = {"evseId": evse, "meterValue": [a_value()]}
        meter.block.meter_values(meter.context, report)
    early = {"evseId": 999, "meterValue": [a_value() | {"timestamp": "2026-12-01T11:00:00Z"}]}
    meter.block.meter_values(meter.context, early)
    assert meter.block.counts == {"late_reports": 1}
    assert len(meter.block._newest) <= 256


def test_a_station_that_makes_up_transactions_runs_the_newest():
    meter = Meter()
    for number in range(1000):
        meter.hear(number=f"T{number}", evse={"id": number})
    assert meter.running == [(number, f"T{number}") for number in range(1000 - 256, 1000)]


def test_words_out_of_order_are_logged_once_of_each_kind():
    meter = Meter()
    with capture_logs() as logs:
        for number in (5, 5, 4, 8, 6, 7):
            meter.hear("Updated", seqNo=number, timestamp=f"2026-12-01T12:00:0{number}Z")
    assert [line.get("place", line["event"]) for line in logs] == [
        "again",
        "odd",
        "transaction.events_missed",
        "late",
    ]
    assert meter.block.counts == {"again": 1, "odd": 1, "missed": 2, "late": 2}


def test_what_cannot_be_read_is_named_once_and_counted_always():
    meter = Meter()
    with capture_logs() as logs:
        for multiplier in (99, 99, *range(100, 150)):
            bad = a_value(1, unitOfMeasure={"unit": "W", "multiplier": multiplier})
            meter.block.meter_values(meter.context, {"evseId": 1, "meterValue": [bad]})
    assert len([line for line in logs if line["event"] == "sample.unreadable"]) == 32
    assert meter.block.counts == {"unreadable": 52}


def test_what_a_meter_signed_is_told_with_its_transaction():
    meter = Meter()
    signed = {"signedMeterData": "T0NNRg==", "encodingMethod": "OCMF"}
    meter.hear("Ended", evse=EVSE, meterValue=[a_value(signedMeterValue=signed)])
    (event,) = meter.context.post.of(ReadingsSigned)
    (reading,) = event.readings
    assert (reading.transaction, reading.evse, reading.data) == ("T1", 1, "T0NNRg==")
    assert len(meter.context.post.of(SamplesTaken)) == 1


def test_an_evse_has_a_whole_number_however_json_writes_it():
    meter = Meter()
    signed = {"signedMeterData": "T0NNRg==", "encodingMethod": "OCMF"}
    value = a_value(signedMeterValue=signed)
    meter.block.meter_values(meter.context, {"evseId": 1.0, "meterValue": [value]})
    meter.hear(evse={"id": 2.0}, meterValue=[value])
    (first, second) = (event.readings[0] for event in meter.context.post.of(ReadingsSigned))
    assert (encode(first)["evse"], encode(second)["evse"]) == (1, 2)
    assert [type(number) for number, _ in meter.running] == [int]
    samples = [sample for event in meter.context.post.of(SamplesTaken) for sample in event.samples]
    assert {type(sample.evse) for sample in samples} == {int}


def hear_states(*states, kind="Updated", evse=1):
    """Return what was told of a car that goes through these charging states."""
    meter = Meter()
    for state in states:
        info = {"transactionId": "T1"} | ({} if state is None else {"chargingState": state})
        meter.hear(kind, evse={"id": evse}, transactionInfo=info)
    return [(event.evse, event.suspended) for event in meter.context.post.of(CarSuspended)]


def test_a_car_that_wants_no_energy_is_told_and_that_it_does_again():
    states = ("Charging", "SuspendedEV", "SuspendedEV", None, "Charging", "SuspendedEVSE")
    assert hear_states(*states) == [(1, False), (1, True), (1, False)]


def test_a_car_that_left_is_no_longer_suspended():
    assert hear_states("SuspendedEV", kind="Ended") == [(1, False)]


def test_cars_at_made_up_evses_are_not_all_remembered():
    meter = Meter()
    for number in range(1, 400):
        info = {"transactionId": f"T{number}", "chargingState": "SuspendedEV"}
        meter.hear(evse={"id": number}, transactionInfo=info)
    assert len(meter.block._suspended) <= 256
