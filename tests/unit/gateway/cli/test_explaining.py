"""`dergate map explain --format html`, and where answers go."""

import json

from support.pages import admitted, fetched, tree, words
from support.vector_builders import control_xml


def test_explain_writes_one_page_to_a_file(dergate, folder):
    out = folder / "page.html"
    assert dergate("explain", folder / "V1.json", "--format", "html", "-o", out) == (0, "", "")
    root = tree(out.read_text(encoding="utf-8"))
    assert fetched(root) == []
    assert admitted(root)
    assert '"displacement": 0.95' in words(root).replace(" ,", ",")


def test_explain_prints_the_page_where_no_file_is_named(dergate, folder):
    status, out, _ = dergate("explain", folder / "V1.json", "--format", "html")
    assert status == 0
    assert words(tree(out).xpath("//h1")[0]).endswith("for station S over OCPP 2.1")


def test_all_controls_of_a_list_share_a_page(dergate, folder):
    (folder / "l.xml").write_text(f"<DERControlList>{control_xml() * 2}</DERControlList>")
    _, out, _ = dergate("explain", folder / "l.xml", "--station", "S", "--format", "html")
    assert len(tree(out).xpath("//article")) == 2


def test_what_cannot_be_mapped_has_a_page_and_ends_with_1(dergate, folder):
    (folder / "x.json").write_text("{")
    status, out, _ = dergate("explain", folder / "x.json", "--format", "html")
    assert status == 1
    assert "is no JSON" in words(tree(out))


def test_json_goes_to_a_file_too(dergate, folder):
    out = folder / "told.json"
    assert dergate("explain", folder / "V1.json", "--format", "json", "-o", out)[0] == 0
    assert json.loads(out.read_text())["document"]["kind"] == "DERControl"


def test_a_file_that_cannot_be_written_ends_with_2(dergate, folder):
    status, _, err = dergate("explain", folder / "V1.json", "-o", folder / "none" / "x.html")
    assert status == 2
    assert "DG-1080" in err
