"""A profile of logical nodes with all that it inherits, and the rules that serve it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from translators.errors import MappingError
from translators.rules.book import Book
from translators.rules.profile_schema import Beside, Lettered, ModeForm, NotCarried, Profile, Times
from translators.rules.profiles import ancestry
from translators.rules.source import SourceRule

_ANY = "*"


@dataclass(frozen=True, slots=True)
class Lineage:
    """A profile and those that it extends, its own first."""

    profiles: tuple[Profile, ...]

    @property
    def name(self) -> str:
        """Return the name of the profile itself."""
        return self.profiles[0].profile

    @property
    def names(self) -> tuple[str, ...]:
        """Return the profiles whose rules serve, the nearest first."""
        return tuple(profile.profile for profile in self.profiles)

    def alias(self, node: str, name: str) -> str:
        """Return the name that rules use for a data object."""
        for profile in self.profiles:
            for key in (node, _ANY):
                if name in profile.aliases.get(key, {}):
                    return profile.aliases[key][name]
        return name

    def setting(self, node: str, name: str) -> str | None:
        """Return what the profile says where the node says nothing."""
        for profile in self.profiles:
            if name in profile.settings.get(node, {}):
                return profile.settings[node][name]
        return None

    def lettered(self, node: str, name: str) -> Lettered | None:
        """Return the list that a node spells out under a name, None where it has none."""
        for profile in self.profiles:
            if name in profile.lists.get(node, {}):
                return profile.lists[node][name]
        return None

    def command_node(self, node: str) -> str:
        """Return the class under whose name a node's command goes."""
        found = (profile.together[node] for profile in self.profiles if node in profile.together)
        return next(found, node)

    @property
    def device(self) -> str:
        """Return the logical device of the site's nodes."""
        return self._first(lambda profile: profile.device or None, "device")

    def prefix(self, node: str) -> str:
        """Return what stands before a class in the site's names."""
        found = (profile.prefixes[node] for profile in self.profiles if node in profile.prefixes)
        return next(found, "")

    @property
    def mode(self) -> ModeForm:
        """Return how a function is switched."""
        return self._first(lambda profile: profile.mode, "mode")

    @property
    def times(self) -> Times:
        """Return which data objects say how long a value holds."""
        return self._first(lambda profile: profile.times, "times")

    def beside(self, name: str) -> Beside | None:
        """Return what becomes of a data object that any node may have, None where it is no such."""
        items = (item for profile in self.profiles for item in profile.beside)
        return next((item for item in items if item.object == name), None)

    def refused(self, node: str, name: str) -> tuple[NotCarried, str] | None:
        """Return why a data object is not carried out and who says so, None where nothing forbids it."""
        for profile in self.profiles:
            by = f"{profile.metadata.id}@{profile.metadata.version}"
            for item in profile.refused:
                if item.node == node and (name in item.objects or _ANY in item.objects):
                    return item, by
        return None

    def rule(self, book: Book, node: str, name: str) -> SourceRule | None:
        """Return the nearest profile's rule for a data object, None where there is none."""
        found = (book.source(profile, node, name, "iec61850") for profile in self.names)
        return next((rule for rule in found if rule is not None), None)

    def _first[T](self, of: Callable[[Profile], T | None], what: str) -> T:
        found = (value for profile in self.profiles if (value := of(profile)) is not None)
        value = next(found, None)
        if value is None:
            raise MappingError(f"says nothing of its {what}", where=self.name, rule="profile")
        return value


def lineage_of(book: Book, name: str) -> Lineage:
    """Return a profile with what it extends; `MappingError` where there is none of that name."""
    known = {profile.profile: profile for profile in book.of(Profile)}
    return Lineage(tuple(ancestry(known, name)))
