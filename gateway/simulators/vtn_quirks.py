"""Peculiarities of VTNs in the field, each behind one switch; the text is the line of the help."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Quirk(StrEnum):
    """A switch, by the name that scripts and the command line use."""

    BAD_TOKEN_403 = "bad_token_403"  # noqa: S105 - names of switches
    BARE_PROBLEMS = "bare_problems"
    BASIC_ONLY = "basic_only"
    CRUD_VERBS = "crud_verbs"
    DROP_DESCRIPTORS = "drop_descriptors"
    DUPLICATE_EVENTS = "duplicate_events"
    EMPTY_CONFLICT = "empty_conflict"
    IGNORE_ACTIVE = "ignore_active"
    IGNORE_PROGRAM = "ignore_program"
    IGNORE_TARGETS = "ignore_targets"
    MQTT_PUBLIC = "mqtt_public"
    MQTT_RETAINED = "mqtt_retained"
    MQTT_TWICE = "mqtt_twice"
    NO_EXPIRES_IN = "no_expires_in"
    NULL_MODIFIED = "null_modified"
    ORPHAN_EVENTS = "orphan_events"
    POST_ONLY = "post_only"
    READABLE_BY_ID = "readable_by_id"
    REUSED_IDS = "reused_ids"
    SCOPE_LIST = "scope_list"
    SPACE_TIMES = "space_times"
    TIME_ONLY = "time_only"
    UNASKED_TARGETS = "unasked_targets"
    WEBHOOK_CAMEL_STRING = "webhook_camel_string"
    WEBHOOK_SNAKE_STRING = "webhook_snake_string"
    ECHO_PATH = "echo_path"


QUIRKS: Mapping[Quirk, str] = {
    Quirk.BAD_TOKEN_403: "a wrong or expired token is answered 403 on 3.1, too",
    Quirk.BARE_PROBLEMS: "problems hold only title and status, as application/json",
    Quirk.BASIC_ONLY: "the token endpoint takes credentials in the header only",
    Quirk.CRUD_VERBS: "subscriptions of 3.0.1 speak of CREATE, not POST",
    Quirk.DROP_DESCRIPTORS: "payloadDescriptors of programs are lost",
    Quirk.DUPLICATE_EVENTS: "a VEN without targets gets untargeted events twice, and those of others",
    Quirk.EMPTY_CONFLICT: "a conflict (409) has the body `[]`",
    Quirk.IGNORE_ACTIVE: "the query `active` is overlooked",
    Quirk.IGNORE_PROGRAM: "the query `programID` is overlooked",
    Quirk.IGNORE_TARGETS: "queries for targets are overlooked",
    Quirk.MQTT_PUBLIC: "targeted events are published for all, and for no ven",
    Quirk.MQTT_RETAINED: "MQTT messages are retained, so that old ones come again",
    Quirk.MQTT_TWICE: "each MQTT message comes twice",
    Quirk.NO_EXPIRES_IN: "tokens come without expires_in",
    Quirk.NULL_MODIFIED: "modificationDateTime is null until the first change",
    Quirk.ORPHAN_EVENTS: "events outlive their program",
    Quirk.POST_ONLY: "the token endpoint takes credentials in the form only",
    Quirk.READABLE_BY_ID: "an event that targets others can be read by its id",
    Quirk.REUSED_IDS: "ids are short numbers that begin again after a restart",
    Quirk.SCOPE_LIST: "the scope of a token is a list",
    Quirk.SPACE_TIMES: "metadata times have a space and no zone",
    Quirk.TIME_ONLY: "metadata times have no date",
    Quirk.UNASKED_TARGETS: "targeted events come unasked to a VEN that was granted their targets",
    Quirk.WEBHOOK_CAMEL_STRING: "a webhook body is a JSON string that holds JSON",
    Quirk.WEBHOOK_SNAKE_STRING: "a webhook body is a JSON string that holds JSON with snake_case keys",
    Quirk.ECHO_PATH: "the echo challenge goes to `{callbackUrl}/echo?echo=…`",
}
