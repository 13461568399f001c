"""Whatever is lost: the stations of a site never grow but into room that nobody may still use."""

from hypothesis import given, settings

from support.site_lives import live_through, lives


@given(lives())
@settings(max_examples=max(150, settings().max_examples))
def test_the_sum_never_rises_above_the_envelope_or_what_cannot_be_revoked(life):
    """Each growth is judged where it happens (`SiteWorld.grew`); at the end all faults are over."""
    live_through(*life)
