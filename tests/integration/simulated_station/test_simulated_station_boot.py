"""How a simulated station connects, boots, reports and comes back."""


async def test_it_boots_and_tells_its_state(csms, station):
    await csms.until(lambda: csms.payloads("MeterValues"))
    actions = [action for action, _ in csms.calls]
    assert actions[:3] == ["BootNotification", "StatusNotification", "TransactionEvent"]
