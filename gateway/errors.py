"""Errors of the gateway, each with a stable code and the exit status of the command.

GatewayError            code DG-nnnn, exit 70
├── SettingsError       DG-10xx, exit 2: a setting is wrong; says file, line, key and a suggestion
├── IdentityError       DG-11xx, exit 2: a certificate or key cannot be used
├── PeerError           DG-12xx, exit 4: a peer cannot be reached or breaks its protocol
│   └── ResponseRefusedError  DG-1290: the utility refused an answer for good
├── StoreError          DG-13xx, exit 70: the database refuses; nothing was acknowledged
└── LockedError         DG-14xx, exit 5: another gateway holds the same state
"""


class GatewayError(Exception):
    """Something went wrong that a user or operator has to know; `code` is stable across releases."""

    exit_status = 70
    default_code = "DG-1900"

    def __init__(self, problem: str, *, where: str = "", code: str = "", advice: str = "") -> None:
        """Keep the parts apart: `where` is a file position, a peer or an address."""
        self.problem = problem
        self.where = where
        self.code = code or self.default_code
        self.advice = advice
        super().__init__(str(self))

    def __str__(self) -> str:
        """Return `where CODE problem: advice`."""
        text = " ".join(part for part in (self.where, self.code, self.problem) if part)
        return f"{text}: {self.advice}" if self.advice else text


class SettingsError(GatewayError):
    """A setting is wrong."""

    exit_status = 2
    default_code = "DG-1000"


class IdentityError(GatewayError):
    """A certificate, key or credential cannot be used."""

    exit_status = 2
    default_code = "DG-1100"


class PeerError(GatewayError):
    """A peer cannot be reached, or breaks its protocol."""

    exit_status = 4
    default_code = "DG-1200"


class ResponseRefusedError(PeerError):
    """A utility refused an answer for good; repeating it would change nothing."""

    default_code = "DG-1290"


class StoreError(GatewayError):
    """The database or the audit file refuses; nothing was acknowledged."""

    default_code = "DG-1300"


class LockedError(GatewayError):
    """Another gateway works on the same state."""

    exit_status = 5
    default_code = "DG-1400"
