"""Controls that several labs share."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import ipywidgets as widgets

from ..checks import check_count
from ..errors import CourseError
from ..fast import FAST_STYLES
from ..images.encode import jpeg
from ..images.io import bundled_images, load_image, to_pil
from .frames import img
from .photo_upload import PhotoUpload
from .uploads import store_upload

WIDE = {"width": "300px"}
WRAP = {"flex_flow": "row wrap"}
THUMBNAIL = 140, 94  # pixels at most, of a chosen picture


def button(description: str, icon: str, tooltip: str, style: str = "") -> widgets.Button:
    """A button as wide as its text."""
    return widgets.Button(
        description=description,
        icon=icon,
        tooltip=tooltip,
        button_style=style,
        layout={"width": "auto", "min_width": "72px"},
    )


def choice_slider(
    description: str, options: Sequence, value: object, prefix: str = ""
) -> widgets.SelectionSlider:
    """A slider over given values; numbers are shown in short form, after a prefix."""
    return widgets.SelectionSlider(
        options=[o if isinstance(o, str) else (f"{prefix}{o:g}", o) for o in options],
        value=value,
        description=description,
        continuous_update=False,
        layout=WIDE,
    )


def on_change(action: Callable[[], object], *controls: widgets.Widget) -> None:
    """Call ``action`` whenever the value of one of the controls changes."""
    for control in controls:
        control.observe(lambda _: action(), "value")


@contextlib.contextmanager
def together(*controls: widgets.Widget) -> Iterator[None]:
    """Set several controls before any of their observers, or the page, hears of it.

    A page that got a smaller limit before the value would send the limit back as the value.
    """
    with contextlib.ExitStack() as held:
        for control in controls:
            held.enter_context(control.hold_sync())
            held.enter_context(control.hold_trait_notifications())
        yield


def set_limit(control: widgets.IntSlider | widgets.BoundedIntText, most: int) -> None:
    """Give a control another largest value; a value beyond it becomes the largest."""
    control.max = most
    control.value = min(control.value, most)  # at once, even where observers wait


def picture_menu(description: str, value: str, first: Sequence[str] = ()) -> widgets.Dropdown:
    """A menu of the bundled pictures, and the file ``value`` if that is a path.

    Args:
        first: the names that stand before the others.

    Raises:
        CourseError: the file cannot be opened.
    """
    names = sorted(bundled_images(), key=lambda name: name not in first)
    options = [(name.replace("_", " "), name) for name in names]
    if not isinstance(value, str) or value not in bundled_images():
        load_image(value, 16)  # raises the error here, before the lab is built
        options.append((Path(value).name, value))
    return widgets.Dropdown(options=options, value=value, description=description, layout=WIDE)


def artwork_menu(description: str, value: str) -> widgets.Dropdown:
    """A `picture_menu` in which the artworks stand first."""
    return picture_menu(description, value, FAST_STYLES)


def size_menu(size: int, sizes: Sequence[int]) -> widgets.Dropdown:
    """A menu of sizes in pixels, to which the given one belongs."""
    check_count("size", size)
    options = [(f"{side} px", side) for side in sorted({*sizes, size})]
    return widgets.Dropdown(options=options, value=size, description="Size", layout=WIDE)


def choose_upload(menu: widgets.Dropdown, name: str, content: bytes) -> None:
    """Add an uploaded picture to a `picture_menu`, and choose it.

    Raises:
        CourseError: it is not a picture that can be used.
        OSError: it cannot be stored.
    """
    path = store_upload(name, content)
    menu.options = [(path.name, str(path)), *menu.options]  # which chooses the first of them


def picture_upload(
    description: str, menu: widgets.Dropdown, tell: Callable[[str], None]
) -> PhotoUpload:
    """A button that adds a picture of the reader's own to a `picture_menu`.

    Args:
        description: text of the button.
        menu: to which the picture is added.
        tell: called with a sentence if a picture cannot be used.
    """

    def take(name: str, content: bytes) -> None:
        try:
            choose_upload(menu, name, content)
        except (CourseError, OSError, ValueError) as error:
            tell(str(error))

    return PhotoUpload(description, take, tell)


def chosen_picture(menu: widgets.Dropdown) -> str:
    """The picture chosen in a `picture_menu`, as a small HTML image."""
    alt = f"{menu.description.lower()}: {menu.label}"
    picture = to_pil(load_image(menu.value, THUMBNAIL[0]))
    picture.thumbnail(THUMBNAIL)
    return img(jpeg(picture), "jpeg", alt)
