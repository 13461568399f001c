"""The settings in the README: the table is the one that they make themselves, the example is sound."""

from gateway.settings import load, table
from support.places import ROOT
from support.site import VERIFIER

BEGIN, END = "<!-- settings:begin -->\n", "<!-- settings:end -->\n"


def test_the_readme_holds_the_table_of_the_settings():
    """Where it does not: put what `python -c "import gateway.settings as s; print(s.table())"` prints."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    _, begin, rest = readme.partition(BEGIN)
    shown, end, _ = rest.partition(END)
    assert begin
    assert end
    assert shown.strip() == table().strip()


def test_the_example_of_the_readme_is_sound(tmp_path):
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    example = readme.partition("```yaml\n")[2].partition("```")[0].replace("scrypt$...", VERIFIER)
    file = tmp_path / "site.yaml"
    file.write_text(example, encoding="utf-8")
    settings = load(file)
    assert [station.id for station in settings.stations] == ["CS1"]
    assert [identity.station for identity in settings.utilities[0].identities] == ["CS1"]
