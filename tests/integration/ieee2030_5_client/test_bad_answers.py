"""A utility that errs: each fault is said, nothing is withdrawn, and neighbours live on."""

import httpx
import pytest

from gateway.errors import PeerError, ResponseRefusedError
from gateway.simulators import utility_2030_5_controls as make
from gateway.simulators import utility_2030_5_faults as fault
from gateway.simulators.utility_2030_5 import Curve, SimulatedUtility, control
from support.utility_bench import Bench, a_response, an_access, at_work

HOUR = 3600


def a_control(utility, *base, start=60, duration=HOUR, **changes):
    return control(
        int(utility.now()) + start, duration, *(base or (make.max_lim_w(50),)), **changes
    )


@pytest.fixture
async def held(utility, program, bench):
    """A control that the link knows."""
    made = utility.add_control(program, a_control(utility))
    await bench.until(lambda: made.mrid in bench.received)
    await bench.up()
    return made


FAULTS = [
    pytest.param(fault.status(500), "HTTP 500", id="500"),
    pytest.param(fault.status(503, retry_after_s=0), "HTTP 503", id="503"),
    pytest.param(fault.status(403), "HTTP 403", id="403"),
    pytest.param(fault.html(), "is HTML", id="HTML"),
    pytest.param(fault.html(500), "HTTP 500", id="HTML with 500"),
    pytest.param(fault.cut_xml(), "not well-formed XML", id="truncated XML"),
    pytest.param(fault.doctype_bomb(), "document type declaration", id="DOCTYPE bomb"),
    pytest.param(fault.huge_body(), "bytes are more than", id="10 MB"),
    pytest.param(fault.short_body(), "cannot be reached", id="body cut off"),
    pytest.param(fault.reset(), "cannot be reached", id="connection reset"),
    pytest.param(fault.say("EventStatus", "x"), "", id="nonsense in a field"),
]


@pytest.mark.parametrize(("spoil", "says"), FAULTS)
async def test_a_spoilt_list_is_named_and_changes_nothing(
    utility, program, bench, held, spoil, says
):
    other = utility.add_program(7)
    utility.assign(utility.devices[0], other)
    path = f"{program.href}/derc"
    utility.fail(path, spoil)
    neighbour = utility.add_control(other, a_control(utility))
    await bench.until(lambda: neighbour.mrid in bench.received)
    await bench.until(lambda: says in bench.state.problem)
    assert bench.withdrawn == {}
    utility.heal()
    later = utility.add_control(program, a_control(utility, start=3 * HOUR))
    await bench.until(lambda: later.mrid in bench.received)
    await bench.until(lambda: bench.state.up and bench.state.problem == "")
    assert bench.withdrawn == {}


@pytest.mark.parametrize("path", ["/dcap", "/edev", "/edev/1/fsa", "/edev/1/fsa/1/derp"])
@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(fault.status(500), id="500"),
        pytest.param(fault.status(404), id="404"),
        pytest.param(fault.html(), id="HTML"),
    ],
)
async def test_a_spoilt_way_to_the_programs_keeps_what_was_served(
    utility, program, bench, held, path, spoil
):
    utility.fail(path, spoil)
    await bench.until(lambda: not bench.state.up)
    assert path in bench.state.problem
    utility.heal()
    await bench.up()
    assert bench.withdrawn == {}
    assert len(bench.commands) == 1


async def test_a_program_that_moves_is_found_again_from_the_top(utility, program, bench, held):
    utility.fail(f"{program.href}/derc", fault.status(404))
    moved = utility.add_program(1, mrid=program.mrid)
    device = utility.devices[0]
    utility.unassign(device, program)
    moved.controls = program.controls
    utility.assign(device, moved)
    new = utility.add_control(moved, a_control(utility, start=2 * HOUR))
    await bench.until(lambda: new.mrid in bench.received)
    assert bench.withdrawn == {}
    assert [command.mrid for command in bench.commands] == [held.mrid, new.mrid]


async def test_a_known_list_that_stays_away_is_asked_for_at_its_rate(utility, program, bench, held):
    utility.fail(f"{program.href}/derc", fault.status(404))
    await bench.until(lambda: "HTTP 404" in bench.state.problem)
    begin = len(utility.exchanges)
    await utility.wait_for(lambda: len(utility.exchanges) > begin + 40, 10)
    tops = [it for it in utility.exchanges[begin:] if it.path == "/dcap"]
    lists = [it for it in utility.exchanges[begin:] if it.path == f"{program.href}/derc"]
    assert len(tops) <= len(lists) + 2
    assert bench.withdrawn == {}


async def test_a_utility_without_time_is_followed_by_our_own_clock(utility, program, started):
    utility.fail("*", fault.omit("TimeLink"))
    made = utility.add_control(program, a_control(utility))
    async with started() as bench:
        await bench.until(lambda: made.mrid in bench.received)
        assert bench.clock.offsets == {"dso": 0.0}


async def test_a_utility_whose_time_fails_still_serves_controls(utility, program, started):
    utility.fail("/tm", fault.status(500))
    made = utility.add_control(program, a_control(utility))
    async with started() as bench:
        await bench.until(lambda: made.mrid in bench.received)
        assert bench.clock.offsets == {}
        utility.heal()
        await bench.until(lambda: bench.clock.offsets)


async def test_a_wrong_pin_ends_following_until_it_is_right(utility, program, device, started):
    made = utility.add_control(program, a_control(utility))
    device.pin = 222220
    async with started() as bench:
        await bench.until(lambda: bench.state is not None)
        assert not bench.state.up
        assert "PIN '222220'" in bench.state.problem
        with pytest.raises(PeerError, match="PIN"):
            await bench.link.respond(a_response(made.mrid))
        assert not [it for it in utility.exchanges if it.path.startswith("/derp")]
        assert bench.commands == []
        device.pin = 111115
        await bench.until(lambda: made.mrid in bench.received)
        await bench.up()


async def test_a_pin_that_turns_wrong_withdraws_nothing(utility, program, device, bench, held):
    device.pin = 222220
    await bench.until(lambda: not bench.state.up)
    later = utility.add_control(program, a_control(utility, start=2 * HOUR))
    device.pin = 111115
    await bench.until(lambda: later.mrid in bench.received)
    assert bench.withdrawn == {}


async def test_no_registration_link_is_no_failure(utility, program, device, started):
    device.pin = None
    made = utility.add_control(program, a_control(utility))
    async with started() as bench:
        await bench.until(lambda: made.mrid in bench.received)


async def test_a_disabled_device_is_not_followed(utility, program, device, started):
    device.enabled = False
    utility.add_control(program, a_control(utility))
    async with started() as bench:
        await bench.until(lambda: bench.state is not None)
        assert bench.state.problem == "the utility has disabled this EndDevice"


async def test_a_device_that_is_assigned_to_nothing_is_told_so(utility, device, started):
    device.assignments.clear()
    async with started() as bench:
        await bench.up()
        assert "assigned this EndDevice to no function set" in bench.state.problem


CURVES = [
    pytest.param([(x, 0) for x in range(11)], id="11 points"),
    pytest.param([], id="no point"),
    pytest.param([(105, 0), (95, 10)], id="falling x"),
]


@pytest.mark.parametrize("points", CURVES)
async def test_an_impossible_curve_is_invalid_and_its_neighbours_go_on(
    utility, program, bench, points
):
    href = utility.add_curve(program, Curve("opModVoltVar", points, y_ref_type=2))
    bad = utility.add_control(program, a_control(utility, make.volt_var(href)), supersede=False)
    good = utility.add_control(program, a_control(utility), supersede=False)
    await bench.until(lambda: {bad.mrid, good.mrid} <= set(bench.received))
    (refusal,) = bench.received[bad.mrid].refusals
    assert refusal.outcome == "invalid"
    assert bench.received[good.mrid].refusals == ()


async def test_a_curve_link_that_leads_nowhere_is_invalid(utility, program, bench):
    bad = utility.add_control(
        program, a_control(utility, make.volt_var("/derp/1/dc/99"), make.max_lim_w(40))
    )
    await bench.until(lambda: bad.mrid in bench.received)
    (refusal,) = bench.received[bad.mrid].refusals
    assert (refusal.outcome, refusal.function) == ("invalid", "DERControlBase/opModVoltVar")
    assert len(bench.received[bad.mrid].command.controls) == 1


async def test_a_curve_that_cannot_be_read_now_is_waited_for(utility, program, bench):
    href = utility.add_curve(program, Curve("opModVoltVar", [(95, 30), (105, -30)], y_ref_type=2))
    utility.fail(f"{program.href}/dc*", fault.status(500, retry_after_s=1))
    waits = utility.add_control(program, a_control(utility, make.volt_var(href)), supersede=False)
    good = utility.add_control(program, a_control(utility), supersede=False)
    await bench.until(lambda: good.mrid in bench.received)
    assert waits.mrid not in bench.received
    utility.heal()
    await bench.until(lambda: waits.mrid in bench.received)
    assert bench.received[waits.mrid].refusals == ()


@pytest.mark.parametrize(
    "part",
    [
        pytest.param(make.fixed_pf("0", absorbing_var=True), id="power factor 0"),
        pytest.param(make.fixed_pf("1.2", absorbing_var=True), id="power factor above 1"),
        pytest.param(make.max_lim_w("120.01"), id="percentage above range"),
    ],
)
async def test_an_impossible_value_is_invalid_and_its_neighbours_go_on(
    utility, program, bench, part
):
    bad = utility.add_control(program, a_control(utility, part), supersede=False)
    good = utility.add_control(
        program, a_control(utility, make.import_limit(7000)), supersede=False
    )
    await bench.until(lambda: {bad.mrid, good.mrid} <= set(bench.received))
    (refusal,) = bench.received[bad.mrid].refusals
    assert refusal.outcome == "invalid"
    assert bench.received[good.mrid].refusals == ()


async def test_a_control_without_interval_is_invalid_until_it_has_one(utility, program, bench):
    utility.set_default(program, make.max_lim_w(90))
    utility.fail(f"{program.href}/derc", fault.omit("interval"))
    bad = utility.add_control(program, a_control(utility))
    await bench.until(lambda: bench.commands)
    await utility.wait_for(
        lambda: len([i for i in utility.exchanges if i.path.endswith("/derc")]) > 3, 10
    )
    read = bench.received[bad.mrid]
    assert (read.command.controls, read.command.response.reply_to) == ((), "/rsp")
    assert [refusal.outcome.value for refusal in read.refusals] == ["invalid"]
    utility.heal()
    await bench.until(lambda: bench.received[bad.mrid].command.controls)


async def test_a_default_control_that_cannot_be_read_is_said_and_replaces_nothing(
    utility, program, bench, capsys
):
    utility.set_default(program, make.max_lim_w(90), mrid="D1")
    await bench.until(lambda: bench.commands)
    utility.fail(f"{program.href}/dderc", fault.say("version", "new"))
    held = utility.add_control(program, a_control(utility))
    await bench.until(lambda: held.mrid in bench.received)
    await utility.wait_for(
        lambda: len([i for i in utility.exchanges if i.path.endswith("/dderc")]) > 2, 10
    )
    assert "is 'new', no whole number" in capsys.readouterr().out
    assert [command.mrid for command in bench.commands] == ["D1", held.mrid]
    assert bench.withdrawn == {}


@pytest.mark.parametrize(
    ("spoil", "error"),
    [
        pytest.param(fault.status(400), ResponseRefusedError, id="400"),
        pytest.param(fault.status(404), ResponseRefusedError, id="404"),
        pytest.param(fault.status(429), PeerError, id="429"),
        pytest.param(fault.status(500), PeerError, id="500"),
        pytest.param(fault.reset(), PeerError, id="reset"),
        pytest.param(fault.status(302, location="https://example.org/"), PeerError, id="302"),
    ],
)
async def test_a_response_that_is_not_taken_says_whether_to_try_again(
    utility, bench, held, spoil, error
):
    utility.fail("/rsp", spoil, times=1)
    with pytest.raises(PeerError) as caught:
        await bench.link.respond(a_response(held.mrid))
    assert type(caught.value) is error
    await bench.link.respond(a_response(held.mrid))
    assert utility.statuses(held.mrid) == [1]


async def test_a_refusal_says_what_the_utility_said(utility, bench, held):
    with pytest.raises(ResponseRefusedError, match="HTTP 400, 0"):
        await bench.link.respond(a_response("F" * 32))


async def test_an_answer_goes_to_no_other_host(bench, held):
    with pytest.raises(ResponseRefusedError, match="another origin"):
        await bench.link.respond(a_response(held.mrid, reply_to="https://example.org/rsp"))


async def test_retry_after_is_obeyed_by_one_later_try(utility, bench, held):
    utility.fail("/rsp", fault.status(503, retry_after_s=30))
    for _ in range(3):
        with pytest.raises(PeerError):
            await bench.link.respond(a_response(held.mrid))
    assert len([it for it in utility.exchanges if it.path == "/rsp"]) == 1


async def test_redirects_are_followed_on_the_same_origin(utility, program, started):
    other = httpx.URL(utility.url).join("/edev")
    utility.fail("/old", fault.status(301, location=str(other)))
    utility.fail("/elsewhere", fault.status(302, location="https://example.org/dcap"))
    made = utility.add_control(program, a_control(utility))
    base = utility.url.removesuffix("/dcap")
    utility.fail("/start", fault.status(301, location="/dcap"))
    async with started(url=f"{base}/start") as bench:
        await bench.until(lambda: made.mrid in bench.received)
    async with started(url=f"{base}/elsewhere") as bench:
        await bench.until(lambda: bench.state is not None)
        assert "redirects to 'https://example.org/dcap'" in bench.state.problem
    utility.fail("/loop", fault.status(301, location="/loop"))
    async with started(url=f"{base}/loop") as bench:
        await bench.until(lambda: bench.state is not None)
        assert "HTTP 301" in bench.state.problem


async def test_a_slow_answer_is_given_up(utility, program, started):
    utility.fail("/dcap", fault.slow_body(0.2))
    async with started(request_timeout_s=0.5) as bench:
        await bench.until(lambda: bench.state is not None)
        assert "no complete answer within 0.5 s" in bench.state.problem
        assert not bench.state.up
        utility.heal()
        await bench.up()


async def test_a_utility_that_is_away_is_waited_for(files, mine, authorities, book, options):
    async with SimulatedUtility(files, options) as first:
        port = httpx.URL(first.url).port
        access = an_access(first, mine, authorities)
    async with at_work(Bench(access, book)) as bench:
        await bench.until(lambda: bench.state is not None)
        assert "cannot be reached" in bench.state.problem
        async with SimulatedUtility(files, options, address=("127.0.0.1", port)) as second:
            second.add_device(mine.lfdi, second.add_program(1))
            await bench.up()
