"""What onlookers and operators are told by a gateway that sends nothing, or takes no orders."""

from gateway.settings.mode import Mode
from gateway.stations.errands import ChangePassword
from gateway.stations.orders import Orders


async def test_a_shadow_says_so_wherever_one_looks(site, admin):
    async with site(Mode(shadow=True), admin=admin) as here:
        ready = await here.request("GET", "/readyz")
        assert (ready.status_code, ready.text) == (200, "ok\nshadow: nothing is sent\n")
        stations = await here.request("GET", "/stations")
        assert stations.headers["Dergate-Mode"] == "shadow: nothing is sent"
        status, out, err = await here.ask("station", "list")
        assert (status, "CS1" in out) == (0, True)
        assert err == "the gateway runs as shadow: nothing is sent\n"


async def test_a_gateway_for_real_says_nothing_of_it(site, admin):
    async with site(admin=admin) as here:
        assert "Dergate-Mode" not in (await here.request("GET", "/stations")).headers


async def test_a_read_only_gateway_takes_no_orders_and_says_why(site, admin):
    async with site(Mode(read_only=True), admin=admin) as here:
        order = {"on": True, "reason": "works", "actor": "me"}
        for path in ("/hold", "/events/M1/participation"):
            refused = await here.request("POST", path, json=order)
            assert refused.status_code == 403
        assert (await here.request("GET", "/hold")).json()["on"] is False
        status, _, err = await here.ask("hold", "on", "--reason", "works")
        assert status == 4
        assert "DG-1295 this gateway runs read-only: it takes no orders" in err


async def test_a_read_only_gateway_ends_orders_that_lie_in_files_at_once(site, admin):
    async with site(Mode(read_only=True), admin=admin) as here:
        orders = Orders(here.folder / "state" / "orders")
        orders.place(ChangePassword("CS1"))
        status, _, err = await here.ask("station", "rekey", "CS1")
        assert status == 1
        assert "CS1: the gateway runs read-only: it takes no orders" in err
