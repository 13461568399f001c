"""The settings table of the README is the one that the settings themselves make."""

from gateway.settings import table
from support.places import ROOT

BEGIN, END = "<!-- settings:begin -->\n", "<!-- settings:end -->\n"


def test_the_readme_holds_the_table_of_the_settings():
    """Where it does not: put what `python -c "import gateway.settings as s; print(s.table())"` prints."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    _, begin, rest = readme.partition(BEGIN)
    shown, end, _ = rest.partition(END)
    assert begin
    assert end
    assert shown.strip() == table().strip()
