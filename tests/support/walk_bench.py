"""A server made of bodies by path, and a walk driven against it with time as a number."""

from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from gateway.protocols.sep2_changes import (
    ControlServed,
    ControlWithdrawn,
    LinkState,
    OffsetMeasured,
)
from gateway.protocols.sep2_documents import ITEMS, PAGE, Role
from gateway.protocols.sep2_walk import Answer, Identity, Walk
from translators.errors import DocumentError
from translators.ieee2030_5 import xml

ROOT = "https://utility.example/dcap"
LFDI = "3E4F45AB31EDFE5B67E343E5E4562E31984E23E5"
NS = 'xmlns="urn:ieee:std:2030.5:ns"'
EPOCH = 1_800_000_000
PAGE_QUERY = f"?s=0&l={PAGE}"


def doc(name, inner="", **attributes):
    given = "".join(f' {key}="{value}"' for key, value in attributes.items())
    return f"<{name} {NS}{given}>{inner}</{name}>"


def link(name, href, **attributes):
    given = "".join(f' {key}="{value}"' for key, value in attributes.items())
    return f'<{name} href="{href}"{given}/>'


def a_list(name, *items, **attributes):
    fields = {"all": len(items), "results": len(items), **attributes}
    return doc(name, "".join(items), **fields)


def a_control(mrid, base="<opModMaxLimW>5000</opModMaxLimW>", *, start=60, status=0, **changes):
    duration = changes.get("duration", 3600)
    version = changes.get("version", 0)
    return (
        f'<DERControl href="/c/{mrid}" replyTo="/rsp" responseRequired="03"><mRID>{mrid}</mRID>'
        f"<version>{version}</version>"
        f"<EventStatus><currentStatus>{status}</currentStatus></EventStatus>"
        f"<interval><duration>{duration}</duration><start>{EPOCH + start}</start></interval>"
        f"<DERControlBase>{base}</DERControlBase></DERControl>"
    )


def a_program(name="1", primacy=1, *, curves=False, default=True, controls=True):
    links = "".join(
        [
            link("DefaultDERControlLink", f"/p{name}/d") if default else "",
            link("DERControlListLink", f"/p{name}/c") if controls else "",
            link("DERCurveListLink", f"/p{name}/dc") if curves else "",
        ]
    )
    return (
        f'<DERProgram href="/p{name}"><mRID>0{name}</mRID>{links}'
        f"<primacy>{primacy}</primacy></DERProgram>"
    )


def a_default(mrid="DD", base="<opModMaxLimW>9000</opModMaxLimW>"):
    return doc("DefaultDERControl", f"<mRID>{mrid}</mRID><DERControlBase>{base}</DERControlBase>")


def an_end_device(lfdi=LFDI, inner="", *, fsa=True, pin_link=False):
    links = link("FunctionSetAssignmentsListLink", "/fsa") if fsa else ""
    links += link("RegistrationLink", "/rg") if pin_link else ""
    links += link("DERListLink", "/der")
    return f'<EndDevice href="/edev/1"><lFDI>{lfdi}</lFDI>{inner}{links}</EndDevice>'


def an_fsa(name="1", programs="/fsa/1/derp"):
    inner = link("DERProgramListLink", programs) if programs else ""
    return f'<FunctionSetAssignments href="/fsa/{name}">{inner}</FunctionSetAssignments>'


def a_tree(*controls, **changes):
    """Return a whole utility with one program by path; `changes` replace bodies by path."""
    dcap_links = link("TimeLink", "/tm") + link("EndDeviceListLink", "/edev")
    tree = {
        "/dcap": doc(
            "DeviceCapability", dcap_links + link("MirrorUsagePointListLink", "/mup"), pollRate=100
        ),
        "/tm": doc("Time", f"<currentTime>{EPOCH}</currentTime><quality>4</quality>"),
        "/edev": a_list("EndDeviceList", an_end_device(), pollRate=100),
        "/mup": a_list("MirrorUsagePointList"),
        "/der": a_list("DERList"),
        "/fsa": a_list("FunctionSetAssignmentsList", an_fsa(), pollRate=100),
        "/fsa/1/derp": a_list("DERProgramList", a_program(), pollRate=60),
        "/p1/c": a_list("DERControlList", *controls),
        "/p1/d": a_default(),
    }
    return {**tree, **changes}


@dataclass
class Course:
    """A walk against bodies by path: text is 200, a number a status, None no answer at all."""

    bodies: dict
    walk: Walk
    now: float = 0.0
    utc: float = float(EPOCH)
    draw: float = 0.5
    asked: list = field(default_factory=list)
    heard: list = field(default_factory=list)
    retry_after_s: float | None = None

    def settle(self, most=200):
        """Answer requests until none is due; return what changed."""
        changes = []
        for _ in range(most):
            request = self.walk.due(self.now)
            if request is None:
                self.heard += changes
                return changes
            self.asked.append(request.url.removeprefix("https://utility.example"))
            changes += self.walk.answered(request, self.answer(request), self.now, self.draw)
        raise AssertionError(f"still asking after {most}: {self.asked[-6:]}")

    def later(self, seconds):
        """Let time pass, and settle again."""
        self.now += seconds
        self.utc += seconds
        return self.settle()

    def answer(self, request):
        if request.role is Role.ENROLMENT:
            return self._status(self.bodies.get("POST", 403))
        body = self.bodies.get(urlsplit(request.url).path, 404)
        if body is None:
            return Answer(0, self.utc, self.utc, problem="cannot be reached")
        if isinstance(body, int):
            return self._status(body)
        data = body if isinstance(body, bytes) else body.encode()
        try:
            document = xml.parse(data)
        except DocumentError as exc:
            return Answer(200, self.utc, self.utc, body=data, problem=str(exc))
        if request.role in ITEMS:
            data, document = self._page(request, data, document)
        return Answer(200, self.utc, self.utc, document, data)

    def _page(self, request, data, document):
        """Cut the page out of a list, as servers do."""
        query = {key: int(value[0]) for key, value in parse_qs(urlsplit(request.url).query).items()}
        size = min(query["l"], self.bodies.get("page", 100))
        items = document.children[query["s"] : query["s"] + size]
        if len(items) == len(document.children):
            return data, document
        attributes = {**document.attributes, "results": str(len(items))}
        page = type(document)(
            document.name, document.namespace, "", attributes, tuple(items), document.line
        )
        return xml.render(page), page

    def _status(self, status):
        return Answer(status, self.utc, self.utc, retry_after_s=self.retry_after_s)


def a_course(bodies=None, *, pin=None, poll_s=None, remembered=None, lfdi=LFDI):
    walk = Walk(ROOT, Identity(lfdi, pin), poll_s=poll_s, remembered=remembered)
    return Course(a_tree() if bodies is None else bodies, walk)


def controls(course, *items, path="/p1/c"):
    """Let the server list these controls, and no others."""
    course.bodies[path] = a_list("DERControlList", *items)


def served(changes):
    return [change.mrid for change in changes if isinstance(change, ControlServed)]


def gone(changes):
    return {c.mrid: c.reason.value for c in changes if isinstance(c, ControlWithdrawn)}


def offsets(changes):
    return [change.seconds for change in changes if isinstance(change, OffsetMeasured)]


def states(changes):
    return [(c.up, c.problem) for c in changes if isinstance(c, LinkState)]
