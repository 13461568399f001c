"""What OpenADR 3 asks of a VEN, and the tests that show it; what is not met, with the reason."""

from dataclasses import dataclass

VEN = "unit/gateway/protocols/test_openadr_ven.py"
TOKEN = "unit/gateway/protocols/test_openadr_token.py"
PROBLEM = "unit/gateway/protocols/test_openadr_problem.py"
ENROLMENT = "unit/gateway/protocols/test_openadr_enrolment.py"
FILING = "unit/gateway/protocols/test_openadr_filing.py"
ANSWERS = "unit/gateway/protocols/test_openadr_answers.py"
REPORTS = "unit/gateway/protocols/test_openadr_reports.py"
CHANNEL = "integration/openadr_ven/test_channel.py"
WIRE = "unit/translators/openadr/test_wire.py"
TIMES = "unit/translators/openadr/test_times.py"
INTERVALS = "unit/translators/openadr/test_intervals.py"
INBOUND = "unit/translators/openadr/test_inbound.py"
OUTBOUND = "unit/translators/openadr/test_outbound.py"
REQUESTS = "unit/translators/openadr/test_requests.py"
CONTRACTS = "unit/translators/openadr/test_contracts.py"
ODD = "unit/translators/openadr/test_odd_events.py"
GUIDE = "unit/translators/openadr/test_user_guide.py"
TIMING = "unit/translators/openadr/test_user_guide_timing.py"
SESSIONS = "captures/test_openadr_sessions.py"
CAPTURES = "captures/test_openadr_captures.py"


@dataclass(frozen=True, slots=True)
class Requirement:
    """What has to hold, where it stands, and the tests of each file that show it."""

    what: str
    clause: str
    where: tuple


def needs(what, clause, **tests):
    """Return a requirement; each keyword names a file above, in lower case."""
    named = tuple((globals()[file.upper()], tuple(names.split())) for file, names in tests.items())
    return Requirement(what, clause, named)


REQUIREMENTS = (
    needs(
        "3.0.1 and 3.1.0 on one model; the edition by settings, by path or found out",
        "3.1 Definition, auth/server",
        wire="test_an_event_of_3_1_is_read test_an_event_of_3_0_is_read_alike",
        ven="test_the_edition_is_told_by_path_or_found_out test_a_vtn_that_is_down_leaves_the_edition_open",
    ),
    needs(
        "a token by client credentials, in the form or in a header",
        "RFC 6749 2.3.1, 4.4",
        token="test_post_has_the_secret_in_the_form test_basic_has_it_in_a_header",
    ),
    needs(
        "the token endpoint is found out; scopes as text or list, no expires_in",
        "3.1 Definition, auth/server",
        token="test_the_endpoint_is_found_out test_scopes_come_in_two_forms",
        sessions="test_tokens_are_taken_as_they_were_given",
    ),
    needs(
        "401 and 403: one other token, then an error",
        "RFC 6750 3.1",
        token="test_a_refused_token_is_renewed_once test_who_used_an_older_token_tries_with_the_newer_one",
    ),
    needs(
        "price servers without authentication",
        "3.1 Definition, security",
        token="test_without_credentials_nothing_is_asked",
    ),
    needs(
        "TLS 1.2 or later, verified; plain HTTP only where the site allows it; no token elsewhere",
        "3.1 Definition, security",
        token="test_no_secret_goes_anywhere_but_over_tls",
        channel=(
            "test_a_server_that_leads_to_no_root_of_the_system_is_not"
            " test_plain_http_is_spoken_only_where_that_was_allowed test_no_token_goes_to_another_origin"
        ),
    ),
    needs(
        "problems in every shape",
        "RFC 9457",
        problem="test_a_problem_is_put_in_words",
        sessions="test_every_problem_has_its_words",
    ),
    needs(
        "lists page by page, 50 at most; a VTN that caps them, or knows none",
        "3.1 OpenAPI, skip and limit",
        ven=(
            "test_every_page_is_read_also_where_a_vtn_caps_them test_a_vtn_without_pages_is_read_whole"
            " test_a_page_size_that_is_refused_is_made_smaller"
        ),
    ),
    needs(
        "no page twice where a VTN has ETags",
        "RFC 9110 13.1.2",
        ven="test_a_vtn_with_etags_sends_no_page_twice",
    ),
    needs(
        "filters that a VTN overlooks hold here",
        "3.1 OpenAPI, programID",
        ven="test_other_programs_are_left_out_whatever_the_vtn_filters",
    ),
    needs(
        "targets in both forms, asked for with what names nobody",
        "3.1 Definition, targets",
        ven="test_targets_are_asked_for_besides_what_names_nobody",
    ),
    needs(
        "a VTN whose clock is off: nothing of it begins",
        "RFC 9110 6.6.1",
        ven="test_nothing_is_passed_on_while_the_clocks_differ",
    ),
    needs(
        "failures: pauses that grow, Retry-After, what was served last goes on",
        "RFC 9110 10.2.3",
        ven=(
            "test_a_failure_removes_nothing_and_is_told_once"
            " test_hours_of_500_are_asked_twice_a_minute_at_most"
            " test_retry_after_is_obeyed_even_when_a_push_comes"
            " test_a_part_of_a_list_serves_what_is_in_it_and_removes_nothing"
        ),
    ),
    needs(
        "one ven and its resources, whatever was there before; 409 is looked up",
        "3.1 OpenAPI, vens, resources",
        enrolment=(
            "test_a_name_that_is_taken_is_looked_up_and_used"
            " test_a_resource_that_is_taken_is_looked_up_and_used"
            " test_a_vtn_that_forgot_everything_is_told_again"
        ),
        ven="test_a_ven_registers_once test_events_go_on_where_registration_is_refused",
    ),
    needs(
        "targets of vens and resources: written by the VEN in 3.0 alone",
        "3.1 OpenAPI, VEN_VEN_REQUEST",
        enrolment="test_targets_are_written_by_the_ven_in_3_0_alone",
    ),
    needs(
        "attributes of resources from ratings",
        "3.1 Definition, resource attributes",
        outbound="test_a_resource_says_what_its_station_takes_and_gives",
    ),
    needs(
        "added, changed, removed; each event once, whatever id it had",
        "User Guide 7.9",
        ven=(
            "test_a_deleted_event_is_removed_with_the_next_poll"
            " test_a_changed_event_is_served_anew_under_its_key test_dates_of_metadata_change_nothing"
            " test_an_id_that_is_given_to_another_event_is_another_event"
            " test_duplicates_are_one_event_and_contradictions_are_told"
        ),
    ),
    needs(
        "one bad event hides no other",
        "—",
        ven="test_one_bad_event_hides_no_other",
        odd="test_an_odd_time_is_read_or_refused_by_name test_an_odd_value_is_read_or_refused_by_name",
        captures="test_every_event_in_an_answer_is_mapped_or_refused_with_a_reason",
    ),
    needs(
        "a push makes the next poll due and is never the truth itself",
        "3.1 Definition, notifications",
        ven="test_a_hint_fetches_within_a_second_and_a_flood_no_oftener",
    ),
    needs(
        "intervals in sequence, with periods of their own, with gaps",
        "User Guide 7.3, 7.4",
        intervals="test_intervals_follow_each_other_and_inherit",
        timing=(
            "test_7_4_an_interval_has_a_duration_of_its_own"
            " test_7_4_each_interval_has_a_period_where_the_event_has_none"
        ),
    ),
    needs(
        "now as year 0 or 1, in every spelling; without end from 9999 years on, by value",
        "User Guide 7.3",
        times="test_year_0_or_1_is_now test_9999_years_are_without_end_by_value",
        timing="test_7_3_an_event_at_the_beginning_of_time_begins_when_it_comes",
    ),
    needs(
        "durations below zero, months and years of the calendar are refused",
        "RFC 3339 appendix A",
        times="test_a_duration_that_no_station_can_be_told_is_refused_by_name",
        timing="test_7_3_a_month_has_no_length",
    ),
    needs(
        "event.duration repeats or cuts the intervals",
        "3.1 Definition, event.duration",
        intervals="test_event_duration_ends_or_repeats_the_intervals",
        timing="test_7_3_a_tariff_of_a_day_repeats_for_as_long_as_its_event_says",
    ),
    needs(
        "several values share their interval in equal parts",
        "User Guide 7.3",
        intervals="test_several_values_split_an_interval_into_equal_parts",
        timing="test_7_3_several_prices_share_their_interval_in_equal_parts",
    ),
    needs(
        "a random start, drawn once, moves what follows",
        "User Guide 7.3",
        timing="test_7_3_a_random_start_moves_all_that_follow_alike",
        intervals="test_a_draw_is_the_same_at_every_reading_and_differs_between_sites_and_events",
    ),
    needs(
        "an event read late begins with the interval of now",
        "User Guide 7.3",
        timing="test_7_3_an_event_read_at_six_skips_ahead_to_the_price_of_six",
    ),
    needs(
        "year 1 with PT0S takes a known event back",
        "User Guide 7.9",
        guide="test_7_9_year_one_and_no_time_take_a_known_event_back",
    ),
    needs(
        "units from the event, then its program, then the contract",
        "User Guide 7.6",
        guide="test_7_6_a_descriptor_of_the_event_wins_over_its_program",
        inbound="test_a_unit_comes_from_the_event_then_the_program_then_the_contract",
    ),
    needs(
        "alerts and levels do what the site's policy says",
        "User Guide 8.1, 8.2",
        guide=(
            "test_8_1_an_alert_is_logged_unless_a_policy_says_more"
            " test_8_2_a_level_is_what_the_site_makes_of_it"
        ),
    ),
    needs(
        "prices move no power",
        "User Guide 8.3, 8.9.4 to 8.9.6",
        guide=(
            "test_8_3_prices_of_a_day_move_no_power test_8_9_4_to_8_9_6_prices_for_cars_move_no_power"
        ),
    ),
    needs(
        "a CURVE is what its contract says, else refused",
        "User Guide 8.4",
        guide="test_8_4_a_curve_names_nothing_and_its_contract_does",
        captures="test_a_contract_turns_the_curve_that_was_served_into_a_control",
    ),
    needs(
        "setpoints in the frame of the load",
        "User Guide 8.5, 8.9.3",
        guide=(
            "test_8_5_load_is_dispatched_in_its_own_frame"
            " test_8_9_3_a_relative_setpoint_goes_down_by_contract_alone"
        ),
    ),
    needs(
        "a state of charge is a share, or a part of a storage",
        "User Guide 8.6",
        guide="test_8_6_a_state_of_charge_is_a_share",
    ),
    needs(
        "operating envelopes bound both ways; a subscription holds where no limit does",
        "User Guide 8.10.1",
        guide=(
            "test_8_10_1_an_envelope_bounds_both_ways_for_its_half_hours"
            " test_8_10_1_a_subscription_holds_while_no_limit_does"
        ),
    ),
    needs(
        "reservations and fees are told and move nothing",
        "User Guide 8.10.2",
        guide="test_8_10_2_reservations_and_what_is_available_are_told_and_move_nothing",
    ),
    needs(
        "instructions and words for appliances are refused by name",
        "User Guide 8.11, 8.12",
        guide=(
            "test_8_11_stations_are_no_devices_of_cta_2045"
            " test_8_12_instructions_are_refused_with_their_name"
        ),
    ),
    needs(
        "Grid Aware Charging 2.2: an event keeps its rules or is refused by the rule's name",
        "GAC 2.2",
        contracts=(
            "test_an_event_that_keeps_the_contract_is_read"
            " test_what_breaks_the_contract_is_refused_by_the_name_of_the_rule"
        ),
    ),
    needs(
        "reportDescriptors with the defaults of the standard; one that is bad hides no other",
        "3.1 Definition, reportDescriptor",
        requests=(
            "test_a_descriptor_has_the_defaults_of_the_standard"
            " test_a_descriptor_that_cannot_be_read_hides_no_other"
        ),
    ),
    needs(
        "reports at the end of each interval, after the last, on change, again and again",
        "User Guide 7.5",
        reports=(
            "test_usage_of_each_interval_is_reported_after_the_last"
            " test_each_interval_is_reported_at_its_end_where_that_is_asked"
            " test_a_state_is_told_when_it_changes_where_it_may_be_told_at_any_time"
            " test_an_endless_loop_is_reported_on_for_ever"
        ),
    ),
    needs(
        "sums over resources",
        "User Guide 7.7",
        reports=(
            "test_a_sum_is_reported_once_all_of_it_is_known test_a_site_and_its_stations_are_not_summed"
        ),
    ),
    needs(
        "data quality; what is missing leaves a report due",
        "User Guide 7.8",
        reports=(
            "test_a_questionable_sample_makes_a_bad_value"
            " test_missing_data_leaves_a_report_due_and_late_data_files_it"
        ),
    ),
    needs(
        "READING is signed, USAGE and DEMAND are of what is taken alone",
        "3.1 Definition, report payload types",
        outbound=(
            "test_a_reading_is_of_the_load_unless_a_contract_says_otherwise"
            " test_what_is_given_is_neither_usage_nor_demand"
        ),
        reports="test_what_a_car_gives_is_a_negative_reading_and_no_usage",
    ),
    needs(
        "a report is filed once, over lost answers and restarts",
        "3.1 OpenAPI, reports",
        filing=(
            "test_a_report_that_is_there_is_not_posted_again"
            " test_after_a_lost_answer_it_is_looked_up_before_it_is_repeated"
        ),
        reports="test_a_report_is_filed_once_whatever_was_kept",
    ),
    needs(
        "OPERATING_STATE where a command is not followed, and where it is asked for",
        "3.1 Definition, OPERATING_STATE",
        outbound="test_the_operating_state_says_whether_a_command_is_followed",
        answers=(
            "test_what_is_not_followed_is_told_though_nobody_asked"
            " test_what_goes_as_it_should_is_told_to_who_asks"
        ),
    ),
)
NOT_MET = {
    "forecasts (USAGE_FORECAST, STORAGE_DISPATCH_FORECAST)": "nothing is forecast here",
    "BASELINE, DELTA_USAGE": "what a station would do by itself is not known",
    "resource groups (3.2 draft)": "the draft is not settled",
}
