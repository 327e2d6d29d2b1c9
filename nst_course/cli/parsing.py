"""Options whose mistakes are sentences, the numbers and words they take, and artworks."""

import argparse
import datetime
import math
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NoReturn


class UsageError(Exception):
    """A mistake on the command line."""


@dataclass(frozen=True)
class Artwork:
    """A style as it is given: a picture, its weight, and the file of a mask for its region."""

    picture: str
    weight: float = 1.0
    region: str | None = None


class AddStyle(argparse.Action):
    """``--style PICTURE`` or ``--style PICTURE=WEIGHT``: one more artwork."""

    def __call__(self, parser: Any, options: Any, text: Any, name: str | None = None) -> None:
        picture, sign, number = text.rpartition("=")
        weight = 1.0
        if sign and not Path(text).exists():
            try:
                weight = real(0)(number)
            except argparse.ArgumentTypeError as error:
                raise argparse.ArgumentError(self, f"PICTURE=WEIGHT: the weight {error}") from None
        else:
            picture = text
        options.artworks = (*options.artworks, Artwork(picture, weight))


class AddRegion(argparse.Action):
    """``--region MASK``: where the artwork rules that is named before it."""

    def __call__(self, parser: Any, options: Any, mask: Any, name: str | None = None) -> None:
        *others, last = options.artworks
        if last.region is not None:
            raise argparse.ArgumentError(
                self, f"belongs to the --style before it, which has the region {last.region}"
            )
        options.artworks = (*others, replace(last, region=mask))


class Parser(argparse.ArgumentParser):
    """A parser whose errors are sentences, for the caller to print."""

    instead: tuple[str, argparse.Action] | None = None  # option in place of a positional argument

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        # Optional only if it may be missing: Python 3.11 does not find a positional argument of
        # nargs="?" behind an option.
        if self.instead is not None:
            option, action = self.instead
            given = any(text == option or text.startswith(f"{option}=") for text in args or ())
            action.nargs, action.required = ("?" if given else None), not given
        found, rest = super().parse_known_args(args, namespace)
        # Nor does it find those of nargs="*" behind an option: `edition student OUT --word x 03`.
        for action in self._actions:
            if action.nargs == "*":
                names = [text for text in rest if not text.startswith("-")]
                setattr(found, action.dest, [*getattr(found, action.dest), *names])
                rest = [text for text in rest if text.startswith("-")]
        return found, rest

    def error(self, message: str) -> NoReturn:
        message = re.sub(r"^argument (?:-\w/)?([\w-]+): ", r"\1 ", message)
        message = message.replace("expected one argument", "needs a value")
        message = message.rstrip(".") + "."
        raise UsageError(f"{message[0].upper()}{message[1:]} See {self.prog} --help.")


class Formatter(argparse.HelpFormatter):
    """Help that ends with the default, unless its text says what it is."""

    def _get_help_string(self, action: argparse.Action) -> str:
        text = action.help or ""
        if action.option_strings and action.default is not argparse.SUPPRESS:
            if isinstance(action, argparse._StoreTrueAction):
                return f"{text} (default: no)"
            if action.default is not None:
                return f"{text} (default: %(default)s)"
        return text


def whole(least: int, most: int | None = None) -> Callable[[str], int]:
    """A type of option: a whole number in a range."""

    def parse(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = least - 1
        if not least <= number <= (2**63 - 1 if most is None else most):
            limits = f"of at least {least}" if most is None else f"from {least} to {most}"
            raise wrong(f"must be a whole number {limits}", text)
        return number

    return parse


def real(least: float, most: float = math.inf) -> Callable[[str], float]:
    """A type of option: a finite number in a range."""

    def parse(text: str) -> float:
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        if not (math.isfinite(number) and least <= number <= most):
            limits = f"of at least {least:g}" if most == math.inf else f"from {least:g} to {most:g}"
            raise wrong(f"must be a number {limits}", text)
        return number

    return parse


def one_of(*choices: str) -> Callable[[str], str]:
    """A type of option: one of a few words."""

    def parse(text: str) -> str:
        if text not in choices:
            raise wrong(f"must be one of {', '.join(choices)}", text)
        return text

    return parse


def date(text: str) -> datetime.date:
    """A type of option: a day."""
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        raise wrong("must be a date such as 2027-01-31", text) from None


def wrong(what: str, text: str) -> argparse.ArgumentTypeError:
    return argparse.ArgumentTypeError(f"{what} (you gave {text[:40]!s}).")
