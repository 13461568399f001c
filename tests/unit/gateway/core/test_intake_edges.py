"""What the audit keeps of a command as it came in."""

from gateway.core.events import CommandReceived
from support.engine_bench import a_command, pf
from translators.canonical.codec import encode
from translators.canonical.telemetry import ControlOutcome
from translators.rules.trace import Loss, LossKind, Refusal, Step

STEP = Step("r", ("clause",), "take", "from", "1", "to", "1")
LOSS = Loss(LossKind.ROUND, "r", "to", "rounded", "0.1")
REFUSAL = Refusal(ControlOutcome.NOT_SUPPORTED, "F", "here", "cannot be", "r")


def heard(bench, command):
    return bench.hear(CommandReceived(command, (STEP,), (LOSS,), (REFUSAL,), (b"<xml/>",)))


def kept(bench, kind):
    (record,) = bench.audited(kind)
    (step,), (loss,), (refusal,) = (record.details[n] for n in ("steps", "losses", "refusals"))
    told = step["operation"], loss["residual"], refusal["problem"]
    return record.details["command"], told, record.raw


def test_a_new_command_is_kept_with_its_whole_trace(ready):
    command = a_command()
    heard(ready, command)
    assert kept(ready, "command.received")[1:] == (("take", "0.1", "cannot be"), (b"<xml/>",))
    assert kept(ready, "command.received")[0]["mrid"] == encode(command)["mrid"] == "M1"


def test_a_changed_command_is_kept_with_its_whole_trace(ready):
    heard(ready, a_command())
    heard(ready, a_command("M1", pf("0.9")))
    command, told, raw = kept(ready, "command.updated")
    assert command["controls"] == encode(a_command("M1", pf("0.9")))["controls"]
    assert (told, raw) == (("take", "0.1", "cannot be"), (b"<xml/>",))
