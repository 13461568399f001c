"""Whatever is lost: the stations of a site never grow but into room that nobody may still use."""

from hypothesis import given, settings

from support.site_lives import Life, lives


@given(lives())
@settings(max_examples=300)
def test_the_sum_never_rises_above_the_envelope_or_what_cannot_be_revoked(life):
    """Each growth is judged where it happens (`SiteWorld.grew`); at the end all faults are over."""
    policy, least, ratings, story = life
    lived = Life(policy, least, ratings)
    for step in story:
        lived.play(step)
    lived.calm()
    world = lived.world
    envelope = world.envelope(world.now)
    if envelope is None:
        return
    assert world.total() <= envelope
    if not least:
        assert envelope - world.total() < 1 or world.total() == sum(ratings)
