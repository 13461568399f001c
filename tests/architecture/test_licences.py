"""The default install brings no GPL and no AGPL."""

import re
from importlib.metadata import PackageNotFoundError, distribution

from packaging.requirements import Requirement

STRONG = re.compile(r"(?<!L)\bA?GPL|(?<!Lesser )General Public License", re.IGNORECASE)
LESSER = re.compile(r"LGPL|Lesser General Public", re.IGNORECASE)


def default_install():
    """Return every distribution that `pip install dergate` brings here, by name."""
    found, waiting = {}, ["dergate"]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        try:
            found[name] = distribution(name)
        except PackageNotFoundError:  # for another platform
            continue
        for text in found[name].requires or ():
            requirement = Requirement(text)
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                waiting.append(requirement.name.lower())
    return found


def licence_words(found):
    """Return all that a distribution states of its licence."""
    metadata = found.metadata
    stated = [metadata.get("License-Expression", ""), (metadata.get("License") or "")[:200]]
    classifiers = [
        line for line in metadata.get_all("Classifier", []) if line.startswith("License ::")
    ]
    return " | ".join([*stated, *classifiers])


def is_strong(words):
    """Say whether the words name GPL or AGPL; a choice that offers another licence is none."""
    if " OR " in words:
        return all(is_strong(part) for part in words.split(" OR "))
    return bool(STRONG.search(LESSER.sub("", words)))


def test_the_default_install_is_the_closure_of_our_dependencies():
    names = default_install()
    assert {"httpx", "lxml", "websockets", "cryptography", "pydantic-core"} <= set(names)


def test_no_package_of_the_default_install_is_under_gpl_or_agpl():
    strong = {
        name: licence_words(found)
        for name, found in default_install().items()
        if is_strong(licence_words(found))
    }
    assert strong == {}


def test_every_package_of_the_default_install_states_a_licence():
    silent = [name for name, found in default_install().items() if len(licence_words(found)) < 5]
    assert silent == []


def test_gpl_and_agpl_are_recognised_and_lgpl_is_not():
    assert is_strong("GPL-3.0-only")
    assert is_strong("AGPLv3+")
    assert is_strong("License :: OSI Approved :: GNU General Public License v3 (GPLv3)")
    assert not is_strong("LGPL-2.1-or-later")
    assert not is_strong("License :: OSI Approved :: GNU Lesser General Public License v3 (LGPLv3)")
    assert not is_strong("MPL-2.0 OR GPL-3.0-only")
    assert not is_strong("Apache-2.0")
