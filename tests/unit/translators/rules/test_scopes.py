"""Names of values of several intervals never meet."""

from translators.rules.scopes import name_in, read_in
from translators.rules.trace import Step


def steps(*pairs):
    return [Step("r", (), "take", source, "1", target, "1") for source, target in pairs]


def test_the_first_interval_keeps_the_plain_names():
    assert name_in(0, "value") == "value"
    made = steps(("payload", "value"), ("value", "watts"))
    assert list(read_in(0, made)) == made


def test_a_later_interval_names_what_it_makes_and_not_where_it_reads():
    made = read_in(2, steps(("payload", "value"), ("value", "watts")))
    assert [(step.source, step.target) for step in made] == [
        ("payload", "[2] value"),
        ("[2] value", "[2] watts"),
    ]
